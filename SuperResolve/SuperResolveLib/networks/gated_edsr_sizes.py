"""Sizes of the network for scans of all protocols, for what must know them without torch."""

from __future__ import annotations

#: Fine planes of each slice, whatever the ratio.
FACTOR = 8
#: Numbers that tell of the acquisition.
TOLD = 3
#: Slices and pixels across of the mean that is taken away.
MEAN = 3, 9
#: Features between what is told and the factors.
HIDDEN = 16


def receptive_radius(depth: int) -> int:
    """How many pixels away a pixel of the answer sees through so many blocks."""
    return 2 * depth + 3 + MEAN[1] // 2
