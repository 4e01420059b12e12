"""What is asked of training: its names checked, and its scans found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..methods.trainable import Trainable, TrainableInfo
from ..methods.trainables import TRAINABLES
from ..model import Model
from ..progress import ProgressCallback
from .features import NONE, usual_source
from .training_options import check_options, given

if TYPE_CHECKING:
    from ..training.collection import Collection

Sources = Sequence[Path]
#: The option that has a usual value which depends on what is installed.
FEATURES = "features"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to train, on what and for how long.

    Attributes:
        method: a name in :data:`~SuperResolveLib.methods.trainables.TRAINABLES`.
        sources: files, folders, patterns and lists of scans.
        synthetic: volumes of synthetic anatomy to learn from, beside the scans.
        validate: share of the subjects that is held out for validation, or sources of other scans; 0 for none.
        preset, network: of the method; ``None`` for its default.
        stages: which of its stages to run, in order; empty for all.
        from_model: a model whose network training starts from.
        hours: how long to train; ``None`` for as many iterations as are told.
        iterations: in all, shared among the stages as in the preset; ``None`` for the preset's.
        ratios: range of slice spacing over voxel that is to be learned; ``None`` for the preset's.
        options: what only this method has: for ``xuan`` ``keep_synthesis``, a folder for the synthesised volumes; for
            ``soup`` the ``kind`` of slices (``"thick"``, ``"thin"``, ``"gaussian:MM"``, a table's path, or a profile),
            the ``mixing`` of scales (``"parameters"`` or ``"outputs"``) and the source of ``features``
            (:mod:`~SuperResolveLib.workflows.features`), by default of an installed package, if there is one; for
            ``ct-guided`` ``ct`` (a folder, or a collection), ``ct_window`` (two numbers in HU), ``kind``,
            ``features``, ``keep_translations``, a folder, and ``export_translation``, a file.
        device: where to compute.
        devices: how many processes, on as many graphics cards, share every batch.
        seed: of everything random.
        work: folder for checkpoints, metrics and the learning curve; ``None`` keeps none.
        resume: whether to go on from the checkpoint in it.
        checkpoint_minutes: time between checkpoints.
    """

    method: str
    sources: Sources = ()
    synthetic: int = 0
    validate: float | Sources = 0.2
    preset: str | None = None
    network: str | None = None
    stages: tuple[str, ...] = ()
    from_model: Model | None = None
    hours: float | None = None
    iterations: int | None = None
    ratios: tuple[float, float] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    devices: int = 1
    seed: int = 0
    work: Path | None = None
    resume: bool = False
    checkpoint_minutes: float = 10.0


def ratios_of(text: str) -> tuple[float, float]:
    """The range of ratios that a text stands for: two numbers as in ``2-6``, or one for both.

    Raises:
        InputError: it stands for none.
    """
    first, _, last = text.partition("-")
    try:
        low, high = float(first), float(last or first)
    except ValueError:
        raise InputError(f"{text!r} is no range of ratios: give two numbers, as in 2-6") from None
    if not 1 <= low <= high <= 100:
        raise InputError(f"{text} is no range of ratios: give two numbers from 1 to 100, the smaller first")
    return low, high


@dataclass(frozen=True)
class Plan:
    """A request's names, checked.

    Attributes:
        trainable: the method.
        info: what it declares.
        preset, network, stages: of its own.
        skipped: sentences about stages that are not run for want of what they need.
    """

    trainable: type[Trainable]
    info: TrainableInfo
    preset: str
    network: str
    stages: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def shared(self, iterations: int | None) -> dict[str, int]:
        """Iterations of each stage: the preset's, or so many in all in the same proportion."""
        own = self.trainable.iterations(self.preset, self.network)
        own = {name: count for name, count in own.items() if name in self.stages}
        if iterations is None:
            return own
        total = sum(own.values())
        return {name: max(1, round(iterations * count / total)) for name, count in own.items()}


def with_usual_features(request: Request) -> Request:
    """The request with the features of an installed package, if there is one, where it names none and compares some."""
    info = TRAINABLES[request.method].info
    if not set(request.stages or info.stages) & set(info.compares) or request.options.get(FEATURES) is not None:
        return request
    source = usual_source()
    return request if source == NONE else replace(request, options={**request.options, FEATURES: source})


