"""Views of a scan as members of an ensemble: networks that tell the variance of their error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...physics.fine_grid import FineGrid
from ...physics.problem import Problem
from ...progress import ProgressCallback, parts_of, silent
from ..ensemble import Ensemble
from ..method import Combination, Restoration
from .answer import Answer
from .inference import Network
from .views import View

Image = NDArray[np.float32]
#: What is applied in a view.
NetworkFor = Callable[[View], Network]

#: Of so many images one is looked at to find the damping of data consistency.
SAMPLED = 8


def for_every_view(network: Network) -> NetworkFor:
    """The same network for every view."""
    return lambda view: network


class Members:
    """The members of an ensemble, which are views of a scan by one or several networks, and their mean.

    Args:
        problem: the scan, and the planes of the answer.
        fine_grid: the scan's.
        stack: the slices as networks see them.
        answer: for their orientations, where these are combined otherwise than by their mean; and for intensities.
        combination: how orientations are combined.
        count: how many members there will be.
        of_consistent: what error members expect, as of :class:`~SuperResolveLib.methods.ensemble.Ensemble`.
    """

    def __init__(
        self,
        problem: Problem,
        fine_grid: FineGrid,
        stack: Image,
        answer: Answer,
        combination: Combination,
        count: int,
        of_consistent: bool = False,
    ) -> None:
        self._problem, self._fine_grid, self._stack = problem, fine_grid, stack
        self._answer, self._by_orientation = answer, combination != "average"
        self._count, self._of_consistent = count, of_consistent
        self._ensemble: Ensemble | None = None

    def add(self, network_for: NetworkFor, views: Sequence[View], progress: ProgressCallback) -> None:
        """Take in what networks of two maps, planes and the logarithm of their error's variance, make of views."""
        if self._ensemble is None:
            damping = self._damping(network_for(View(0)))
            self._ensemble = Ensemble(self._problem.stack, damping, self._of_consistent)
        first, positions = self._ensemble.count, self._problem.grid.positions
        for number, (view, told) in enumerate(zip(views, parts_of(progress, len(views)), strict=True), first):
            network = network_for(view)
            for part, (planes, log_variance) in view.parts(network, self._fine_grid, self._stack, positions, told):
                place, volume = self._answer.place(part), self._answer.scaled(planes)
                self._ensemble.add(number, volume, self._answer.variance(log_variance), place)
                if self._by_orientation:
                    self._answer.add(view, place, volume, 1 / self._count)

    def finish(self) -> Restoration:
        """What the members agree on, or their orientations combined, and the variances of the ensemble."""
        assert self._ensemble is not None
        mean, variances = self._ensemble.finish()
        return Restoration(self._answer.combined() if self._by_orientation else mean, variances)

    def _damping(self, network: Network) -> float:
        """The damping with which members are made consistent: from a sample of what a network makes of a view."""
        stack, positions = self._problem.stack, self._problem.grid.positions
        parts = View(0).parts(network, self._fine_grid, self._stack, positions, silent, every=SAMPLED)
        images = [self._answer.scaled(planes[0]) for _, planes in parts]
        sampled = self._answer.place((slice(None), slice(None), slice(None, None, SAMPLED)))
        return stack.consistency_damping(np.concatenate(images, axis=2 - (stack.geometry.axis == 2)), sampled)
