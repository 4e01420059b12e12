"""ZSSR as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...physics.problem import Problem
from ...progress import ProgressCallback
from ...registry import Preset, import_with_torch
from ..method import MethodInfo, MethodSettings, Restoration


class Zssr:
    """A small network learns on the interpolated scan (Shocher et al., CVPR 2018)."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="zssr",
        title="ZSSR (learned from the scan, to compare with)",
        summary="Eight convolutions learn from the scan's own slices what interpolation misses (Shocher et al., CVPR "
        "2018).",
        learns_from="the scan",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "A narrower network that learns from smaller crops.", cost=400.0),
            Preset("paper", "as published", "The published network and training: best on a graphics card.", cost=8e3),
        ),
        operator="profile",
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """Learn from the scan, then apply what was learned to it."""
        implementation = import_with_torch(f"{__package__}.super_resolve")
        restoration: Restoration = implementation.super_resolve(problem, self.settings, progress)
        return restoration
