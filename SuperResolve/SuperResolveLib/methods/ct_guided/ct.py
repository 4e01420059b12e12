"""CT as the method sees it: Hounsfield units, windowed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...data.intensity_range import intensity_range
from ...data.volume import Volume
from ...errors import InputError
from ...training.collection import SYNTHETIC
from ...training.thin import thin_axes

#: CT has air, of about -1000 HU, at least this low; what has not is no CT, or not in Hounsfield units.
AIR = -300.0
#: The fewest voxels along the two thin axes of an image.
FEWEST_VOXELS = 32


def check_ct(volume: Volume) -> None:
    """Refuse a volume that is not in Hounsfield units, or has no images of thin voxels.

    Raises:
        InputError: in one sentence that begins with "it ".
    """
    lowest = float(volume.data.min())
    if lowest > AIR:
        raise InputError(
            f"it is no CT in Hounsfield units: its lowest value is {lowest:g}, and air has about -1000; its rescale "
            "intercept may be lost"
        )
    long = [axis for axis in thin_axes(volume.spacing) if volume.shape[axis] >= FEWEST_VOXELS]
    if len(long) < 2:
        sizes, shape = (
            " x ".join(f"{value:.3g}" for value in values) for values in (volume.spacing, map(float, volume.shape))
        )
        raise InputError(
            f"it has {shape} voxels of {sizes} mm, and images of at least {FEWEST_VOXELS} x {FEWEST_VOXELS} voxels, as "
            "long along one side as along the other, are needed"
        )


def windowed(volume: Volume, window: tuple[float, float], modality: str | None = None) -> NDArray[np.float32]:
    """Intensities of which the window's ends are 0 and 1; what is beyond is cut off, as padding outside the scanner's
    field of view is.

    Synthetic anatomy in the place of CT has no unit: its range becomes 0 to 1.
    """
    low, high = window
    if modality == SYNTHETIC:
        low, scale = intensity_range(volume.data)
        high = low + scale
    return np.clip((volume.data - low) / (high - low), 0.0, 1.0).astype(np.float32)


def check_window(window: tuple[float, float]) -> None:
    """Refuse what is no window of HU.

    Raises:
        InputError: its ends are reversed, equal, or none that CT has.
    """
    low, high = window
    if not -5000 <= low < high <= 20_000:
        raise InputError(
            f"CT cannot be windowed from {low:g} to {high:g} HU: give two numbers, the smaller first, as in "
            "--ct-window=-200,300"
        )
