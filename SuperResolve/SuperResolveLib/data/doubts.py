"""What in a scan's voxels makes its slice profile doubtful, a sentence each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .content import content_of
from .geometry import SliceGeometry
from .interleaving import odd_against_even
from .masking import background_is_masked
from .volume import Volume

#: Odd and even slices are compared in the middle of the scan: so many voxels across and slices are enough, and quick.
ACROSS, SLICES = 256, 64


def doubts_of(scan: Volume, geometry: SliceGeometry) -> tuple[str, ...]:
    """Warnings of a masked background, and of odd and even slices that do not match."""
    doubts = []
    if background_is_masked(scan.data, geometry.axis):
        doubts.append(
            "the background is masked, as by skull stripping, and the edge of the mask is taken for anatomy: do not "
            "trust the slice thickness, or give the scan as it was before"
        )
    differing = odd_against_even(_middle(np.moveaxis(content_of(scan.data), geometry.axis, 2)))
    moved = differing.moved_mm(geometry.in_plane_spacing)
    if moved > 0:
        doubts.append(
            f"neighbouring slices do not match: odd and even ones seem moved against each other by about {moved:.1f} "
            "mm, as by motion between interleaved passes; do not trust the slice thickness, and align them first"
        )
    if differing.brighter:
        doubts.append(
            f"odd and even slices differ in brightness by about {100 * abs(differing.brighter):.0f} %, as from "
            "interleaved passes: do not trust the slice thickness, and even them out first"
        )
    return tuple(doubts)


def _middle(slices: NDArray[np.float32]) -> NDArray[np.float32]:
    """The middle of an array of shape (rows, columns, slices)."""
    starts = [max(0, (size - most) // 2) for size, most in zip(slices.shape, (ACROSS, ACROSS, SLICES), strict=True)]
    rows, columns, through = starts
    return slices[rows : rows + ACROSS, columns : columns + ACROSS, through : through + SLICES]
