"""The answer of a method that sees a scan as through-plane images: the mean over its views."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...data.intensity_range import intensity_range
from ...physics.problem import Problem
from ...physics.slabs import Part
from ..method import Combination
from .combination import combine
from .views import ORIENTATIONS, View

Image = NDArray[np.float32]


def normalised(problem: Problem) -> tuple[Image, float, float]:
    """The slices as the network sees them, shape (slices, na, nb), about 0 to 1; and the intensity that is 0 there, and
    how much of the scan's is 1.
    """
    slices, axis = problem.stack.slices, problem.stack.geometry.axis
    low, scale = intensity_range(slices)
    return ((np.moveaxis(slices, axis, 0) - low) / scale).astype(np.float32), low, scale


class Answer:
    """The mean over views, in the scan's axes and intensities; by orientation where these are combined otherwise.

    Args:
        problem: the scan, and the planes of the answer.
        combination: how orientations are combined.
        low, scale: the scan's intensities are ``low`` plus ``scale`` times those that the network sees.
    """

    def __init__(self, problem: Problem, combination: Combination, low: float, scale: float) -> None:
        self._axis = problem.stack.geometry.axis
        self._combination = combination
        self._low, self._scale = np.float32(low), np.float32(scale)
        self._shape = [*problem.stack.slices.shape]
        self._shape[self._axis] = len(problem.grid.positions)
        self._sums: list[Image] = []

    def place(self, part: Part) -> Part:
        """A part of the axes (planes, na, nb) in the scan's axes."""
        first, second = part[1:]
        placed = [first, second]
        placed.insert(self._axis, slice(None))
        return placed[0], placed[1], placed[2]

    def scaled(self, planes: Image) -> Image:
        """Planes of the axes (planes, na, nb) in the scan's axes and intensities."""
        return np.ascontiguousarray(np.moveaxis(planes, 0, self._axis)) * self._scale + self._low

    def variance(self, log_variance: Image) -> Image:
        """The variance of an error, whose logarithm the network told, in the scan's axes and intensities."""
        variance = np.exp(np.ascontiguousarray(np.moveaxis(log_variance, 0, self._axis)))
        variance *= self._scale**2
        return variance

    def add(self, view: View, part: Part, volume: Image, share: float) -> None:
        """Add a part of a view, which counts as ``share`` of the mean over all views, in the scan's axes."""
        if not self._sums:
            count = 1 if self._combination == "average" else ORIENTATIONS
            self._sums = [np.zeros(self._shape, np.float32) for _ in range(count)]
        total = self._sums[view.orientation % len(self._sums)][part]
        total += volume * np.float32(share * len(self._sums))

    def combined(self) -> Image:
        """The answer."""
        return combine(self._sums, self._combination)
