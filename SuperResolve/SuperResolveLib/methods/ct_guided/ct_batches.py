"""Batches of CT: thin images, and the slices that degrading makes of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import torch

from ...errors import InputError
from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection, Item
from ...training.random_streams import CountedStream
from ...training.scan_pool import ScanPool
from ...training.thin import thin_axes
from .acquired import FEWEST_SLICES, Acquired, acquire, length_for
from .ct import FEWEST_VOXELS, windowed
from .patches import DetailedVolume

Order = tuple[int, int, int]


class CTBatches:
    """A batch for every iteration, of one scan, one pair of thin axes and one degradation, drawn anew each time.

    Args:
        collection: of CT.
        degradations: from which each iteration draws.
        window: intensities that become 0 and 1, in HU.
        size: of a batch.
        patch: voxels of a patch along the degraded axis, across, and along the third axis (1 for images), at most.
        random: by which all is drawn.
        device: where scans are kept and batches made.

    Raises:
        InputError: a scan has no thin axis that is long enough.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        window: tuple[float, float],
        size: int,
        patch: tuple[int, int, int],
        random: CountedStream,
        device: torch.device,
    ) -> None:
        self.random = random
        self._collection, self._degradations, self._size, self._patch = collection, degradations, size, patch
        self._orders = [orders_of(item, degradations.ratios[1], patch[2] > 1) for item in collection.items]
        self._pool = ScanPool(
            len(collection),
            random,
            lambda index: (
                index,
                DetailedVolume(windowed(collection.volume(index), window, collection.items[index].modality), device),
            ),
        )

    def at(self, iteration: int) -> Acquired:
        """The batch of an iteration; its ``truth`` is the CT."""
        generator = self.random.at(iteration)
        index, volume = self._pool.draw(iteration, generator)
        numbers = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        order = self._orders[index][int(numbers.integers(len(self._orders[index])))]
        voxel = self._collection.items[index].spacing[order[0]]
        degradation = self._degradations.draw(numbers, voxel)
        ratio = degradation.slice_spacing / voxel
        slices = max(FEWEST_SLICES, round(self._patch[0] / ratio))
        size = (length_for(slices, ratio), *self._patch[1:])
        patches = volume.patches(self._size, order, (size[0], size[1], size[2]), numbers)
        return acquire(patches, voxel, degradation, numbers, self._degradations.whole)


def orders_of(item: Item, ratio: float, all_thin: bool) -> list[Order]:
    """Axes of a scan in the orders in which the first can be degraded and the second lies across: both thin, and the
    third, too, where ``all_thin``.

    Raises:
        InputError: there are none.
    """
    thin, needed = thin_axes(item.spacing), length_for(FEWEST_SLICES, ratio)
    orders = [
        order
        for order in permutations(range(3))
        if order[0] in thin
        and order[1] in thin
        and (order[2] in thin or not all_thin)
        and item.shape[order[0]] >= max(needed, FEWEST_VOXELS)
        and item.shape[order[1]] >= FEWEST_VOXELS
    ]
    if not orders:
        what = "all its voxels must be thin for a network that sees volumes" if all_thin else "choose a smaller ratio"
        raise InputError(
            f"{item.path} has no images of thin voxels that hold {FEWEST_SLICES} slices of {ratio:.3g} voxels each: "
            f"{what}, or leave it out"
        )
    return [(order[0], order[1], order[2]) for order in orders]
