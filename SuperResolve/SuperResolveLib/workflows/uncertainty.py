"""Maps of the error to be expected at every voxel of a super-resolved volume, from the members of an ensemble.

:mod:`SuperResolveLib.methods.ensemble` defines the parts *seen* and *invented* of the error and how they are found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..methods.ensemble import Variances
from ..physics.slabs import sum_of_squares

Image = NDArray[np.float32]

#: The names of the maps that are written.
PARTS = ("total", "seen", "invented")


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The error of a result, on its grid and in the scan's intensity unit.

    The maps are standard deviations; they are made of three variances each time that they are asked for, so that few
    of them are in memory at once.

    Attributes:
        variances: of the ensemble's members.
        affine: voxel index to RAS mm.
        space: NIfTI code of the coordinate space.
    """

    variances: Variances
    affine: NDArray[np.float64]
    space: int

    @property
    def total(self) -> Volume:
        """Of the error before data consistency: the root of the sum of squares of ``seen`` and ``invented``."""
        return self._root(seen=True, unseen=True, expected=True)

    @property
    def seen(self) -> Volume:
        """Of the part that the acquisition operator sees. Data consistency removes it, except for the scan's noise."""
        return self._root(seen=True, unseen=False, expected=False)

    @property
    def invented(self) -> Volume:
        """Of the part in the operator's null space, which data consistency leaves."""
        return self._root(seen=False, unseen=True, expected=True)

    @property
    def spread(self) -> Volume:
        """Between the members alone, without the error that they have learned to expect."""
        return self._root(seen=True, unseen=True, expected=False)

    def _root(self, seen: bool, unseen: bool, expected: bool) -> Volume:
        total = self.variances.total(seen, unseen, expected)
        return Volume(np.sqrt(total, out=total), self.affine, space=self.space)

    def typical(self, result: Volume) -> dict[str, float]:
        """The mean of each map over voxels with signal.

        Those are brighter than a tenth of the range from the 1st to the 99th percentile of the result.
        """
        background, bright = np.percentile(result.data[::2, ::2, ::2], (1, 99))
        signal = result.data > background + 0.1 * (bright - background)
        return {name: float(np.mean(getattr(self, name).data, where=signal, dtype=np.float64)) for name in PARTS}

    @property
    def invented_share(self) -> float:
        """The share of ``invented`` in the total variance, summed over voxels."""
        invented = sum_of_squares(self.invented.data)
        total = sum_of_squares(self.total.data)
        return invented / total if total > 0 else 0.0
