"""What methods and models reach on volumes of the user's own: simulated scans, restored and compared with the truth."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AXIS_NAMES, slice_geometry
from ..data.volume import Volume
from ..errors import InputError
from ..methods.learned import info_of
from ..methods.method import MethodInfo
from ..methods.registry import METHODS
from ..metrics.image_quality import Mask, aligned, compare_aligned, head_mask, inside_field_of_view
from ..metrics.sharpness import sharpness
from ..model import Model
from ..physics.profile import SliceProfile
from ..physics.simulation import simulate
from ..progress import ProgressCallback, part_of, silent
from ..registry import AUTO
from .compare import FeatureDistance, LooksDifferent, feature_distance
from .plausibility import check_profile, check_ratio
from .super_resolve import device_of, super_resolve

#: What is evaluated where nothing is named.
USUAL = ("bspline", "tikhonov", "smore")
#: The cost of a comparison, as of methods: seconds of a processor core for a million voxels.
COMPARISON_COST = 5.0

Axis = Literal["i", "j", "k"]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """What a method or model reaches on a volume, or on average.

    Attributes:
        volume: its name; ``"mean"`` for the average over all.
        method: what restored it: a method, with its preset after a colon where there are presets, or a model's name.
        psnr, ssim, rmse, hfen: as of :class:`~SuperResolveLib.metrics.image_quality.Comparison`.
        sharpness: along the through-plane axis, relative to the truth.
        looks: how different it looks from the truth; ``None`` where features were not asked for.
        seconds, cpu_seconds: wall time of restoring, and processor time.
    """

    volume: str
    method: str
    psnr: float
    ssim: float
    rmse: float
    hfen: float
    sharpness: float
    looks: float | None
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, eq=False)
class Section:
    """A through-plane image through the middle of the first volume.

    Attributes:
        title: what it is of.
        image: through-plane axis first, shape (planes, width); of the scan its slices.
        voxel: sizes of its pixels along the two axes in mm.
    """

    title: str
    image: Image
    voxel: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What :func:`evaluate` found.

    Attributes:
        scores: of every volume and method, volume by volume.
        sections: of the first volume: of the truth, of the scan, and of every result.
        looks: the name of the distance in ``Score.looks``; ``None`` without features.
        features: the features' ``name`` and ``hash``; ``None`` without.
        profile, ratio, axis: how the scans were simulated.
        device, seed: how they were restored.
        seconds: wall time of all.
        warnings: what to know of the figures, a sentence each.
    """

    scores: tuple[Score, ...]
    sections: tuple[Section, ...]
    looks: str | None
    features: dict[str, str] | None
    profile: SliceProfile
    ratio: float
    axis: Axis
    device: str
    seed: int
    seconds: float
    warnings: tuple[str, ...]

    @property
    def means(self) -> tuple[Score, ...]:
        """Of every method over the volumes."""
        methods = dict.fromkeys(score.method for score in self.scores)
        return tuple(_mean(method, [score for score in self.scores if score.method == method]) for method in methods)


@dataclass(frozen=True)
class _Restorer:
    """A method with its preset, or a model."""

    name: str
    info: MethodInfo
    preset: str | None
    model: Model | None = None

    def cost(self, device: str) -> float:
        return self.info.cost_of(self.preset, device_of(self.info.engine(self.preset, device) == "torch", device))


