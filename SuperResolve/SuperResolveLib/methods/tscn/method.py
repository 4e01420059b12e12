"""TSCN as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...registry import Preset
from ..method import LearnsFromScan, MethodInfo


class Tscn(LearnsFromScan):
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
