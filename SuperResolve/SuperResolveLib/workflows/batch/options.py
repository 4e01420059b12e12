"""What is asked of a scan of a cohort: the options of ``super-resolve`` and ``estimate``, also as texts of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...data.geometry import AXIS_NAMES, AxisName
from ...device import check_device
from ...errors import InputError
from ...estimation.registry import ESTIMATORS
from ...image_io.profile_table import parse_profile
from ...image_io.volumes import WRITTEN_ENDINGS
from ...methods.method import COMBINATIONS, Combination
from ...methods.registry import METHODS
from ...registry import AUTO, Registry
from ..models import load_model

#: The ending of volumes unless told.
ENDING = ".nii.gz"
#: In-plane voxel in mm with which a profile is tried before the run: of any scan, its width is plausible.
_TRIED_VOXEL = 0.1


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What is asked of a scan.

    Attributes:
        estimate_only: whether its slice profile is estimated and it is not super-resolved; ``method`` is then one of
            estimation.
        profile: ``gaussian:MM``, ``rect:MM`` or the path of a table; ``None`` estimates it.
        residual, uncertainty: whether these volumes are written too.
        keep_type: whether integers are written where the scan holds integers.
        fill_nonfinite: replaces voxels that are NaN or infinite.
        ending: of volumes, which chooses their format.
        method, preset, model, axis, spacing, like, combine, consistent, device, seed, acquired_resolution, prior: as
            the arguments of :func:`~SuperResolveLib.workflows.super_resolve.super_resolve`; ``model`` and ``like`` are
            paths.
    """

    estimate_only: bool = False
    method: str = AUTO
    preset: str | None = None
    profile: str | None = None
    model: Path | None = None
    axis: AxisName = "auto"
    spacing: float | None = None
    like: Path | None = None
    combine: Combination = "average"
    consistent: bool = True
    device: str = "auto"
    seed: int = 0
    acquired_resolution: tuple[float, ...] = ()
    prior: str | None = None
    residual: bool = False
    uncertainty: bool = False
    keep_type: bool = False
    fill_nonfinite: float | None = None
    ending: str = ENDING

    @property
    def registry(self) -> Registry[Any]:
        """What ``method`` chooses in."""
        return ESTIMATORS if self.estimate_only else METHODS

    @property
    def runs_on_torch(self) -> bool:
        """Whether torch computes, as far as is known before a scan is read."""
        if self.model is not None or (self.method == AUTO and not self.estimate_only):
            return True
        name = next(iter(self.registry)) if self.method == AUTO else self.method
        return self.registry.info(name).runs_on_torch(self.preset)

    def absolute(self) -> BatchOptions:
        """The same with paths that hold in every folder."""
        table = self.profile is not None and Path(self.profile).is_file()
        return replace(
            self,
            profile=str(Path(str(self.profile)).absolute()) if table else self.profile,
            model=None if self.model is None else self.model.absolute(),
            like=None if self.like is None else self.like.absolute(),
        )

    def check(self) -> None:
        """Refuse, before the run, what no scan can be done with.

        Raises:
            InputError: a name is not known, a file is missing, or two options contradict each other.
        """
        check_device(self.device)
        if self.ending not in WRITTEN_ENDINGS:
            raise InputError(f"volumes cannot be written as {self.ending!r}: choose {', '.join(WRITTEN_ENDINGS)}")
        if self.spacing is not None and self.like is not None:
            raise InputError("spacing and like both say where the output planes lie: give one of them")
        if self.model is not None and (self.method != AUTO or self.preset is not None):
            raise InputError("a model takes the place of method and preset: leave these out, or the model")
        if self.estimate_only:
            self._check_estimation()
        if self.method != AUTO or self.preset is not None:
            name = next(iter(self.registry)) if self.method == AUTO else self.method
            self.registry.info(name).preset(self.preset)
        if self.profile is not None:
            parse_profile(self.profile, _TRIED_VOXEL)
        if self.model is not None:
            load_model(self.model)
        if self.like is not None and not self.like.exists():
            raise InputError(f"there is no file or folder {self.like}: check the path")

    def _check_estimation(self) -> None:
        """Refuse what only super-resolution uses.

        Raises:
            InputError: naming it.
        """
        unused = ("profile", "model", "spacing", "like", "combine", "consistent", "residual", "uncertainty")
        usual = BatchOptions()
        given = next((name for name in unused if getattr(self, name) != getattr(usual, name)), None)
        if given is not None:
            raise InputError(f"{given} is of super-resolution, and the profile is only estimated: leave it out")


def with_texts(options: BatchOptions, texts: Mapping[str, str], folder: Path) -> BatchOptions:
    """The options with what texts say in their place; an empty text says nothing.

    Args:
        options: for all scans.
        texts: by the names in :data:`COLUMNS`.
        folder: what paths are relative to.

    Raises:
        InputError: a text does not fit its option.
    """
    changed: dict[str, Any] = {}
    for name, text in texts.items():
        if text:
            try:
                changed[name] = COLUMNS[name](text)
            except ValueError as error:
                reason = str(error) if isinstance(error, InputError) else f"it does not fit {name}"
                raise InputError(f"{text!r} cannot be used for {name}: {reason}") from error
    for name in ("model", "like"):
        if name in changed:
            changed[name] = folder / changed[name]
    if "profile" in changed and (folder / changed["profile"]).is_file():
        changed["profile"] = str(folder / changed["profile"])
    return replace(options, **changed)


def _yes_or_no(text: str) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in known:
        raise InputError("say yes or no")
    return known[text.lower()]


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise InputError(f"choose one of {', '.join(choices)}")
        return text

    return parse


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


#: The columns of a list that are options, and what reads their texts.
COLUMNS: dict[str, Callable[[str], Any]] = {
    "estimate_only": _yes_or_no,
    "method": str,
    "preset": str,
    "profile": str,
    "model": Path,
    "axis": _one_of("auto", *AXIS_NAMES),
    "spacing": float,
    "like": Path,
    "combine": _one_of(*COMBINATIONS),
    "consistent": _yes_or_no,
    "device": str,
    "seed": int,
    "acquired_resolution": _numbers,
    "prior": str,
    "residual": _yes_or_no,
    "uncertainty": _yes_or_no,
    "keep_type": _yes_or_no,
    "fill_nonfinite": float,
    "ending": str,
}
