"""What every method of super-resolution is handed: the stacks of slices that were acquired, and the planes wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import OutputGrid, SliceGeometry
from ..data.noise import scan_noise
from ..data.volume import Volume
from .acquisition import AcquisitionOperator, acquisition_matrix, selection_matrix
from .profile import SliceProfile

OperatorKind = Literal["profile", "select"]

#: Below this, Tikhonov's inverse amplifies what the profile has wiped out, whatever the noise.
SMALLEST_DAMPING = 1e-3


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One stack of slices, and how it was acquired.

    Attributes:
        slices: the scan's intensities, shape (ni, nj, nk).
        geometry: its through-plane axis and spacings.
        profile: its relative slice profile.
        operator: A, from the planes of the answer to the slices.
        noise: standard deviation of the scan's noise, in its intensity unit.
    """

    slices: NDArray[np.float32]
    geometry: SliceGeometry
    profile: SliceProfile
    operator: AcquisitionOperator
    noise: float

    @classmethod
    def of(
        cls,
        scan: Volume,
        geometry: SliceGeometry,
        profile: SliceProfile,
        grid: OutputGrid,
        kind: OperatorKind = "profile",
    ) -> Acquisition:
        """A scan as acquired from the planes of ``grid``: blurred with the profile, or only selected from them."""
        centres = np.arange(geometry.slice_count) * geometry.slice_spacing
        planes = grid.positions * geometry.slice_spacing
        if kind == "select":
            matrix = selection_matrix(centres, planes, grid.spacing)
        else:
            matrix = acquisition_matrix(profile, centres, planes, grid.spacing)
        operator = AcquisitionOperator(matrix, geometry.axis)
        return cls(scan.data, geometry, profile, operator, scan_noise(scan, geometry))

    def residual(self, volume: NDArray[np.float32]) -> NDArray[np.float32]:
        """Y - A x: what of the scan a volume does not explain."""
        return self.slices - self.operator.degrade(volume)

    def consistency_damping(self, volume: NDArray[np.float32]) -> float:
        r"""The variance of the scan's noise over that of a volume's error: :math:`\lambda` of the data consistency.

        The residual :math:`y - A x` has variance :math:`\tau^2 |A_k|^2 + \sigma^2` for an error of variance
        :math:`\tau^2` a voxel, which is solved for :math:`\tau^2`; that is taken as at least a quarter of the noise's.
        """
        noise = self.noise**2
        error = max(float(np.mean(self.residual(volume) ** 2)) - noise, noise / 4) / self.operator.row_energy
        return noise / error

    def consistent(self, volume: NDArray[np.float32], damping: float) -> NDArray[np.float32]:
        """The volume after :func:`~SuperResolveLib.physics.acquisition.data_consistency` with the scan."""
        return self.operator.consistent(volume, self.slices, damping)

    def tikhonov_damping(self, plane_spacing: float) -> float:
        r""":math:`\lambda = \sigma^2 / \tau^2` of Tikhonov's inverse, for planes ``plane_spacing`` mm apart.

        :math:`\tau^2` is the variance of differences between neighbouring planes; in-plane differences of the scan,
        scaled to that distance, stand for them.
        """
        variances = [
            np.mean(np.diff(self.slices, axis=axis) ** 2) * (plane_spacing / voxel) ** 2
            for axis, voxel in zip(self.geometry.in_plane_axes, self.geometry.in_plane_spacing, strict=True)
        ]
        return max(self.noise**2 / max(float(np.mean(variances)), 1e-30), SMALLEST_DAMPING)


@dataclass(frozen=True, eq=False)
class Problem:
    """The stacks of one subject, and the planes on which the answer is wanted.

    Attributes:
        stacks: one acquisition, or several.
        grid: the planes of the answer.
    """

    stacks: tuple[Acquisition, ...]
    grid: OutputGrid

    @classmethod
    def of(
        cls,
        scan: Volume,
        geometry: SliceGeometry,
        profile: SliceProfile,
        grid: OutputGrid,
        kind: OperatorKind = "profile",
    ) -> Problem:
        """The problem of bringing one scan to ``grid``; see :meth:`Acquisition.of`."""
        return cls((Acquisition.of(scan, geometry, profile, grid, kind),), grid)

    @property
    def stack(self) -> Acquisition:
        """The only stack, for methods that take no more than one.

        Raises:
            ValueError: there are several.
        """
        (only,) = self.stacks
        return only
