"""Batches of observed slices with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...training.collection import Collection
from ...training.random_streams import CountedStream
from ...training.scan_pool import ScanPool
from .planes import Frame, ObservedPlanes
from .presets import Fit


@dataclass(frozen=True)
class SliceTriples:
    """A batch of slices between their neighbours.

    Attributes:
        before, middle, after: shape (batch, 1, side, side); a neighbour that does not exist is the slice itself.
        has_before, has_after: whether it exists, shape (batch,).
    """

    before: torch.Tensor
    middle: torch.Tensor
    after: torch.Tensor
    has_before: torch.Tensor
    has_after: torch.Tensor


class SliceBatches:
    """A batch for every iteration, all of one scan.

    Args:
        collection: the scans.
        every: K: of thin scans every K-th plane is seen.
        size: of a batch.
        side, fit: how slices are brought to one size.
        random: by which they are drawn.
        device: where batches are made.
    """

    def __init__(
        self,
        collection: Collection,
        every: int,
        size: int,
        side: int,
        fit: Fit,
        random: CountedStream,
        device: torch.device,
    ) -> None:
        self.random = random
        self._size = size

        def prepared(index: int) -> torch.Tensor:
            planes = ObservedPlanes.of(collection.volume(index), every).planes
            frame = Frame(planes.shape[1], planes.shape[2], side, fit)
            return frame.into(torch.as_tensor(planes, device=device))

        self._pool = ScanPool(len(collection.items), random, prepared)

    def at(self, iteration: int) -> SliceTriples:
        """The batch of an iteration."""
        generator = self.random.at(iteration)
        planes = self._pool.draw(iteration, generator)
        number = torch.randint(len(planes), (self._size,), generator=generator).to(planes.device)
        last = len(planes) - 1
        before, after = (number - 1).clamp(min=0), (number + 1).clamp(max=last)
        first, middle, second = (planes[each][:, None] for each in (before, number, after))
        return SliceTriples(first, middle, second, number > 0, number < last)
