"""EDSSR, self super-resolution by EDSR: what Xuan et al. (arXiv 2003.12627, Table 1) compare with."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ...physics.problem import Problem
from ...progress import ProgressCallback
from ...registry import Preset, import_with_torch
from ..method import LearnsFromScan, MethodInfo, Restoration


class Edssr(LearnsFromScan):
    """EDSR learns from the scan's own slices, the results of both orientations are combined by Fourier burst
    accumulation, and nothing makes the answer consistent with the scan.
    """

    info: ClassVar[MethodInfo] = MethodInfo(
        name="edssr",
        title="EDSSR (learned from the scan, to compare with)",
        summary="EDSR learns from the scan's own slices; both orientations are combined by Fourier burst accumulation, "
        "without data consistency: what Xuan et al. (2020) compare with.",
        learns_from="the scan",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "The network and training of smore's fast.", cost=300.0),
            Preset(
                "paper",
                "as published",
                "EDSR at its published size, trained for long: a day or more on a graphics card.",
                cost=3e7,
            ),
        ),
    )

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """Learn from the scan, then apply what was learned to it."""
        presets = import_with_torch(f"{__package__}.edssr_presets").PRESETS
        implementation = import_with_torch(f"{__package__}.super_resolve")
        settings = replace(self.settings, combine="fba")
        restoration: Restoration = implementation.super_resolve(problem, settings, progress, presets)
        return restoration
