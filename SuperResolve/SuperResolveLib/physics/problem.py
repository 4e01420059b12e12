"""The super-resolution problem that every method is given: stacks of slices, and the planes on which to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import SliceGeometry
from ..data.noise import scan_noise
from ..data.output_grid import OutputGrid
from ..data.volume import Volume
from .acquisition import AcquisitionOperator, acquisition_matrix, along, consistency_correction, selection_matrix
from .profile import SliceProfile
from .slabs import WHOLE, Part, root_mean_square, slabs, sum_of_squares

OperatorKind = Literal["profile", "select"]

#: The least damping of Tikhonov's inverse: with less, frequencies that the profile has suppressed are amplified even
#: where there is no noise.
SMALLEST_DAMPING = 1e-3


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One stack of slices y = A x + noise, with what is known of its acquisition.

    Attributes:
        slices: y, the scan's intensities, shape (ni, nj, nk).
        geometry: through-plane axis and spacings of the scan.
        profile: relative slice profile of the scan.
        operator: A, which takes a volume x on the planes of the answer to the slices.
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
        """Describe how a scan was acquired from a volume on the planes of ``grid``.

        ``kind`` tells whether A blurs with the profile (``"profile"``) or only selects planes (``"select"``).

        Raises:
            InputError: a slice lies outside the planes.
        """
        centres = np.arange(geometry.slice_count) * geometry.slice_spacing
        planes = grid.positions * geometry.slice_spacing
        if kind == "select":
            matrix = selection_matrix(centres, planes, grid.spacing)
        else:
            matrix = acquisition_matrix(profile, centres, planes, grid.spacing)
        operator = AcquisitionOperator(matrix, geometry.axis)
        return cls(scan.data, geometry, profile, operator, scan_noise(scan, geometry))

    def residual(self, volume: NDArray[np.float32], part: Part = WHOLE) -> NDArray[np.float32]:
        """The residual y - A x of a volume x, or of an in-plane part of it, on the slices."""
        return self.slices[part] - self.operator.degrade(volume)

    def consistency_damping(self, volume: NDArray[np.float32], part: Part = WHOLE) -> float:
        r"""The damping :math:`\lambda = \sigma^2 / \tau^2` with which a volume is made consistent.

        :math:`\sigma^2` is the variance of the scan's noise and :math:`\tau^2` that of the volume's error at a voxel.
        The latter follows from the variance of the residual :math:`y - A x`, which is
        :math:`\tau^2 |A_k|^2 + \sigma^2` with :math:`A_k` a row of A; the first term is taken to be at least
        :math:`\sigma^2 / 4`. An in-plane ``part`` of the volume will do.
        """
        noise = self.noise**2
        error = max(root_mean_square(self.residual(volume, part)) ** 2 - noise, noise / 4) / self.operator.row_energy
        return noise / error

    def make_consistent(self, volume: NDArray[np.float32]) -> float:
        """Make a volume consistent with the scan, in place.

        As :func:`~SuperResolveLib.physics.acquisition.data_consistency` does, slab by slab, with
        :meth:`consistency_damping`.

        Returns:
            The root-mean-square of the change, in the scan's intensity unit.
        """
        correction = consistency_correction(self.operator.matrix, self.consistency_damping(volume))
        squares = 0.0
        for part in slabs(volume.shape, self.geometry.axis):
            change = along(correction, self.residual(volume[part], part), self.geometry.axis)
            volume[part] += change
            squares += sum_of_squares(change)
        return float(np.sqrt(squares / volume.size))

    def tikhonov_damping(self, plane_spacing: float) -> float:
        r"""The damping :math:`\lambda = \sigma^2 / \tau^2` of Tikhonov's inverse for a distance between planes in mm.

        :math:`\sigma^2` is the variance of the scan's noise and :math:`\tau^2` the variance of differences between
        neighbouring planes. The latter is estimated from differences between neighbouring voxels in plane, scaled to
        the distance between planes.
        """
        variances = [
            np.mean(np.diff(self.slices, axis=axis) ** 2) * (plane_spacing / voxel) ** 2
            for axis, voxel in zip(self.geometry.in_plane_axes, self.geometry.in_plane_spacing, strict=True)
        ]
        return max(self.noise**2 / max(float(np.mean(variances)), 1e-30), SMALLEST_DAMPING)


@dataclass(frozen=True, eq=False)
class Problem:
    """The stacks of one subject, and the planes on which the answer is wanted.

    To solve it is to find the volume x on ``grid`` from which every stack was acquired.

    Attributes:
        stacks: one or several.
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
        """The only stack, for methods that can use no more than one.

        Raises:
            ValueError: there are several stacks.
        """
        (only,) = self.stacks
        return only