def checked(request: Request) -> Plan:
    """The plan of a request.

    Raises:
        InputError: a name is not known, or requests contradict each other.
    """
    trainable = TRAINABLES[request.method]
    info = trainable.info
    if request.hours is not None and request.iterations is not None:
        raise InputError("--hours and --iterations both say how long to train: give one of them")
    if request.hours is not None and not 0 < request.hours <= 10_000:
        raise InputError(f"{request.hours:g} hours are no time to train for: give more than 0")
    if request.iterations is not None and request.iterations < 1:
        raise InputError(f"{request.iterations} iterations train nothing: give 1 or more")
    if not request.sources and not request.synthetic:
        raise InputError("there is nothing to learn from: give scans, or --synthetic N for synthetic anatomy")
    if request.resume and request.work is None:
        raise InputError("there is no work folder to resume from: give it by --work")
    foreign = [name for name in request.options if name not in info.options]
    if foreign:
        raise InputError(f"{info.name} has no option --{foreign[0].replace('_', '-')}: leave it out")
    check_options(request.options)
    network = request.network or info.networks[0]
    if network not in info.networks:
        raise InputError(f"{info.name} has no network {network!r}: choose one of {', '.join(info.networks)}")
    missing = next((name for name in info.requires if name not in given(request.options)), None)
    if missing is not None:
        raise InputError(f"{info.name} needs {info.requires[missing]}: name them by --{missing.replace('_', '-')}")
    lacking = {stage: option for stage, option in info.needs.items() if option not in given(request.options)}
    preset = info.preset(request.preset)
    own = [name for name in info.stages if name in trainable.iterations(preset, network)]
    stages = request.stages or tuple(name for name in own if name not in lacking)
    unknown = [name for name in stages if name not in own]
    if unknown:
        raise InputError(
            f"{info.name} has no stage {unknown[0]!r} with the network {network} and the preset {preset}: its stages "
            f"are {', '.join(own)}"
        )
    if tuple(stages) != tuple(name for name in info.stages if name in stages):
        raise InputError(f"stages are run in their order: give {','.join(n for n in info.stages if n in stages)}")
    impossible = next((name for name in stages if name in lacking), None)
    if impossible is not None:
        raise InputError(f"the stage {impossible} needs --{lacking[impossible]}: give it, or leave out the stage")
    for option, stage in info.writes.items():
        if option in given(request.options) and stage not in stages:
            told = option.replace("_", "-")
            raise InputError(f"there is nothing to write for --{told} without the stage {stage}: leave one out")
    skipped = tuple(
        f"the stage {stage} was skipped: {_why(option, request)}"
        for stage, option in lacking.items()
        if not request.stages
    )
    return Plan(trainable, info, preset, network, tuple(stages), skipped)


def _why(option: str, request: Request) -> str:
    """Why there is nothing for an option."""
    if request.options.get(option) == NONE:
        return f"--{option} {NONE} leaves it out"
    return f"no --{option} were named, and no package with some is installed"


@dataclass(frozen=True)
class Collections:
    """What is learned from, and what is validated on.

    Attributes:
        training, validation: the two; no subject is in both.
        left_out: sentences about scans that cannot serve.
    """

    training: Collection
    validation: Collection
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, request: Request, progress: ProgressCallback) -> Collections:
        """Find the scans of a request.

        Raises:
            InputError: none can serve.
        """
        from ..training.collection import synthetic_collection
        from ..training.find_scans import find_scans

        check = TRAINABLES[request.method].check
        parts: list[Collection] = []
        left_out: tuple[str, ...] = ()
        validation: Collection | None = None
        if request.sources:
            found = find_scans(request.sources, check, progress)
            left_out = found.left_out
            if isinstance(request.validate, float | int) and request.validate > 0:
                found, validation = found.split(float(request.validate), request.seed)
            parts.append(found)
        if request.synthetic:
            drawn = synthetic_collection(request.synthetic, request.seed)
            if not parts and isinstance(request.validate, float | int) and request.validate > 0:
                validation = synthetic_collection(max(1, round(request.synthetic * request.validate)), request.seed + 1)
            parts.append(drawn)
        if not isinstance(request.validate, float | int):
            validation = find_scans(request.validate, check, progress)
            left_out += validation.left_out
        training = parts[0] if len(parts) == 1 else parts[0].joined(parts[1])
        return cls(training, validation if validation is not None else training.part([]), left_out)
