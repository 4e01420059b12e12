"""The type in which intensities are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume


def written(volume: Volume, keep_type: bool, types: Sequence[np.dtype[Any]] | None = None) -> NDArray[Any]:
    """The voxels as they go into a file: float32, or the integers they came as.

    Args:
        volume: what is written.
        keep_type: round and clip to the stored type if that is an integer type.
        types: what the format can hold, narrower first; ``None``: everything.
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


def _inside(limit: int) -> float:
    """The float64 nearest to a limit that does not exceed it: 2^63 - 1 is none itself."""
    nearest = float(limit)
    return nearest if abs(nearest) <= abs(limit) else float(np.nextafter(nearest, 0.0))
