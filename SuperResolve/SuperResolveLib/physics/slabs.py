"""A volume slab by slab, so that what is computed on the way needs little memory.

What happens along the through-plane axis happens to each line alone; slabs are cut along an in-plane axis.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

#: A part of a volume along its three axes.
Part = tuple[slice, slice, slice]
WHOLE: Part = (slice(None), slice(None), slice(None))
#: About how many voxels a slab has.
VOXELS = 2**20


def slabs(shape: tuple[int, ...], axis: int) -> Iterator[Part]:
    """The parts of a volume of that shape, cut along an axis other than ``axis``."""
    across = 0 if axis != 0 else 1
    thick = max(1, VOXELS * shape[across] // max(1, int(np.prod(shape, dtype=np.int64))))
    for start in range(0, shape[across], thick):
        part = list(WHOLE)
        part[across] = slice(start, min(start + thick, shape[across]))
        yield part[0], part[1], part[2]


def sum_of_squares(volume: NDArray[np.floating]) -> float:
    """The sum of squares over a volume's voxels, in double precision."""
    parts = (volume[part].astype(np.float64) for part in slabs(volume.shape, 2))
    return float(sum(np.vdot(part, part) for part in parts))


def root_mean_square(volume: NDArray[np.floating]) -> float:
    """The root of the mean of squares over a volume's voxels, in double precision."""
    return float(np.sqrt(sum_of_squares(volume) / volume.size))
