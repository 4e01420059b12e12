"""What a way to estimate a slice profile is: what it declares about itself, how it is set, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from ..data.geometry import SliceGeometry
from ..data.volume import Volume
from ..progress import ProgressCallback
from ..registry import Info
from .result import EstimatedProfile


@dataclass(frozen=True)
class PriorInfo:
    """What is told of a prior on profiles.

    Attributes:
        name: as it is typed.
        title: for people.
        summary: what it takes for probable, in a sentence.
    """

    name: str
    title: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class EstimatorInfo(Info):
    """What an estimator declares about itself.

    Attributes:
        tells_prior_share: whether it knows how much of its answer is prior and not from the scan.
        priors: the priors that it can begin with, the default first and the one that takes least for granted last;
            empty where there is nothing to choose.
    """

    tells_prior_share: bool = False
    priors: tuple[PriorInfo, ...] = ()

    @property
    def tells(self) -> tuple[str, ...]:
        """What it tells beside its answer, in words."""
        return ("interval", "prior share") if self.tells_prior_share else ("interval",)

    @property
    def broadest_prior(self) -> str | None:
        """The prior that takes least for granted; ``None`` where there is nothing to choose."""
        return self.priors[-1].name if self.priors else None

    def prior(self, name: str | None) -> str:
        """The prior of that name, or the default; empty where there are none.

        Raises:
            InputError: there is none of that name.
        """
        return self.one_of("prior", [prior.name for prior in self.priors], name)


@dataclass(frozen=True)
class EstimatorSettings:
    """How to run an estimator.

    Attributes:
        preset: one of the estimator's, or empty where it has none.
        prior: likewise; empty also for its default.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: of everything random.
    """

    preset: str = ""
    prior: str = ""
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
