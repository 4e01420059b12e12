"""Whether the background of a scan was masked, as by skull stripping, so that its edge is none of the anatomy's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

#: Least part of the volume that a masked background fills.
LEAST = 0.1
#: Least step in plane at the edge of the background, relative to the median distance of the inside from it. Air that a
#: scanner has set to zero ends in noise (0 to 0.2 in the scans seen), a mask in tissue (0.4 to 1).
STEP = 0.3


def background_is_masked(data: NDArray[np.float32], axis: int) -> bool:
    """Whether a background of exactly one value reaches the faces of a volume and ends in a step.

    Args:
        data: intensities, three axes.
        axis: the through-plane axis; steps are looked at in plane, where they are not blurred.
    """
    faces = np.concatenate([np.take(data, end, side).ravel() for side in range(3) for end in (0, -1)])
    values, counts = np.unique(faces, return_counts=True)
    value = values[int(np.argmax(counts))]
    flat = data == value
    if np.count_nonzero(flat) < LEAST * data.size:
        return False
    background = _reaching_the_faces(flat)
    if not LEAST <= np.count_nonzero(background) / data.size < 1:
        return False
    typical = float(np.median(np.abs(data[~background] - value)))
    steps = [_steps(data, background, side) - value for side in range(3) if side != axis]
    return all(each.size and float(np.median(np.abs(each))) > STEP * typical for each in steps)


def _reaching_the_faces(flat: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those parts of a mask that touch a face of the volume."""
    parts, count = ndimage.label(flat)
    touching = np.zeros(count + 1, dtype=bool)
    for side in range(3):
        for end in (0, -1):
            touching[np.unique(np.take(parts, end, side))] = True
    touching[0] = False
    return np.asarray(touching[parts])


def _steps(data: NDArray[np.float32], background: NDArray[np.bool_], side: int) -> NDArray[np.float32]:
    """The intensities beside the background along one axis."""
    lines, outside = np.moveaxis(data, side, 0), np.moveaxis(background, side, 0)
    up, down = outside[:-1] & ~outside[1:], outside[1:] & ~outside[:-1]
    return np.concatenate([lines[1:][up], lines[:-1][down]])
