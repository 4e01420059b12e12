"""What a volume must be for a network to learn from it what thick slices hide."""

from __future__ import annotations

from ..data.volume import Volume
from ..errors import InputError
from ..training.thin import MOST_ANISOTROPIC, is_thin

#: The fewest voxels that a volume must have along every axis.
FEWEST_VOXELS = 40


def check_thin_volume(volume: Volume) -> None:
    """Refuse a volume that has thick slices itself, or is small.

    Raises:
        InputError: in one sentence that begins with "it ".
    """
    if not is_thin(volume.spacing):
        sizes = " x ".join(f"{value:.3g}" for value in volume.spacing)
        raise InputError(
            f"it has voxels of {sizes} mm, and thin volumes are needed to learn from: voxels no more than "
            f"{MOST_ANISOTROPIC} times as long along one axis as along another"
        )
    if min(volume.shape) < FEWEST_VOXELS:
        shape = " x ".join(str(size) for size in volume.shape)
        raise InputError(f"it has {shape} voxels, and at least {FEWEST_VOXELS} along every axis are needed")
