"""Which volumes are thin enough to be the truth along an axis."""

from __future__ import annotations

from collections.abc import Sequence

#: Voxels that are longer than this along an axis, beside the shortest, are thick along it: nothing sharp is there.
MOST_ANISOTROPIC = 1.5


def thin_axes(spacing: Sequence[float]) -> list[int]:
    """The axes along which voxels of that size in mm are thin."""
    return [axis for axis, size in enumerate(spacing) if size <= MOST_ANISOTROPIC * min(spacing)]


def is_thin(spacing: Sequence[float]) -> bool:
    """Whether they are along all axes."""
    return len(thin_axes(spacing)) == len(spacing)
