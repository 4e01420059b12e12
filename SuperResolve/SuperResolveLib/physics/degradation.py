r"""The description of a degradation, and what it does to a patch: a few slices, and the voxels that they gather from.

Along the through-plane axis a patch's voxels lie evenly around its middle, and slice centres one slice spacing apart
around the same point, *shifted* by a fraction of a voxel: the sampling phase. The slices are :math:`y = A x` with the
acquisition matrix A of these positions, for any ratio and phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from .acquisition import acquisition_matrix, regularised_inverse, selection_matrix
from .kernels import cubic_kernel
from .profile import SliceProfile

FloatArray = NDArray[np.floating]

#: How far a slice that is only selected reaches from its centre, in voxels: as far as cubic convolution.
SELECTION_REACH = 2
#: Sampling phases that stand for all, where the ratio is not whole.
PHASES = 8


@dataclass(frozen=True)
class Degradation:
    """What makes slices of a volume.

    Attributes:
        operator: the slice profile, or ``"select"``: slices as thin as voxels, read by cubic convolution where their
            centres lie between voxels.
        slice_spacing: distance between slice centres in mm.
        noise: standard deviation of the noise of the slices, in their intensity unit.
    """

    operator: SliceProfile | Literal["select"]
    slice_spacing: float
    noise: float = 0.0

    def reach(self, voxel: float) -> float:
        """How far from the outermost slices' centres a patch goes on, in mm: the slice, and a slice spacing more."""
        slice_reach = SELECTION_REACH * voxel if self.operator == "select" else float(self.operator.offsets[-1])
        return slice_reach + self.slice_spacing

    def fitting(self, extent: float, voxel: float) -> int:
        """How many slices a patch of that extent in mm holds."""
        return int((extent - 2 * self.reach(voxel)) / self.slice_spacing)

    def length(self, slices: int, voxel: float) -> int:
        """How many voxels a patch of so many slices has."""
        return int(np.ceil(((slices - 1) * self.slice_spacing + 2 * self.reach(voxel)) / voxel)) + 1

    def is_whole(self, voxel: float) -> bool:
        """Whether the ratio of slice spacing to voxel is a whole number: then all slices have one phase."""
        ratio = self.slice_spacing / voxel
        return abs(ratio - round(ratio)) < 1e-3

    def shifts(self, voxel: float) -> list[float]:
        """Shifts in mm that stand for all sampling phases of a ratio that is not whole."""
        return [(phase / PHASES - 0.5) * voxel for phase in range(PHASES)]

    def patch(self, slices: int, length: int, voxel: float, shift: float = 0.0) -> DegradedPatch:
        """So many slices in the middle of a patch of so many voxels, shifted by ``shift`` mm."""
        first = -(slices - 1) / 2 * self.slice_spacing + shift
        return DegradedPatch(
            self,
            voxel=voxel,
            voxels=(np.arange(length) - (length - 1) / 2) * voxel,
            centres=first + np.arange(slices) * self.slice_spacing,
        )


@dataclass(frozen=True)
class DegradedPatch:
    """Where a patch's voxels and slices lie.

    Attributes:
        degradation: what makes the slices.
        voxel: size of the voxels along the through-plane axis in mm.
        voxels, centres: of the voxels and the slices on that axis, in mm from the patch's middle.
    """

    degradation: Degradation
    voxel: float
    voxels: FloatArray
    centres: FloatArray

    @property
    def matrix(self) -> FloatArray:
        """The acquisition matrix A, shape (slices, voxels)."""
        operator = self.degradation.operator
        if operator == "select":
            return selection_matrix(self.centres, self.voxels, self.voxel)
        return acquisition_matrix(operator, self.centres, self.voxels, self.voxel)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which voxels lie in the slices' field of view: half a slice spacing beyond the outermost centres."""
        half = self.degradation.slice_spacing / 2
        return (self.voxels > self.centres[0] - half) & (self.voxels < self.centres[-1] + half)

    def tikhonov(self, damping: float) -> FloatArray:
        """The matrix of Tikhonov's inverse of A, shape (voxels, slices)."""
        return regularised_inverse(self.matrix, damping)

    def spline(self) -> FloatArray:
        """The matrix that reads the voxels off the cubic B-spline through the slices, shape (voxels, slices)."""
        return spline_reading(len(self.centres), (self.voxels - self.centres[0]) / self.degradation.slice_spacing)


def spline_reading(slices: int, positions: FloatArray) -> FloatArray:
    """The matrix that reads ``positions`` (slice coordinates) off the interpolating cubic B-spline through the slices,
    which is constant beyond the outermost (Unser 1999); of fewer than four slices, off the highest order they allow.
    """
    spline = make_interp_spline(np.arange(slices), np.eye(slices), k=min(3, slices - 1))
    return np.asarray(spline(np.clip(positions, 0, slices - 1)))


def cubic_reading(slices: int, positions: FloatArray) -> FloatArray:
    """The matrix that reads ``positions`` (slice coordinates) off the slices by cubic convolution (Keys 1981, eq. 15).

    The outermost slices are repeated beyond the ends, where it is constant. Shape (positions, slices).
    """
    at = np.clip(np.asarray(positions, dtype=np.float64), 0, slices - 1)
    base = np.floor(at).astype(int)
    matrix = np.zeros((len(at), slices))
    for neighbour in range(-1, 3):
        index = np.clip(base + neighbour, 0, slices - 1)
        matrix[np.arange(len(at)), index] += cubic_kernel(at - (base + neighbour))
    return matrix
