"""SMORE as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...physics.problem import Problem
from ...progress import ProgressCallback
from ...registry import Preset, import_with_torch
from ..method import MethodInfo, MethodSettings, Restoration


class Smore:
    """A network learns from the scan's own slices to undo its slice profile (Zhao et al., IEEE TMI 2020)."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="smore",
        title="SMORE (learned from the scan)",
        summary="A network learns from the scan's own slices to undo the profile (Zhao et al., IEEE TMI 2020).",
        learns_from="the scan",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "A network small enough for a processor.", cost=300.0),
            Preset("quick", "quick", "A smaller network that learns less: part of the gain, to try it out.", cost=60.0),
            Preset(
                "balanced",
                "balanced",
                "A larger network that learns for longer: many times as long, so better on a graphics card.",
                cost=3000.0,
            ),
            Preset(
                "paper",
                "as published",
                "The published network and training: days on a processor, so use it on a graphics card only.",
                cost=100_000.0,
            ),
        ),
        tells_uncertainty=True,
        combines=True,
        operator="profile",
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """Learn from the scan, then apply what was learned to it."""
        implementation = import_with_torch(f"{__package__}.super_resolve")
        restoration: Restoration = implementation.super_resolve(problem, self.settings, progress)
        return restoration
