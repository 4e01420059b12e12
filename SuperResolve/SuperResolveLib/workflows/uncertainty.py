r"""What a scan does not determine: how far an answer may be off at every voxel, and how much of that can be checked.

An ensemble answers several times: in both orientations, with the scan mirrored along and across the slices, by
networks trained from different seeds. Member m gives a volume :math:`x_m` and the variance :math:`v_m` of its error,
which it learned to expect on the scan's own slices, where the truth is known. The spread of the members alone is too
small, since they can all be wrong alike; but it is large where they have left what they learned. Both together make
the variance of the ensemble, :math:`\mathrm{Mean}_m(v_m) + \mathrm{Var}_m(x_m)` (Lakshminarayanan et al., NeurIPS
2017).

Data consistency splits a member in two. :math:`P = A^T (A A^T + \lambda I)^{-1} A`, A the acquisition matrix and
:math:`\lambda` from the noise, projects on what A sees above the noise:

    seen      :math:`\mathrm{Var}_m(P x_m)`, can be checked: the scan tells this part, and data consistency puts what it
              tells in the place of what members say, so that only the scan's noise is left of it in the answer.
    invented  :math:`\mathrm{Var}_m(x_m - P x_m) + \mathrm{Mean}_m(v_m)`, cannot: volumes that differ in this part
              give the same scan, so that it comes from what was learned, and data consistency leaves it as it is.
    total     the sum of both.

The maps are the roots of these. Members start at Tikhonov's inverse, which explains the scan already, and so what they
expect of their error counts as invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..methods.problem import Problem

Image = NDArray[np.float32]

#: The maps that are written.
PARTS = ("total", "seen", "invented")


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Standard deviations of an answer's error on its grid, in the scan's intensity unit (see this module).

    Attributes:
        total: before data consistency.
        seen: of the part that the acquisition matrix sees: gone after data consistency, but for the scan's noise.
        invented: of the part in its null space: what remains after data consistency.
        spread: of the members alone, without the error that they expect.
    """

    total: Volume
    seen: Volume
    invented: Volume
    spread: Volume

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


class Moments:
    """Mean and variance of images that come one by one (Welford 1962)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Image = np.zeros((), np.float32)
        self._squares: Image = np.zeros((), np.float32)

    def add(self, image: Image) -> None:
        """Take one more into account."""
        self.count += 1
        before = image - self.mean
        self.mean = self.mean + before / np.float32(self.count)
        self._squares = self._squares + before * (image - self.mean)

    @property
    def variance(self) -> Image:
        """Of what the images are drawn from, without bias; zero where there is but one."""
        return self._squares / np.float32(max(self.count - 1, 1))


class Ensemble:
    """Takes an ensemble's members one by one, so that they need not be kept, and tells how uncertain they are.

    Args:
        problem: the scan and the planes of the answer.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._damping: float | None = None
        self._seen = Moments()
        self._invented = Moments()
        self._expected = np.zeros((), np.float32)

    def add(self, volume: Image, variance: Image) -> None:
        """A member: its volume, and the variance of its error as it expects it."""
        if self._damping is None:  # one for all, so that the split is linear
            self._damping = self._problem.consistency_damping(volume)
        consistent = self._problem.consistent(volume, self._damping)
        # The member minus what it is after data consistency is P x less a constant, and that itself (I - P) x plus one.
        self._seen.add(volume - consistent)
        self._invented.add(consistent)
        self._expected = self._expected + (variance - self._expected) / np.float32(self._seen.count)

    def uncertainty(self, space: int) -> Uncertainty:
        """The maps, in a space of that NIfTI code."""
        seen, free = self._seen.variance, self._invented.variance
        invented = free + self._expected

        def root(variance: Image) -> Volume:
            return Volume(np.sqrt(variance), self._problem.grid.affine, space=space)

        return Uncertainty(root(seen + invented), root(seen), root(invented), root(seen + free))
