"""What of a scan is image: the voxels within empty borders, such as those that padding leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .geometry import AXIS_NAMES, FEWEST_SLICES, SliceGeometry


def content_of(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """The voxels within empty borders, as a view: outermost planes of one and the same value are left out.

    A volume has the same content however wide an empty border is around it. One that is constant along two axes is all
    border, and is returned whole.
    """
    content, before = data, None
    while content.size and content.shape != before:
        before = content.shape
        for axis in range(3):
            content = _trimmed(content, axis)
    return content if content.size else data


def _trimmed(data: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """The volume without the outermost constant planes across one axis."""
    planes = np.moveaxis(data, axis, 0)
    first, end = 0, len(planes) if data.size else 0
    while first < end and np.ptp(planes[first]) == 0:
        first += 1
    while first < end and np.ptp(planes[end - 1]) == 0:
        end -= 1
    return np.moveaxis(planes[first:end], 0, axis)


def content_within(data: NDArray[np.float32], geometry: SliceGeometry) -> NDArray[np.float32]:
    """The content of a scan, checked for slices enough to learn from.

    Raises:
        InputError: fewer than 8 slices hold an image.
    """
    content = content_of(data)
    slices = content.shape[geometry.axis]
    if slices < FEWEST_SLICES:
        raise InputError(
            f"only {slices} of the scan's {geometry.slice_count} slices along axis {AXIS_NAMES[geometry.axis]} hold an "
            f"image, too few to learn from: give a scan with at least {FEWEST_SLICES}"
        )
    return content
