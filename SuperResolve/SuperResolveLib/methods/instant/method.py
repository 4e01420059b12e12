"""``instant`` as the registry knows it: the network that comes with this program, applied to the scan."""

from __future__ import annotations

from typing import ClassVar

from ...physics.problem import Problem
from ...progress import ProgressCallback
from ..learned import Learned
from ..method import MethodInfo, MethodSettings, Restoration


class Instant:
    """One network for all scans, which has learned from synthetic anatomy ahead of time, restores in seconds.

    Args:
        settings: with the ``model``; ``preset`` and ``uncertainty`` mean nothing to it.
    """

    info: ClassVar[MethodInfo] = MethodInfo(
        name="instant",
        title="Instant (learned ahead, from no one's scans)",
        summary="A network that has learned from synthetic anatomy, for any ratio and profile. Takes seconds.",
        learns_from="synthetic anatomy",
        needs_torch=True,
        combines=True,
        cost=25.0,
        operator="profile",
        ships=True,
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """What the network makes of the scan, on the planes of the answer.

        Raises:
            InputError: torch or the device is not there.
        """
        assert self.settings.model is not None
        return Learned(self.settings.model, self.settings).restore(problem, progress)
