"""Batches of two-dimensional slices and their neighbours, for what learns from the slices of thick scans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..data.volume import Volume
from ..errors import InputError
from .collection import Collection
from .prepared_scan import normalised
from .random_streams import CountedStream
from .scan_pool import ScanPool


@dataclass(frozen=True)
class SliceTriples:
    """A batch of slices between their neighbours.

    Attributes:
        before, middle, after: shape (batch, 1, rows, columns); a neighbour that does not exist is zero.
        has_before, has_after: whether it exists, shape (batch,).
    """

    before: torch.Tensor
    middle: torch.Tensor
    after: torch.Tensor
    has_before: torch.Tensor
    has_after: torch.Tensor


class SliceBatches:
    """A batch of slices for every iteration, all of one scan, which slowly change.

    Of each scan the planes 0, K, 2K, ... along the through-plane axis are seen, and no other. The three slices of a
    triple are cut at one place, drawn at random where the scan is larger than wanted; where it is smaller, zeros (dark)
    are put around it.

    Args:
        collection: the scans.
        every: K.
        size: of a batch.
        shape: rows and columns of the slices wanted.
        random: the random numbers.
        device: where scans are kept and batches made.

    Raises:
        InputError: the collection is empty, or ``every`` is not positive.
    """

    def __init__(
        self,
        collection: Collection,
        every: int,
        size: int,
        shape: tuple[int, int],
        random: CountedStream,
        device: torch.device,
    ) -> None:
        if not len(collection):
            raise InputError("there are no scans to draw from: give a collection of at least one")
        if every < 1:
            raise InputError(f"every {every}th plane cannot be taken: give a whole number from 1")
        self.random = random
        self._every, self._size, self._shape, self._device = every, size, shape, device
        self._pool: ScanPool[torch.Tensor] = ScanPool(collection, random, self._prepared)

    def at(self, iteration: int) -> SliceTriples:
        """The batch of an iteration."""
        generator = self.random.at(iteration)
        planes = self._pool.draw(iteration, generator)
        count, *whole = planes.shape
        uniform = torch.rand(3, self._size, generator=generator, device=generator.device).to(self._device)
        number = (uniform[0] * count).long().clamp(max=count - 1)
        inner = [torch.arange(wanted, device=self._device) for wanted in self._shape]
        rows, columns = (
            (uniform[1 + axis] * (whole[axis] - len(inner[axis]) + 1)).long().clamp(max=whole[axis] - len(inner[axis]))
            for axis in range(2)
        )
        at = ((rows[:, None] + inner[0])[:, :, None], (columns[:, None] + inner[1])[:, None, :])

        def cut(neighbour: int) -> tuple[torch.Tensor, torch.Tensor]:
            wanted = number + neighbour
            exists = (wanted >= 0) & (wanted < count)
            image = planes[wanted.clamp(0, count - 1)[:, None, None], at[0], at[1]]
            return (image * exists[:, None, None])[:, None], exists

        (before, has_before), (middle, _), (after, has_after) = cut(-1), cut(0), cut(1)
        return SliceTriples(before, middle, after, has_before, has_after)

    def _prepared(self, _index: int, volume: Volume) -> torch.Tensor:
        """Every K-th plane, normalised by what these planes hold and padded to the shape, (planes, rows, columns)."""
        planes = normalised(np.moveaxis(volume.data, through_plane_axis(volume), 0)[:: self._every])
        missing = [max(0, wanted - n) for wanted, n in zip(self._shape, planes.shape[1:], strict=True)]
        around = [(0, 0), *((each // 2, each - each // 2) for each in missing)]
        return torch.as_tensor(np.pad(planes, around), device=self._device)


def through_plane_axis(volume: Volume) -> int:
    """The axis of the largest spacing; of several that are equal, the last."""
    spacing = np.asarray(volume.spacing)
    return int(np.flatnonzero(spacing > spacing.max() * (1 - 1e-3))[-1])
