"""Of which sizes the voxels are that a network learned from, as its card tells it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..model import Range


def voxel_range(spacings: Iterable[Iterable[float]]) -> Range:
    """The range of the voxel sizes of some scans in mm, rounded outwards to hundredths."""
    sizes = [size for spacing in spacings for size in spacing]
    return math.floor(min(sizes) * 100) / 100, math.ceil(max(sizes) * 100) / 100