def evaluate(
    volumes: Mapping[str, Volume],
    profile: SliceProfile,
    ratio: float,
    axis: Axis = "k",
    methods: Sequence[str] = (),
    models: Mapping[str, Model] | None = None,
    mask: Literal["auto"] | None = "auto",
    features: str | None = None,
    heads: Path | None = None,
    device: str = "auto",
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> Evaluation:
    """Simulate a scan of every volume, restore it by methods and models that are told the profile, and compare.

    Compared is where the scan reaches: up to half a slice spacing beyond its outermost slices.

    Args:
        volumes: high-resolution volumes by name.
        profile: the slice profile of the simulated scans.
        ratio: separation ratio: the distance between slices in planes of the volume.
        axis: the through-plane axis.
        methods: names of methods, each with a preset after a colon where it is not the first: ``"smore:quick"``.
            Those of :data:`USUAL` where neither methods nor models are given.
        models: models by the name that the table gives them.
        mask: where to compare: ``"auto"`` for the head, which is found in the volume, or ``None`` for everywhere.
        features: source of features by which results are compared with the truth, too, as in
            :mod:`~SuperResolveLib.workflows.features`.
        heads: a file with LPIPS's heads; ``None`` for those of the package ``lpips`` where it is installed.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``, for methods that compute on one.
        seed: random seed.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: there is no volume or method of that name, a scan of these volumes cannot be simulated or restored,
            or there is nothing to compare.
        Cancelled: raised by ``progress``.
    """
    started = time.perf_counter()
    restorers = _restorers(methods, models or {})
    if not volumes:
        raise InputError("there is no volume to evaluate on: give one at least")
    warnings = [sentence for volume in volumes.values() for sentence in _checked(volume, profile, ratio, axis)]
    used_device = _device(restorers, features, device)
    distance = None if features is None else feature_distance(features, heads, device)
    scores: list[Score] = []
    sections: list[Section] = []
    for number, (name, truth) in enumerate(volumes.items()):
        told = part_of(progress, number / len(volumes), (number + 1) / len(volumes))
        case = _Case.of(name, truth, simulate(truth, profile, ratio, axis), mask, axis, ratio)
        for restorer, part in zip(restorers, _parts(told, restorers, device), strict=True):
            score, section, found = _scored(case, restorer, profile, distance, device, seed, part)
            scores.append(score)
            warnings += [*found]
            if number == 0:
                sections = [*(sections or case.sections), section]
    return Evaluation(
        scores=tuple(scores),
        sections=tuple(sections),
        looks=None if distance is None else distance.name,
        features=None if distance is None else distance.features,
        profile=profile,
        ratio=ratio,
        axis=axis,
        device=used_device,
        seed=seed,
        seconds=time.perf_counter() - started,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _restorers(methods: Sequence[str], models: Mapping[str, Model]) -> list[_Restorer]:
    """What is to be evaluated, by names that differ.

    Raises:
        InputError: there is no such method or preset, or two have one name.
    """
    restorers = []
    for text in methods or (() if models else USUAL):
        name, _, wanted = text.partition(":")
        info = METHODS[name].info
        preset = info.preset(wanted or None)
        restorers.append(_Restorer(f"{name}:{preset}" if preset else name, info, preset or None))
    restorers += [_Restorer(name, info_of(model), None, model) for name, model in models.items()]
    names = [restorer.name for restorer in restorers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice: name each method and model once")
    return restorers


def _device(restorers: Sequence[_Restorer], features: str | None, name: str) -> str:
    """Where is computed.

    Raises:
        InputError: the device is not there, or a graphics card is named that nothing would use.
    """
    on_torch = features is not None or any(each.info.runs_on_torch(each.preset) for each in restorers)
    if name in ("cuda", "mps") and not on_torch:
        names = ", ".join(restorer.name for restorer in restorers)
        raise InputError(f"{names} compute on the processor alone: leave out the device {name!r}")
    engines = [each.info.engine(each.preset, name) for each in restorers]
    return device_of(features is not None or "torch" in engines, name)


def _checked(volume: Volume, profile: SliceProfile, ratio: float, axis: Axis) -> tuple[str, ...]:
    """Refuse, before the long run, what cannot be simulated; and what is to be known of it."""
    geometry = slice_geometry(volume, axis)
    check_ratio(geometry.slice_count, ratio)
    return volume.warnings + check_profile(profile, ratio * geometry.slice_spacing, geometry.slice_spacing)


def _parts(progress: ProgressCallback, restorers: Sequence[_Restorer], device: str) -> list[ProgressCallback]:
    """The shares of a volume's run, by cost."""
    ends = np.cumsum([0.0, *(restorer.cost(device) + COMPARISON_COST for restorer in restorers)])
    return [part_of(progress, float(a / ends[-1]), float(b / ends[-1])) for a, b in pairwise(ends)]


@dataclass(frozen=True, eq=False)
class _Case:
    """A volume with its simulated scan, and where results are compared."""

    name: str
    truth: Volume
    scan: Volume
    mask: Mask
    axis: Axis
    ratio: float

    @classmethod
    def of(
        cls, name: str, truth: Volume, scan: Volume, mask: Literal["auto"] | None, axis: Axis, ratio: float
    ) -> _Case:
        inside = np.ones(truth.shape, dtype=bool) if mask is None else head_mask(truth)
        return cls(name, truth, scan, inside & inside_field_of_view(truth, scan), axis, ratio)

    @property
    def sections(self) -> list[Section]:
        """Of the truth and of the scan."""
        return [self.section("truth", self.truth), self.section("scan", self.scan)]

    def section(self, title: str, volume: Volume) -> Section:
        """Of a volume of the truth's or the scan's grid, through the middle of what is compared."""
        axis = AXIS_NAMES.index(self.axis)
        across, along = (each for each in range(3) if each != axis)
        held = np.flatnonzero(self.mask.any(axis=tuple(each for each in range(3) if each != across)))
        image = volume.data.take(int(held[len(held) // 2]), axis=across)
        turned = image if axis < along else image.T
        return Section(title, np.ascontiguousarray(turned), (volume.spacing[axis], volume.spacing[along]))


def _scored(
    case: _Case,
    restorer: _Restorer,
    profile: SliceProfile,
    distance: FeatureDistance | None,
    device: str,
    seed: int,
    progress: ProgressCallback,
) -> tuple[Score, Section, tuple[str, ...]]:
    """Restore a scan and compare the result; what is to be known of it beside."""
    share = restorer.cost(device) / (restorer.cost(device) + COMPARISON_COST)
    cpu = time.process_time()
    result = super_resolve(
        case.scan,
        profile,
        AUTO if restorer.model is not None else restorer.info.name,
        restorer.preset,
        axis=case.axis,
        like=case.truth,
        device=restorer.info.usable_device(restorer.preset, device),
        seed=seed,
        model=restorer.model,
        progress=part_of(progress, 0.0, share),
    )
    cpu = time.process_time() - cpu
    images = aligned(case.truth, result, case.mask)
    comparison = compare_aligned(images)
    looks: LooksDifferent | None = None
    if distance is not None:
        looks = distance.of(images, part_of(progress, share, 1.0))
    progress(1.0, "comparing with the truth")
    score = Score(
        case.name,
        restorer.name,
        comparison.psnr,
        comparison.ssim,
        comparison.rmse,
        comparison.hfen,
        sharpness(*images.boxed, case.ratio)[case.axis],
        None if looks is None else looks.value,
        result.seconds,
        cpu,
    )
    return score, case.section(restorer.name, result), (*result.warnings, *comparison.warnings)


def _mean(method: str, scores: Sequence[Score]) -> Score:
    """Of the scores of one method."""
    figures = [{key: value for key, value in asdict(score).items() if isinstance(value, float)} for score in scores]
    means: dict[str, Any] = {key: float(np.mean([each[key] for each in figures])) for key in figures[0]}
    return replace(scores[0], volume="mean", **means)
