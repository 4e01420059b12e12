"""Maps of the error to be expected at every voxel of a super-resolved volume, from the members of an ensemble.

:mod:`SuperResolveLib.methods.ensemble` defines the parts *seen* and *invented* of the error and how they are found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.output_grid import OutputGrid
from ..data.volume import Volume
from ..methods.ensemble import Ensemble

#: The names of the maps that are written.
PARTS = ("total", "seen", "invented")


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Standard deviations of the error of a result, on its grid and in the scan's intensity unit.

    Attributes:
        total: of the error before data consistency: the root of the sum of squares of ``seen`` and ``invented``.
        seen: of the part that the acquisition operator sees. Data consistency removes it, except for the scan's noise.
        invented: of the part in the operator's null space, which data consistency leaves.
        spread: between the members alone, without the error that they have learned to expect.
    """

    total: Volume
    seen: Volume
    invented: Volume
    spread: Volume

    @classmethod
    def of(cls, members: Ensemble, grid: OutputGrid, space: int) -> Uncertainty:
        """The maps of an ensemble, on the grid of its members; ``space`` is the NIfTI code of the coordinate space."""
        seen, unseen = members.seen_variance, members.unseen_variance
        invented = unseen + members.expected_variance

        def root(variance: NDArray[np.float32]) -> Volume:
            return Volume(np.sqrt(variance), grid.affine, space=space)

        return cls(root(seen + invented), root(seen), root(invented), root(seen + unseen))

    def typical(self, result: Volume) -> dict[str, float]:
        """The mean of each map over voxels with signal.

        Those are brighter than a tenth of the range from the 1st to the 99th percentile of the result.
        """
        background, bright = np.percentile(result.data, (1, 99))
        signal = result.data > background + 0.1 * (bright - background)
        return {name: float(np.mean(getattr(self, name).data[signal])) for name in PARTS}

    @property
    def invented_share(self) -> float:
        """The share of ``invented`` in the total variance, summed over voxels."""
        invented, total = (np.sum(np.square(part.data, dtype=np.float64)) for part in (self.invented, self.total))
        return float(invented / total) if total > 0 else 0.0
