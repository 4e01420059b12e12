"""What a method of super-resolution is: what it declares about itself, how it is set, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from ..physics.problem import OperatorKind, Problem
from ..progress import ProgressCallback
from ..registry import Info, import_with_torch
from .ensemble import Variances

Combination = Literal["average", "fba"]
COMBINATIONS: tuple[Combination, ...] = ("average", "fba")


@dataclass(frozen=True, kw_only=True)
class MethodInfo(Info):
    """What a method of super-resolution declares about itself.

    Attributes:
        tells_uncertainty: whether it can answer as an ensemble, from which its uncertainty follows.
        combines: whether it has results of several orientations, which ``settings.combine`` makes one.
        operator: by which operator its result is made consistent with the scan: the slice profile's, or one that only
            selects planes (for a method that changes the spacing and not the thickness); ``None`` leaves it as it is.
        ships: whether its model comes with this program, so that it is handed it in ``settings.model``.
    """

    tells_uncertainty: bool = False
    combines: bool = False
    operator: OperatorKind | None = None
    ships: bool = False

    @property
    def tells(self) -> tuple[str, ...]:
        """What it tells beside its answer, in words."""
        return ("uncertainty",) if self.tells_uncertainty else ()


@dataclass(frozen=True)
class MethodSettings:
    """How to run a method.

    Attributes:
        preset: one of the method's, or empty where it has none.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: of everything random.
        combine: how results of several orientations become one: their mean, or Fourier burst accumulation.
        uncertainty: whether to answer as an ensemble, from which the uncertainty follows.
        model: that comes with this program, for a method that restores by one.
        graph: the network of ``model`` as an ONNX file, for a run without torch.
    """

    preset: str = ""
    device: str = "auto"
    seed: int = 0
    combine: Combination = "average"
    uncertainty: bool = False
    model: Model | None = None
    graph: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Restoration:
    """What a method gives back.

    Attributes:
        data: the volume on the planes of the answer, float32, in the scan's intensity unit.
        variances: of the members of an ensemble, where the settings asked for one.
        notes: what the user should know of this run, a sentence each; they go into the report.
    """

    data: NDArray[np.float32]
    variances: Variances | None = None
    notes: tuple[str, ...] = ()


class Method(Protocol):
    """A way to super-resolve.

    Importing its class must not import torch; :meth:`restore` may.
    """

    info: ClassVar[MethodInfo]

    def __init__(self, settings: MethodSettings) -> None:
        """Set it up; ``settings.preset`` is one of its own."""

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """The volume on the planes of the answer.

        Raises:
            InputError: the scan, device or settings cannot be used.
            Cancelled: raised by ``progress``.
        """


class LearnsFromScan:
    """What a method that learns from the scan leaves to the module ``super_resolve`` beside it, which needs torch.

    Args:
        settings: how to learn.
    """

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """Learn from the scan, then apply what was learned to it."""
        package = type(self).__module__.rpartition(".")[0]
        restoration: Restoration = import_with_torch(f"{package}.super_resolve").super_resolve(
            problem, self.settings, progress
        )
        return restoration
