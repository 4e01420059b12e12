"""ZSSR as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...registry import Preset
from ..method import LearnsFromScan, MethodInfo


class Zssr(LearnsFromScan):
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
