r"""A column of a volume degraded whole: slices from end to end, and what a method would start from if given them.

Along the through-plane axis, a column of L voxels of size d is seen by the n slices, a distance s apart, whose field of
view of n s fits in it with at least a voxel to spare. Where the field of view lies in this leeway is the sampling
phase. The slices are :math:`y = A x` with x the whole column, so that what the outermost slices gather from beyond the
field of view is anatomy, as in a scanner. The start is made as in use: from all slices, knowing only the m = round(n
s/d) voxels in their field of view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .acquisition import acquisition_matrix, regularised_inverse, selection_matrix
from .degradation import Degradation, cubic_reading, spline_reading

FloatArray = NDArray[np.floating]
#: What networks start from: Tikhonov's inverse, the cubic B-spline through the slices, or cubic convolution.
Start = Literal["tikhonov", "spline", "cubic"]


@dataclass(frozen=True)
class DegradedColumn:
    """Where the slices of a column lie.

    Attributes:
        degradation: what makes the slices.
        voxel: size of the voxels along the column in mm.
        length: voxels of the column.
        first_centre: centre of the first slice in voxels from the first voxel's centre.
    """

    degradation: Degradation
    voxel: float
    length: int
    first_centre: float

    @classmethod
    def at_phase(
        cls, degradation: Degradation, voxel: float, length: int, phase: float, aligned: bool = False
    ) -> DegradedColumn:
        """The column whose slices' field of view lies at ``phase``, from 0 (at the first voxels) to 1 (at the last).

        Where ``aligned``, which needs a whole ratio s, slices lie as if they were made of whole voxels: their field of
        view begins with a voxel, so that a rect of s voxels is a filter of s equal taps; selected ones lie on voxels.

        Raises:
            InputError: the column is too short for two slices.
        """
        ratio = degradation.slice_spacing / voxel
        slices = slices_in(length, ratio)
        if slices < 2:
            raise InputError(
                f"{length} voxels of {voxel:.3g} mm hold no two slices {degradation.slice_spacing:.3g} mm apart: "
                "use a larger volume or a smaller ratio"
            )
        leeway, half = length - slices * ratio, (ratio - 1) / 2
        if not aligned:
            return cls(degradation, voxel, length, phase * leeway + half)
        places = round(leeway) + 1
        first = min(int(phase * places), places - 1)
        return cls(degradation, voxel, length, first + (np.floor(half) if degradation.operator == "select" else half))

    @property
    def ratio(self) -> float:
        """Slice spacing in voxels."""
        return self.degradation.slice_spacing / self.voxel

    @property
    def slices(self) -> int:
        """How many slices there are."""
        return slices_in(self.length, self.ratio)

    @property
    def centres(self) -> FloatArray:
        """Of the slices, in voxels from the first voxel's centre, shape (slices,)."""
        return self.first_centre + np.arange(self.slices) * self.ratio

    @property
    def seen(self) -> slice:
        """The voxels in the slices' field of view, as many at every phase."""
        count = min(round(self.slices * self.ratio), self.length)
        middle = (self.centres[0] + self.centres[-1]) / 2
        first = int(np.floor(middle - (count - 1) / 2 + 0.5))
        first = min(max(first, 0), self.length - count)
        return slice(first, first + count)

    @property
    def matrix(self) -> FloatArray:
        """The acquisition matrix from the whole column, shape (slices, length)."""
        return self._acquisition(np.arange(self.length))

    @property
    def seen_matrix(self) -> FloatArray:
        """The acquisition matrix as in use: from the voxels in the field of view alone, shape (slices, seen voxels)."""
        return self._acquisition(np.arange(self.length)[self.seen])

    def start(self, kind: Start, damping: float = 1e-3) -> FloatArray:
        """The matrix that makes the start from the slices, shape (seen voxels, slices).

        ``damping`` is that of Tikhonov's inverse.
        """
        voxels = np.arange(self.length)[self.seen]
        if kind == "tikhonov":
            return regularised_inverse(self._acquisition(voxels), damping)
        reading = spline_reading if kind == "spline" else cubic_reading
        return reading(self.slices, (voxels - self.first_centre) / self.ratio)

    def _acquisition(self, voxels: NDArray[np.integer]) -> FloatArray:
        centres, positions = self.centres * self.voxel, voxels * self.voxel
        operator = self.degradation.operator
        if operator == "select":
            return selection_matrix(centres, positions, self.voxel)
        return acquisition_matrix(operator, centres, positions, self.voxel)


def length_of(slices: int, ratio: float) -> int:
    """The voxels of the shortest column that holds so many slices, ``ratio`` voxels apart, with a voxel to spare."""
    return int(np.ceil(1 + ratio * (slices - 1e-9)))


def slices_in(length: int, ratio: float) -> int:
    """How many slices, ``ratio`` voxels apart, a column of so many voxels holds with a voxel to spare."""
    return int((length - 1) / ratio + 1e-9)
