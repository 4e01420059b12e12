"""TSCN as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...physics.problem import Problem
from ...progress import ProgressCallback
from ...registry import Preset, import_with_torch
from ..method import MethodInfo, MethodSettings, Restoration


class Tscn:
    """A network learns in two stages to give the slice between two others (Lu et al., MICCAI 2021)."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="tscn",
        title="TSCN (learned from the scan, to compare with)",
        summary="A network learns from the scan alone to give the slice between two others, which doubles the slices "
        "again and again and leaves them as thick as they are (Lu et al., MICCAI 2021).",
        learns_from="the scan",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "A small network, which learns from slices as thick as the scan's.", cost=300.0),
            Preset(
                "paper",
                "as published",
                "A residual dense network of its published size: a day on a graphics card.",
                cost=1e7,
            ),
        ),
        operator="select",
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """Learn from the scan, then apply what was learned to it."""
        implementation = import_with_torch(f"{__package__}.super_resolve")
        restoration: Restoration = implementation.super_resolve(problem, self.settings, progress)
        return restoration
