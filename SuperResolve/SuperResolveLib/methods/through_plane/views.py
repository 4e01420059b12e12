"""Views of the scan: the orientations and mirrorings under which the network is applied to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...physics.fine_grid import FineGrid
from ...physics.slabs import Part
from ...progress import ProgressCallback
from .inference import Network, apply

ORIENTATIONS = 2


@dataclass(frozen=True)
class View:
    """How the scan is turned before the network sees it, and its answer turned back after.

    Attributes:
        orientation: 0 or 1, which in-plane axis the through-plane images hold.
        upside_down: whether the order of the slices is reversed.
        mirrored: whether the images are mirrored in plane.
    """

    orientation: int
    upside_down: bool = False
    mirrored: bool = False

    def parts(
        self,
        network: Network,
        fine_grid: FineGrid,
        stack: NDArray[np.float32],
        positions: NDArray[np.floating],
        progress: ProgressCallback,
        every: int = 1,
    ) -> Iterator[tuple[Part, NDArray[np.float32]]]:
        r"""The planes of the answer in this view, some images at a time.

        Seen upside down, slice k of n becomes slice n - 1 - k, and so a plane at slice coordinate p is asked for at
        n - 1 - p: the answer lies on the same planes to rounding, whatever the fine grid's shift.

        Args:
            network: from slices to the fine grid.
            fine_grid: the scan's.
            stack: the slices, shape (slices, na, nb).
            positions: of the planes, in slice coordinates.
            progress: called with the fraction done.
            every: of so many images, take only the first.

        Yields:
            Which part of the answer's axes (planes, na, nb), and its planes; of a network with several maps, of shape
            (maps, planes, na, nb).
        """
        across = 2 - self.orientation
        images = np.moveaxis(stack, across, 0)[::every]
        wanted = len(stack) - 1 - positions if self.upside_down else positions
        for chunk, planes in apply(network, fine_grid, self._turned(images), wanted, progress):
            part = [slice(None), slice(None), slice(None)]
            part[across] = slice(chunk.start * every, chunk.stop * every, every)
            # The planes that were asked for keep their order; only the mirroring across is to be undone.
            mirrored = planes[..., ::-1] if self.mirrored else planes
            yield (part[0], part[1], part[2]), np.moveaxis(mirrored, 0, planes.ndim - 1 - self.orientation)

    def apply(
        self,
        network: Network,
        fine_grid: FineGrid,
        stack: NDArray[np.float32],
        positions: NDArray[np.floating],
        progress: ProgressCallback,
    ) -> NDArray[np.float32]:
        """The planes of the answer in this view, all at once; arguments as in :meth:`parts`.

        Returns:
            Shape (planes, na, nb); of a network with several maps, (maps, planes, na, nb).
        """
        answer = np.empty((*network.maps, len(positions), *stack.shape[1:]), np.float32)
        for part, planes in self.parts(network, fine_grid, stack, positions, progress):
            answer[(..., *part)] = planes
        return answer

    def _turned(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = slice(None, None, -1 if self.upside_down else 1)
        columns = slice(None, None, -1 if self.mirrored else 1)
        return images[:, rows, columns]


def plain_views(fine_grid: FineGrid, slices: int, positions: NDArray[np.floating], few: bool = False) -> list[View]:
    """Both orientations, and where the scan may be seen upside down, so too: the errors of the two differ.

    With ``few``, only one of the orientations is upside down and the other is not, for half the cost.
    """
    if few:
        return [View(0), View(1, fine_grid.symmetric(slices, positions))]
    ways = (False, True) if fine_grid.symmetric(slices, positions) else (False,)
    return [View(orientation, upside_down) for orientation in range(ORIENTATIONS) for upside_down in ways]


def views_of(restart: int) -> list[View]:
    """Both orientations under two of the four mirrorings; networks of even and odd ``restart`` share them out.

    This half of all combinations (a fractional factorial design) spreads almost as all do, at half the cost.
    """
    mirrorings = [(upside_down, upside_down ^ bool(restart % 2)) for upside_down in (False, True)]
    return [View(orientation, *mirroring) for orientation in range(ORIENTATIONS) for mirroring in mirrorings]
