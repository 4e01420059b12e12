"""What every method of super-resolution is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..acquisition import acquisition_matrix
from ..geometry import OutputGrid, SliceGeometry
from ..noise import scan_noise
from ..profile import SliceProfile
from ..volume import Volume

Combination = Literal["average", "fba"]


@dataclass(frozen=True)
class Problem:
    """A scan, how it was acquired, and the planes on which the answer is wanted.

    Attributes:
        slices: the scan's intensities, shape (ni, nj, nk).
        geometry: its through-plane axis and spacings.
        profile: its relative slice profile.
        grid: the planes of the answer.
        matrix: the acquisition matrix from those planes to the slices.
        noise: standard deviation of the scan's noise.
    """

    slices: NDArray[np.float32]
    geometry: SliceGeometry
    profile: SliceProfile
    grid: OutputGrid
    matrix: NDArray[np.floating]
    noise: float

    @classmethod
    def of(cls, scan: Volume, geometry: SliceGeometry, profile: SliceProfile, grid: OutputGrid) -> Problem:
        """The problem of bringing ``scan`` to ``grid``."""
        centres = np.arange(geometry.slice_count) * geometry.slice_spacing
        matrix = acquisition_matrix(profile, centres, grid.positions * geometry.slice_spacing, grid.spacing)
        return cls(scan.data, geometry, profile, grid, matrix, scan_noise(scan, geometry))


@dataclass(frozen=True)
class MethodSettings:
    """How to run a method: its preset and what is common to all."""

    preset: str
    device: str
    seed: int
    combine: Combination
