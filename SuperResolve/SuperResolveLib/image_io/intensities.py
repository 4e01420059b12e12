"""The number type in which intensities are written to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume

#: How many slices along the last axis become bytes at once.
SLICES_AT_ONCE = 8


def written(volume: Volume, keep_type: bool, types: Sequence[np.dtype[Any]] | None = None) -> NDArray[Any]:
    """The voxels of a volume as they are written: as float32, or as integers if they were read as such.

    Args:
        volume: the volume.
        keep_type: whether to round and clip to the stored type if that is an integer type.
        types: types that the format can hold, narrower ones first; ``None`` if it can hold all.
    """
    kind = volume.stored_type
    if not keep_type or kind.kind not in "iu":
        return volume.data.astype(np.float32, copy=False)
    limits = np.iinfo(kind)
    whole = np.rint(volume.data.astype(np.float64))
    integers = np.clip(whole, _inside(limits.min), _inside(limits.max)).astype(kind)
    if types is None or kind in types:
        return integers
    return integers.astype(next((wider for wider in types if np.can_cast(kind, wider)), np.dtype(np.float32)))


def stored_bytes(voxels: NDArray[Any], order: Literal["<", ">"]) -> Iterator[bytes]:
    """The bytes of voxels as formats store them, the first axis fastest, in byte order ``"<"`` or ``">"``; in parts, so
    that a large volume is not copied as a whole.
    """
    kind = voxels.dtype.newbyteorder(order)
    for start in range(0, voxels.shape[2], SLICES_AT_ONCE):
        yield voxels[:, :, start : start + SLICES_AT_ONCE].astype(kind, copy=False).tobytes(order="F")


def _inside(limit: int) -> float:
    """The float64 nearest to an integer that does not exceed it in magnitude: 2^63 - 1, for one, is not a float64."""
    nearest = float(limit)
    return nearest if abs(nearest) <= abs(limit) else float(np.nextafter(nearest, 0.0))
