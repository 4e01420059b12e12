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

Where a member expects the error of itself alone after it was made consistent, that of the mean is smaller by how much
the members differ: :math:`(\bar x - t)^2 = \mathrm{Mean}_m((x_m - t)^2) - \mathrm{Mean}_m((x_m - \bar x)^2)` for any t
(Krogh and Vedelsby, NIPS 1995). In all, the variance then is
:math:`\mathrm{Mean}_m(v_m) - \frac{M - 1}{M} \mathrm{Var}_m(x_m - P x_m)`. In what is seen, members no longer differ,
and the scan's noise :math:`\sigma` is left: :math:`\sigma^2 \sum_k C_{pk}^2` on plane p, :math:`C = A^T (A A^T +
\lambda I)^{-1}`. The rest is invented, and at least the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..physics.acquisition import along, consistency_correction
from ..physics.problem import Acquisition
from ..physics.slabs import WHOLE, Part, slabs

Image = NDArray[np.float32]


class Moments:
    """Mean and variance of volumes that come one by one and part by part (Welford 1962), in little memory.

    Args:
        shape: of the volumes.

    Attributes:
        mean: of the volumes so far.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean: Image = np.zeros(shape, np.float32)
        self._squares: Image = np.zeros(shape, np.float32)

    def add(self, number: int, image: Image, part: Part = WHOLE) -> None:
        """Take a part of volume ``number`` into account; they are numbered from 0, in order."""
        before = image - self.mean[part]
        self.mean[part] += before / np.float32(number + 1)
        before *= image - self.mean[part]
        self._squares[part] += before

    def variance(self, count: int) -> Image:
        """Of what ``count`` volumes were drawn from, without bias; zero where there is but one.

        To be asked for last: it takes the place of what is needed to go on.
        """
        self._squares /= np.float32(max(count - 1, 1))
        return self._squares


@dataclass(frozen=True, eq=False)
class Variances:
    """The variances of an ensemble, on the planes of the answer, in the square of the scan's intensity unit.

    Attributes:
        seen: of the part of the members that the acquisition operator sees.
        unseen: of the part in its null space, without the error that the members expect.
        expected_in_noise: standard deviation, in units of the noise and half precision, of the error that the members
            expect, or of what of it is beyond the spread.
        noise: standard deviation of the scan's noise, in its intensity unit.
    """

    seen: Image
    unseen: Image
    expected_in_noise: NDArray[np.float16]
    noise: float

    def total(self, seen: bool, unseen: bool, expected: bool) -> Image:
        """The sum of those that are asked for; ``expected`` is that of the error that the members expect."""
        result = np.zeros_like(self.seen)
        for part in slabs(result.shape, 2):
            if seen:
                result[part] += self.seen[part]
            if unseen:
                result[part] += self.unseen[part]
            if expected:
                result[part] += np.square(self.expected_in_noise[part], dtype=np.float32) * np.float32(self.noise**2)
        return result


class Ensemble:
    """The members of an ensemble, summarised as they come so that they need not be kept.

    Of a member x only its trace A x on the slices is kept; P x follows from it. How traces differ from the first, and
    the expected error, are kept in units of the scan's noise and in half precision, whose rounding is far below both.

    Args:
        stack: the scan that the members answer for.
        damping: of data consistency, one for all members so that the split is linear.
        of_consistent: whether the error that a member expects is that of itself alone, made consistent.
    """

    def __init__(self, stack: Acquisition, damping: float, of_consistent: bool = False) -> None:
        self._stack, self._of_consistent = stack, of_consistent
        self._axis = stack.geometry.axis
        self._correction = consistency_correction(stack.operator.matrix, damping)
        shape = [*stack.slices.shape]
        shape[self._axis] = stack.operator.matrix.shape[1]
        self._first: Image = np.zeros_like(stack.slices)
        self._traces: list[NDArray[np.float16]] = []
        self._unseen = Moments(tuple(shape))
        self._expected = np.zeros(shape, np.float16)

    def add(self, number: int, volume: Image, variance: Image, part: Part = WHOLE) -> None:
        """Take in a member, or an in-plane part of it: its volume, and the variance of its error as it expects it.

        Both are on the planes of the answer, in the scan's intensity unit and its square. Members are numbered from 0,
        in order.
        """
        if number == len(self._traces):
            self._traces.append(np.zeros(self._stack.slices.shape, np.float16))
        trace, noise = self._stack.operator.degrade(volume), np.float32(self._stack.noise)
        if number == 0:
            self._first[part] = trace
        self._traces[number][part] = (trace - self._first[part]) / noise
        self._unseen.add(number, volume - along(self._correction, trace, self._axis), part)
        expected = np.square(self._expected[part], dtype=np.float32)
        expected += (variance / noise**2 - expected) / np.float32(number + 1)
        self._expected[part] = np.sqrt(expected, out=expected)

    @property
    def count(self) -> int:
        """How many members there are."""
        return len(self._traces)

    def finish(self) -> tuple[Image, Variances]:
        """The mean of the members, and the variances of their parts.

        To be asked for once, after the last member: both take the place of what is needed to go on, part by part.
        """
        mean, seen, noise = self._unseen.mean, np.empty_like(self._unseen.mean), np.float32(self._stack.noise)
        for part in slabs(seen.shape, self._axis):
            traces = [noise * trace[part].astype(np.float32) for trace in self._traces]
            middle = np.mean(traces, axis=0)
            mean[part] += along(self._correction, self._first[part] + middle, self._axis)
            deviations = (along(self._correction, trace - middle, self._axis) for trace in traces)
            seen[part] = sum(deviation**2 for deviation in deviations) / np.float32(max(self.count - 1, 1))
        count = self.count
        self._traces.clear()
        unseen = self._unseen.variance(count)
        if self._of_consistent:
            self._split_expected(seen, unseen, count)
        return mean, Variances(seen, unseen, self._expected, self._stack.noise)

    def _split_expected(self, seen: Image, unseen: Image, count: int) -> None:
        """Make what is seen the noise, and what is expected the rest beyond the spread, of members made consistent."""
        by_plane = [1, 1, 1]
        by_plane[self._axis] = -1
        noise = np.square(self._correction).sum(axis=1).astype(np.float32).reshape(by_plane)
        for part in slabs(unseen.shape, self._axis):
            rest = np.square(self._expected[part], dtype=np.float32) - noise
            rest -= unseen[part] * np.float32((2 - 1 / count) / self._stack.noise**2)
            self._expected[part] = np.sqrt(np.maximum(rest, 0, out=rest), out=rest)
            seen[part] = noise * np.float32(self._stack.noise**2)
