"""Label maps: volumes whose voxels are whole numbers that name what is there; 0 is the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .volume import Volume

#: The most labels of a label map; the finest parcellations of a brain have about half as many.
MOST_LABELS = 1000
#: The types in which label maps are written that were not stored as integers, narrower ones first.
LABEL_TYPES = (np.uint8, np.int16, np.int32)


@dataclass(frozen=True)
class LabelVolume:
    """How much of a label there is before and after it was brought to other planes.

    Attributes:
        label: its value.
        before_ml, after_ml: its volume in ml.
    """

    label: int
    before_ml: float
    after_ml: float


def labels_of(volume: Volume) -> tuple[int, ...]:
    """The labels that a label map holds, ascending, without the background.

    Raises:
        InputError: its voxels are not whole numbers, or too many different ones.
    """
    values = np.unique(volume.data)
    if (values % 1 != 0).any():
        raise InputError("labels must be whole numbers, and this volume has fractions: give a label map or a mask")
    if values.size > MOST_LABELS:
        raise InputError(
            f"the volume has {values.size} different values, far more than a label map has: give a label map or a mask"
        )
    return tuple(int(value) for value in values if value != 0)


def label_type(volume: Volume) -> np.dtype[Any]:
    """The integer type in which a label map is written: the one it is stored in, or the narrowest that holds it."""
    if volume.stored_type.kind in "iu":
        return volume.stored_type
    low, high = float(volume.data.min()), float(volume.data.max())
    fitting = (kind for kind in LABEL_TYPES if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return np.dtype(next(fitting, np.int64))


def voxel_ml(affine: NDArray[np.float64]) -> float:
    """The volume of a voxel in ml."""
    return float(abs(np.linalg.det(affine[:3, :3]))) / 1000


def label_ml(volume: Volume, label: int) -> float:
    """The volume of a label in ml: its voxels times the volume of one."""
    return np.count_nonzero(volume.data == label) * voxel_ml(volume.affine)
