"""What a way to estimate a slice profile is: what it declares about itself, how it is set, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from ..data.geometry import SliceGeometry
from ..data.volume import Volume
from ..progress import ProgressCallback
from ..registry import Info
from .result import EstimatedProfile


@dataclass(frozen=True, kw_only=True)
class EstimatorInfo(Info):
    """What an estimator declares about itself.

    Attributes:
        tells_prior_share: whether it knows how much of its answer is prior and not from the scan.
    """

    tells_prior_share: bool = False

    @property
    def tells(self) -> tuple[str, ...]:
        """What it tells beside its answer, in words."""
        return ("interval", "prior share") if self.tells_prior_share else ("interval",)


@dataclass(frozen=True)
class EstimatorSettings:
    """How to run an estimator.

    Attributes:
        preset: one of the estimator's, or empty where it has none.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: of everything random.
    """

    preset: str = ""
    device: str = "auto"
    seed: int = 0


class Estimator(Protocol):
    """A way to estimate a slice profile.

    Importing its class must not import torch; :meth:`estimate` may.
    """

    info: ClassVar[EstimatorInfo]

    def __init__(self, settings: EstimatorSettings) -> None:
        """Set it up; ``settings.preset`` is one of its own."""

    def estimate(self, scan: Volume, geometry: SliceGeometry, progress: ProgressCallback) -> EstimatedProfile:
        """The profile of a scan along the through-plane axis of ``geometry``.

        Raises:
            InputError: the scan or the settings cannot be used.
            Cancelled: raised by ``progress``.
        """
