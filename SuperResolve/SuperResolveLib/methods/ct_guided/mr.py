"""Which scans of MR the method can learn from."""

from __future__ import annotations

import numpy as np

from ...data.volume import Volume
from ...errors import InputError
from ...training.thin import is_thin

#: The fewest slices and pixels of a side that a scan must have, and planes that a thin volume must.
FEWEST_SLICES, FEWEST_PIXELS, FEWEST_PLANES = 8, 32, 40


def through_plane_axis(spacing: tuple[float, float, float]) -> int:
    """The axis of the largest spacing; of several alike, the last."""
    sizes = np.asarray(spacing)
    return int(np.flatnonzero(sizes > sizes.max() * (1 - 1e-3))[-1])


def ratio_of(spacing: tuple[float, float, float]) -> float | None:
    """Slice spacing over in-plane voxel; ``None`` of a thin volume."""
    if is_thin(spacing):
        return None
    ordered = sorted(spacing)
    return ordered[2] / ordered[0]


def check_mr(volume: Volume) -> None:
    """Refuse a scan of too few slices, or of tiny ones.

    Raises:
        InputError: in one sentence that begins with "it ".
    """
    axis = through_plane_axis(volume.spacing)
    slices, across = volume.shape[axis], [size for each, size in enumerate(volume.shape) if each != axis]
    fewest = FEWEST_PLANES if is_thin(volume.spacing) else FEWEST_SLICES
    if slices < fewest or min(across) < FEWEST_PIXELS:
        raise InputError(
            f"it has {slices} slices of {across[0]} x {across[1]} pixels, and at least {fewest} of {FEWEST_PIXELS} x "
            f"{FEWEST_PIXELS} are needed"
        )
