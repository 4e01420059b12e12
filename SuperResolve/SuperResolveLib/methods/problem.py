"""What every method of super-resolution is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import OutputGrid, SliceGeometry
from ..data.noise import scan_noise
from ..data.volume import Volume
from ..physics.acquisition import acquisition_matrix, data_consistency, degrade
from ..physics.profile import SliceProfile

Combination = Literal["average", "fba"]

#: Takes a member of an ensemble: a volume on the planes of the answer, in the scan's intensity unit, and the variance
#: of its error there as the member itself has learned to expect it.
MemberCallback = Callable[[NDArray[np.float32], NDArray[np.float32]], None]


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

    def consistency_damping(self, volume: NDArray[np.float32]) -> float:
        r"""The variance of the scan's noise over that of a volume's error: :math:`\lambda` of the data consistency.

        The residual :math:`y - A x` has variance :math:`\tau^2 |A_k|^2 + \sigma^2` for an error of variance
        :math:`\tau^2` a voxel, which is solved for :math:`\tau^2`, at least a quarter of the noise's.
        """
        residual = self.slices - degrade(self.matrix, volume, self.geometry.axis)
        row_energy = float(np.mean(np.sum(self.matrix**2, axis=1)))
        noise = self.noise**2
        error = max(float(np.mean(residual**2)) - noise, noise / 4) / row_energy
        return noise / error

    def consistent(self, volume: NDArray[np.float32], damping: float) -> NDArray[np.float32]:
        """The volume after :func:`~SuperResolveLib.physics.acquisition.data_consistency` with the scan."""
        return data_consistency(self.matrix, volume, self.slices, self.geometry.axis, damping)


@dataclass(frozen=True)
class MethodSettings:
    """How to run a method: its preset and what is common to all.

    Attributes:
        preset: one of the method's.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: of everything random.
        combine: how results of several orientations become one.
        member: given if the answer is to be that of a whole ensemble (also mirrorings and restarts), and called with
            each of its members.
    """

    preset: str
    device: str
    seed: int
    combine: Combination
    member: MemberCallback | None = None
