"""What a volume's voxels themselves say against using it as a scan: slices that are blank, and labels."""

from __future__ import annotations

import numpy as np

from ..data.geometry import AXIS_NAMES, SMALLEST_RATIO, slice_geometry
from ..data.volume import Volume

#: The most different values of what counts as labels; a scan's noise alone has more.
MOST_LABELS = 20
#: How many voxels are looked at before all are.
_SAMPLE = 200_000
#: How many slices are named.
_NAMED = 6


def voxel_warnings(volume: Volume) -> tuple[str, ...]:
    """Warnings of what the voxels show, a sentence each."""
    return blank_slices(volume) + few_values(volume)


def blank_slices(volume: Volume) -> tuple[str, ...]:
    """A warning that names the slices, along the axis of the largest spacing, whose voxels are all equal.

    In an isotropic volume blank ends are a margin and are not told; nor is a volume that is blank as a whole.
    """
    geometry = slice_geometry(volume)
    in_plane = geometry.in_plane_axes
    lowest, highest = volume.data.min(axis=in_plane), volume.data.max(axis=in_plane)
    filled = np.flatnonzero(lowest < highest)
    blank = np.flatnonzero(lowest == highest)
    if geometry.separation_ratio < SMALLEST_RATIO and filled.size:
        blank = blank[(blank > filled[0]) & (blank < filled[-1])]
    if not (blank.size and filled.size):
        return ()
    numbers = ", ".join(str(index + 1) for index in blank[:_NAMED])
    more = f" and {blank.size - _NAMED} more" if blank.size > _NAMED else ""
    values = np.unique(lowest[blank])
    value = f"all {values[0]:g}" if values.size == 1 else "a single value each"
    where = f"of {geometry.slice_count} along axis {AXIS_NAMES[geometry.axis]}"
    subject = f"slice {numbers} {where} is" if blank.size == 1 else f"slices {numbers}{more} {where} are"
    return (f"{subject} blank ({value}), and so is the result there",)


def few_values(volume: Volume) -> tuple[str, ...]:
    """A warning if the voxels are a few different whole numbers, as in a label map or a mask."""
    flat = volume.data.reshape(-1)
    for step in (max(1, flat.size // _SAMPLE) | 1, 1):  # an odd step runs through all columns
        values = np.unique(flat[::step])
        if values.size > MOST_LABELS or (values % 1 != 0).any():
            return ()
    if values.size == 1:
        return ()
    return (
        f"the voxels are {values.size} different whole numbers, as in a label map or a mask: labels do not interpolate",
    )
