"""Training pairs in three dimensions from a collection: patches of columns that were degraded from end to end.

What a network is given at a voxel depends on the slices all along the axis. So columns are degraded whole, and what
the network starts from is made of all their slices, before a patch is cut: patches hold what the network is given in
use, at the ends of a volume, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from ..data.volume import Volume
from ..physics.acquisition import along
from ..physics.degradation import DegradedPatch
from ..physics.degradation_range import DegradationRange
from ..physics.problem import SMALLEST_DAMPING
from .collection import Collection
from .random_streams import RandomStream
from .thin import thin_axes
from .volume_pairs import Start, VolumePairs

Image = NDArray[np.float32]

#: Scans that are at hand at once, and iterations after which one of them makes place for the next.
HELD, ITERATIONS_HELD = 8, 25
#: How much likelier a patch is cut than by its detail alone, in units of the mean detail.
BACKGROUND = 0.1


class CollectionBatches:
    """A batch for every iteration: patches of one scan along one axis, degraded alike.

    Args:
        collection: thin volumes.
        degradations: of which one is drawn for every batch.
        size: patches in a batch.
        patch: voxels of a patch along the through-plane axis and across; fewer where a scan is smaller.
        start: what networks start from.
        random: what is drawn of.
        device: where batches are put.
        rank, ranks: which of several processes this is; each gets its share of every batch.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        size: int,
        patch: tuple[int, int, int],
        start: Start,
        random: RandomStream,
        device: torch.device,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.random = random
        self._collection = collection
        self._degradations = degradations
        self._size = size
        self._patch = patch
        self._start = start
        self._device = device
        self._share = slice(rank, None, ranks)
        self._prepared = lru_cache(HELD)(self._prepare)

    def at(self, iteration: int) -> VolumePairs:
        """The batch of an iteration; which scans it may come from depends on nothing but the iteration."""
        seed = int(torch.randint(2**62, (1,), generator=self.random.at(iteration)))
        random = np.random.default_rng(seed)
        scan = self._prepared(int(random.choice(self._held_at(iteration))))
        axis = int(random.choice(scan.axes))
        voxel = scan.spacing[axis]
        degradation = self._degradations.draw(random, voxel)
        columns = scan.columns(axis, self._patch, self._size, random)
        noise = degradation.noise
        length = columns.shape[1]
        slices = max(2, int((length - 1) * voxel / degradation.slice_spacing))
        patch = degradation.patch(slices, length, voxel, random.uniform(-0.5, 0.5) * voxel)
        seen = along(patch.matrix, columns, 1)
        if noise > 0:
            seen = seen + noise * random.standard_normal(seen.shape, np.float32)
        window = _window(columns, self._patch[0], random)
        inverse = _inverse(patch, self._start, _damping(seen, noise))[window]
        start, truth = along(inverse, seen, 1), columns[:, window]
        flips = tuple(axis + 1 for axis in range(3) if random.random() < 0.5)
        turned = (0, 1, 3, 2) if random.random() < 0.5 and truth.shape[2] == truth.shape[3] else (0, 1, 2, 3)
        return VolumePairs(
            *(
                torch.as_tensor(np.ascontiguousarray(image[self._share]), device=self._device)
                for image in (seen, *(np.flip(image, flips).transpose(turned) for image in (start, truth)))
            )
        )

    def _held_at(self, iteration: int) -> list[int]:
        """The scans at hand: a window that moves by one over an order that is drawn anew whenever it is through."""
        count = len(self._collection.items)
        if count <= HELD:
            return list(range(count))
        first = iteration // ITERATIONS_HELD
        return [self._in_order(position, count) for position in range(first, first + HELD)]

    def _in_order(self, position: int, count: int) -> int:
        epoch, place = divmod(position, count)
        return int(np.random.default_rng(epoch).permutation(count)[place])

    def _prepare(self, index: int) -> Prepared:
        return Prepared.of(self._collection.volume(index))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A thin volume that patches are cut from.

    Attributes:
        data: its voxels, with the 1st percentile at 0 and the 99.5th at 1.
        spacing: voxel sizes in mm.
        detail: its mean absolute gradient around every voxel.
    """

    data: Image
    spacing: tuple[float, float, float]
    detail: Image

    @classmethod
    def of(cls, volume: Volume) -> Prepared:
        """Prepare a volume."""
        low, high = np.percentile(volume.data, (1.0, 99.5))
        data = ((volume.data - low) / max(high - low, 1e-12)).astype(np.float32)
        gradient = np.zeros_like(data)
        for axis in range(3):
            gradient += np.abs(np.gradient(data, axis=axis))
        return cls(data, volume.spacing, gradient)

    @property
    def axes(self) -> list[int]:
        """Along which its voxels are thin."""
        return thin_axes(self.spacing)

    def columns(self, axis: int, patch: tuple[int, int, int], count: int, random: np.random.Generator) -> Image:
        """So many columns, whole along the axis, as wide across as patches: shape (count, length, rows, columns)."""
        data, detail = np.moveaxis(self.data, axis, 0), np.moveaxis(self.detail, axis, 0)
        rows, across = min(patch[1], data.shape[1]), min(patch[2], data.shape[2])
        starts = _drawn(detail.sum(axis=0), (rows, across), count, random)
        return np.stack([data[:, i : i + rows, j : j + across] for i, j in starts])


def _drawn(weights: Image, size: tuple[int, ...], count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Where so many boxes start, more often where their mean weight is large: shape (count, axes)."""
    mean = uniform_filter(weights.astype(np.float64), size, mode="nearest")
    inside = mean[tuple(slice(n // 2, n // 2 + whole - n + 1) for n, whole in zip(size, mean.shape, strict=True))]
    sums = np.cumsum(inside + BACKGROUND * inside.mean() + 1e-12)
    flat = np.searchsorted(sums, random.random(count) * sums[-1]).clip(max=sums.size - 1)
    return np.stack(np.unravel_index(flat, inside.shape), axis=1)


def _window(columns: Image, planes: int, random: np.random.Generator) -> slice:
    """Which planes of the columns are cut, more often where there is detail."""
    length = columns.shape[1]
    planes = min(planes, length)
    detail = np.abs(np.diff(columns, axis=1, append=columns[:, -1:])).mean(axis=(0, 2, 3))
    ((first,),) = _drawn(detail, (planes,), 1, random)
    return slice(int(first), int(first) + planes)


def _damping(slices: Image, noise: float) -> float:
    """The damping of Tikhonov's inverse, as :meth:`~SuperResolveLib.physics.problem.Acquisition.tikhonov_damping` finds
    it for a scan.
    """
    variances = [np.mean(np.diff(slices, axis=axis) ** 2) for axis in (2, 3)]
    return max(noise**2 / max(float(np.mean(variances)), 1e-30), SMALLEST_DAMPING)


def _inverse(patch: DegradedPatch, start: Start, damping: float) -> NDArray[np.floating]:
    if start == "tikhonov":
        return patch.tikhonov(damping)
    return patch.spline() if start == "spline" else patch.cubic()
