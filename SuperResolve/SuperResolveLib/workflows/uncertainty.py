"""How far a super-resolved volume may be off at every voxel: the maps made of an ensemble's members.

What the parts mean and where they come from: :mod:`SuperResolveLib.methods.ensemble`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.output_grid import OutputGrid
from ..data.volume import Volume
from ..methods.ensemble import Ensemble

#: The maps that are written.
PARTS = ("total", "seen", "invented")


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Standard deviations of an answer's error on its grid, in the scan's intensity unit.

    Attributes:
        total: before data consistency: the root of the sum of the squares of the next two.
        seen: of the part that the acquisition operator sees: gone after data consistency, but for the scan's noise.
        invented: of the part in its null space: what remains after data consistency.
        spread: of the members alone, without the error that they expect.
    """

    total: Volume
    seen: Volume
    invented: Volume
    spread: Volume

    @classmethod
    def of(cls, members: Ensemble, grid: OutputGrid, space: int) -> Uncertainty:
        """The maps of an ensemble on its grid, in the space of that NIfTI code."""
        seen, unseen = members.seen_variance, members.unseen_variance
        invented = unseen + members.expected_variance

        def root(variance: NDArray[np.float32]) -> Volume:
            return Volume(np.sqrt(variance), grid.affine, space=space)

        return cls(root(seen + invented), root(seen), root(invented), root(seen + unseen))

    def typical(self, result: Volume) -> dict[str, float]:
        """The mean of each map where the result holds signal: above a tenth of its range from background to bright."""
        background, bright = np.percentile(result.data, (1, 99))
        signal = result.data > background + 0.1 * (bright - background)
        return {name: float(np.mean(getattr(self, name).data[signal])) for name in PARTS}

    @property
    def invented_share(self) -> float:
        """Of the total variance, summed over voxels."""
        invented, total = (np.sum(np.square(part.data, dtype=np.float64)) for part in (self.invented, self.total))
        return float(invented / total) if total > 0 else 0.0
