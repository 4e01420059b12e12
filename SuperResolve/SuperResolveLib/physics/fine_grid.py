r"""Folding the ratio into channels: the fine grid, on which every slice has a whole number of fine planes.

With slices a distance s apart and in-plane voxels d, c = ceil(s/d) *fine planes* lie s/c apart around each slice
centre. A volume on this *fine grid* of n c planes is n slices of c channels (pixel shuffle along one axis), so that a
network's body runs on slices whatever the ratio. The fine grid is shifted by at most half a fine plane so that it meets
the planes of the answer where their spacing agrees; other planes are read off it by cubic convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .acquisition import acquisition_matrix, regularised_inverse
from .kernels import cubic_kernel
from .profile import SliceProfile

FloatArray = NDArray[np.floating]

#: Slices added at each end, equal to the outermost, so that what lies beyond them does not end abruptly.
MARGIN = 4
#: How much mirroring may change a profile's taps, relative to the largest, or the planes' place between fine planes.
SYMMETRIC = 0.05


@dataclass(frozen=True)
class FineGrid:
    """The fine grid of a scan.

    Attributes:
        profile: the scan's slice profile.
        slice_spacing: s in mm.
        factor: c, fine planes per slice.
        shift: of the fine grid towards higher slices, in slices.
        damping: of the Tikhonov inverse from which the network starts.
        shown: how many of the slices added at each end the network is shown: where planes are read off, and no more,
            as the rest costs time.
    """

    profile: SliceProfile
    slice_spacing: float
    factor: int
    shift: float
    damping: float
    shown: int = 1

    @classmethod
    def meeting(
        cls,
        positions: FloatArray,
        profile: SliceProfile,
        slice_spacing: float,
        voxel: float,
        damping: float,
        slices: int,
    ) -> FineGrid:
        """The fine grid for in-plane voxels of size ``voxel`` mm, shifted to meet ``positions`` (slice coordinates) of
        planes that are wanted of so many slices.
        """
        factor = int(np.ceil(slice_spacing / voxel - 1e-3))
        first = -0.5 + 0.5 / factor
        shift = (positions[0] - first + 0.5 / factor) % (1 / factor) - 0.5 / factor
        beyond = max(-positions.min(), positions.max() - (slices - 1))
        shown = int(np.clip(np.ceil(beyond + 2 / factor - 0.5), 1, MARGIN))  # reading takes two more fine planes
        return cls(profile, slice_spacing, factor, float(shift), damping, shown)

    def positions(self, slices: int) -> FloatArray:
        """Slice coordinates of the fine planes of slices -MARGIN to slices + MARGIN - 1."""
        fine_planes = np.arange((slices + 2 * MARGIN) * self.factor)
        return -MARGIN - 0.5 + (fine_planes + 0.5) / self.factor + self.shift

    def off_grid(self, positions: FloatArray) -> float:
        """How far ``positions`` (slice coordinates) lie from the nearest fine plane on average, in fine planes."""
        away = (positions - self.positions(0)[0]) * self.factor
        return float(np.mean(np.abs(away - np.round(away))))

    def symmetric(self, slices: int, positions: FloatArray) -> bool:
        """Whether the mirrored scan has the same profile, and its planes are read off the fine grid no less sharply."""
        weights = self.profile.weights
        if not np.allclose(weights, weights[::-1], atol=SYMMETRIC * float(weights.max())):
            return False
        return self.off_grid(slices - 1 - positions) <= self.off_grid(positions) + SYMMETRIC

    def inverse(self, slices: int) -> FloatArray:
        """Tikhonov's inverse from the padded slices to their fine planes, shape ((slices + 2 MARGIN) c, slices + 2
        MARGIN).
        """
        centres = np.arange(-MARGIN, slices + MARGIN) * self.slice_spacing
        fine_planes = self.positions(slices) * self.slice_spacing
        return regularised_inverse(
            acquisition_matrix(self.profile, centres, fine_planes, self.slice_spacing / self.factor), self.damping
        )

    def reading(self, slices: int, positions: FloatArray) -> FloatArray:
        """The matrix that reads planes at ``positions`` (slice coordinates) off the fine grid by cubic convolution.

        Rows of planes beyond the grid are zero.
        """
        offsets = (positions[:, None] - self.positions(slices)[None, :]) * self.factor
        weights = cubic_kernel(offsets)
        weights[np.abs(weights) < 1e-12] = 0.0
        total = weights.sum(axis=1, keepdims=True)
        return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
