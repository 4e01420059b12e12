"""SMORE as the registry knows it; what it does is in :mod:`.super_resolve`, which needs torch."""

from __future__ import annotations

from typing import ClassVar

from ...registry import Preset
from ..method import LearnsFromScan, MethodInfo


class Smore(LearnsFromScan):
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
