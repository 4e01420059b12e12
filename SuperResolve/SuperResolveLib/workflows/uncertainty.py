"""Maps of the error to be expected at every voxel of a super-resolved volume, from the members of an ensemble.

:mod:`SuperResolveLib.methods.ensemble` defines the parts *seen* and *invented* of the error and how they are found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..methods.ensemble import Variances

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
        return self._root(self.variances.seen, self.variances.unseen, self.variances.expected)

    @property
    def seen(self) -> Volume:
        """Of the part that the acquisition operator sees. Data consistency removes it, except for the scan's noise."""
        return self._root(self.variances.seen)

    @property
    def invented(self) -> Volume:
        """Of the part in the operator's null space, which data consistency leaves."""
        return self._root(self.variances.unseen, self.variances.expected)

    @property
    def spread(self) -> Volume:
        """Between the members alone, without the error that they have learned to expect."""
        return self._root(self.variances.seen, self.variances.unseen)

    def _root(self, *variances: Image) -> Volume:
        total = variances[0].copy()
        for variance in variances[1:]:
            total += variance
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
        variances = (self.variances.seen, self.variances.unseen, self.variances.expected)
        seen, unseen, expected = (float(np.sum(variance, dtype=np.float64)) for variance in variances)
        total = seen + unseen + expected
        return (unseen + expected) / total if total > 0 else 0.0
