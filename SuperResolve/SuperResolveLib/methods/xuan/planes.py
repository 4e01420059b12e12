"""What of a scan may be seen, and how its slices are brought to the size that the first stage's networks have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ...data.intensity_range import intensity_range
from ...data.volume import Volume
from ...training.thin import is_thin
from .presets import Fit

Image = NDArray[np.float32]


def through_plane_axis(spacing: tuple[float, float, float]) -> int:
    """The axis of the largest spacing; of several alike, the last."""
    sizes = np.asarray(spacing)
    return int(np.flatnonzero(sizes > sizes.max() * (1 - 1e-3))[-1])


@dataclass(frozen=True, eq=False)
class ObservedPlanes:
    """The planes of a scan that are seen: all of a thick one, every K-th of a thin one.

    Attributes:
        planes: with the 1st percentile at 0 and the 99.5th at 1, shape (planes, rows, columns).
        axis: along which they lie in the scan.
        every: how many planes of the scan lead from one to the next.
        low, scale: the intensity that is 0, and what makes 1.
    """

    planes: Image
    axis: int
    every: int
    low: float
    scale: float

    @classmethod
    def of(cls, volume: Volume, every: int) -> ObservedPlanes:
        """Those of a scan, of which every K-th is seen if it is thin."""
        axis = through_plane_axis(volume.spacing)
        step = every if is_thin(volume.spacing) else 1
        seen = np.moveaxis(volume.data, axis, 0)[::step]
        low, scale = intensity_range(seen)
        return cls(((seen - low) / scale).astype(np.float32), axis, step, low, scale)


@dataclass(frozen=True)
class Frame:
    """Slices of any size in a square of one size.

    Padded with zeros (dark) to a square and resized (``resize``), or padded where smaller and cut around the middle
    where larger (``crop``). That a slice may be resized or cropped is our assumption: the paper's are 256 x 256.

    Attributes:
        rows, columns: of the slices.
        side: of the square.
        fit: how.
    """

    rows: int
    columns: int
    side: int
    fit: Fit

    @property
    def square(self) -> int:
        """The side before resizing."""
        return max(self.rows, self.columns) if self.fit == "resize" else self.side

    @property
    def first(self) -> tuple[int, int]:
        """Row and column of the square's first pixel in the slice; below zero where it is padded."""
        return (self.rows - self.square) // 2, (self.columns - self.square) // 2

    def into(self, planes: torch.Tensor) -> torch.Tensor:
        """Slices of shape (planes, rows, columns) to (planes, side, side)."""
        top, left = self.first
        bottom, right = self.square - self.rows + top, self.square - self.columns + left
        return self._resized(functional.pad(planes, (-left, right, -top, bottom)), self.side)

    def back(self, planes: torch.Tensor) -> torch.Tensor:
        """Squares to the slices' pixels again, as far as they show them: (planes, rows or less, columns or less)."""
        whole = self._resized(planes, self.square)
        top, left = (max(0, -first) for first in self.first)
        return whole[:, top : top + min(self.rows, self.square), left : left + min(self.columns, self.square)]

    @staticmethod
    def _resized(planes: torch.Tensor, side: int) -> torch.Tensor:
        if planes.shape[-1] == side:
            return planes
        smooth = planes.shape[-1] > side
        size = (side, side)
        return functional.interpolate(planes[:, None], size, mode="bilinear", antialias=smooth, align_corners=False)[
            :, 0
        ]
