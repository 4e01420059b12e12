r"""The members of an ensemble: what they agree on, and how much of their disagreement the scan can check.

Member m of an ensemble gives a volume :math:`x_m` and the variance :math:`v_m` of its error, as it has learned to
expect it where the truth is known. The spread of the members alone is too small, since all can be wrong alike, but it
is large where they have left what they learned. Both together are the variance of the ensemble,
:math:`\mathrm{Mean}_m(v_m) + \mathrm{Var}_m(x_m)` (Lakshminarayanan et al., NeurIPS 2017).

Data consistency splits each member in two parts. :math:`P = A^T (A A^T + \lambda I)^{-1} A`, A the acquisition operator
and :math:`\lambda` from the noise, projects on what A sees above the noise:

    seen      :math:`\mathrm{Var}_m(P x_m)` can be checked: the scan tells this part, and data consistency replaces what
              the members say of it by what the scan says, so that only the scan's noise is left of it in the answer.
    invented  :math:`\mathrm{Var}_m(x_m - P x_m) + \mathrm{Mean}_m(v_m)` cannot: volumes that differ in this part give
              the same scan, so it comes from what was learned, and data consistency leaves it as it is.

Members start at Tikhonov's inverse, which explains the scan already; what they expect of their error therefore counts
as invented.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..physics.problem import Acquisition

Image = NDArray[np.float32]


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
    """The members of an ensemble, summarised as they come so that they need not be kept.

    Args:
        stack: the scan that the members answer for.
    """

    def __init__(self, stack: Acquisition) -> None:
        self._stack = stack
        self._damping: float | None = None
        self._seen = Moments()
        self._invented = Moments()
        self._expected = np.zeros((), np.float32)

    def add(self, volume: Image, variance: Image) -> None:
        """Take in a member: its volume, and the variance of its error as it expects it.

        Both are on the planes of the answer, in the scan's intensity unit and its square.
        """
        if self._damping is None:  # one for all, so that the split is linear
            self._damping = self._stack.consistency_damping(volume)
        consistent = self._stack.consistent(volume, self._damping)
        # With y the scan and R = A^T (A A^T + lambda I)^-1: volume - consistent is P x - R y, and consistent is
        # (I - P) x + R y. R y is the same for all members, so that variances are those of P x and of (I - P) x.
        self._seen.add(volume - consistent)
        self._invented.add(consistent)
        self._expected = self._expected + (variance - self._expected) / np.float32(self._seen.count)

    @property
    def count(self) -> int:
        """How many members there are."""
        return self._seen.count

    @property
    def seen_variance(self) -> Image:
        """Of the part of the members that the acquisition operator sees."""
        return self._seen.variance

    @property
    def unseen_variance(self) -> Image:
        """Of the part of the members in the operator's null space, without the error that they expect."""
        return self._invented.variance

    @property
    def expected_variance(self) -> Image:
        """Of the members' error, as they expect it: the mean over members."""
        return self._expected
