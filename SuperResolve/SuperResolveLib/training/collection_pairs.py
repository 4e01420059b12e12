"""Training pairs from a collection: columns degraded from end to end, and windows cut out of what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ..data.volume import Volume
from ..errors import InputError
from ..physics.acquisition import along
from ..physics.degradation_range import DegradationRange
from ..physics.degraded_column import DegradedColumn, Start, slices_in
from .collection import Collection
from .column_pairs import ColumnPairs
from .prepared_scan import BACKGROUND, PreparedScan
from .random_streams import CountedStream
from .scan_pool import ScanPool
from .thin import thin_axes

Axes = Literal["thin"] | tuple[int, ...]
#: Slices and voxels across that an axis must have to be degraded along.
FEWEST_SLICES, NARROWEST = 4, 8


def usable_axes(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    degradations: DegradationRange,
    axes: Axes = "thin",
) -> tuple[int, ...]:
    """The axes along which a scan can be degraded: of thin voxels, and long enough for the largest ratio."""
    return tuple(
        axis
        for axis in (thin_axes(spacing) if axes == "thin" else axes)
        if slices_in(shape[axis], degradations.ratios[1]) >= FEWEST_SLICES and min(np.delete(shape, axis)) >= NARROWEST
    )


class CollectionBatches:
    """A batch of training pairs for every iteration, from one scan, axis and degradation, drawn anew each time.

    A column is as long as the scan, degraded whole, and the start is made of all its slices, so that networks see what
    they will see in use, ends included; of start and truth a window is cut. Columns and windows are drawn where there
    is anatomy, mirrored along each axis at random, and their other two axes swapped at random. Where a scan is smaller
    than the patch, the batch's patches are smaller. Which random numbers an iteration uses depends on nothing but the
    seed and the iteration, and every rank draws the whole batch's and makes its part.

    Args:
        collection: the scans.
        degradations: from which each iteration draws.
        size: of a batch, over all ranks.
        patch: voxels of a patch at most: planes along the degraded axis, rows and columns.
        start: what networks start from.
        random: the random numbers.
        device: where scans are kept and batches made.
        axes: along which scans are degraded: those whose voxels are thin, or those given.
        rank, ranks: which part of every batch is made here.

    Raises:
        InputError: the collection is empty, a scan has no axis to be degraded along, or ranks cannot share a batch.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        size: int,
        patch: tuple[int, int, int],
        start: Start,
        random: CountedStream,
        device: torch.device,
        axes: Axes = "thin",
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        if not len(collection):
            raise InputError("there are no scans to draw from: give a collection of at least one")
        if size % ranks:
            raise InputError(f"{ranks} processes cannot share a batch of {size}: choose a multiple of {ranks}")
        self._usable = [usable_axes(item.shape, item.spacing, degradations, axes) for item in collection.items]
        unusable = next((item for item, own in zip(collection.items, self._usable, strict=True) if not own), None)
        if unusable is not None:
            raise InputError(
                f"{unusable.path} cannot be learned from: it has no axis of thin voxels that holds {FEWEST_SLICES} "
                f"slices of {degradations.ratios[1]:.3g} voxels each; leave it out or choose smaller ratios"
            )
        self.random = random
        self._degradations, self._size, self._patch, self._start = degradations, size, patch, start
        self._part = slice(rank * size // ranks, (rank + 1) * size // ranks)
        self._device = device
        self._pool = ScanPool(
            len(collection),
            random,
            lambda index: PreparedScan(collection.volume(index), self._usable[index], device),
        )

    def at(self, iteration: int) -> ColumnPairs:
        """The batch of an iteration; its slices are those of the whole columns."""
        generator = self.random.at(iteration)
        scan = self._pool.draw(iteration, generator)
        return self._made(scan, _Draw(self._size, self._part, generator, self._device))

    def _made(self, scan: PreparedScan, draw: _Draw) -> ColumnPairs:
        numbers = np.random.default_rng(draw.integer(2**62))
        axis = scan.axes[int(numbers.integers(len(scan.axes)))]
        swapped = bool(numbers.integers(2))
        voxel, faced = scan.spacing[axis], scan.facing(axis, swapped)
        degradation = self._degradations.draw(numbers, voxel)
        column = DegradedColumn.at_phase(degradation, voxel, len(faced), numbers.uniform(), self._degradations.whole)
        rows, across = min(self._patch[1], faced.shape[1]), min(self._patch[2], faced.shape[2])

        uniform = draw.uniform(2)
        starts = scan.column_starts(axis, swapped, rows, across, uniform[:, 0])
        columns = cut_columns(faced, starts, rows, across, draw.uniform(3) < 0.5)
        slices = along(column.matrix, columns, 1)
        if degradation.noise:
            slices = slices + degradation.noise * draw.normal(column.slices, rows, across)
        truth = columns[:, column.seen]
        planes = min(self._patch[0], truth.shape[1])
        window = window_starts(truth, planes, uniform[:, 1])[:, None] + torch.arange(planes, device=self._device)
        damping = scan.damping(axis, degradation.noise)
        matrix = column.start(self._start, damping)
        inverse = torch.as_tensor(matrix, dtype=torch.float32, device=self._device)[window]
        start = torch.bmm(inverse, slices.flatten(2)).unflatten(2, (rows, across))
        true = truth[torch.arange(len(truth), device=self._device)[:, None], window]
        return ColumnPairs(slices, start, true, column, matrix, window, damping)


@dataclass(frozen=True)
class _Draw:
    """Random numbers for a whole batch, of which those of this part are handed out, on the device.

    Attributes:
        size: of the batch.
        part: of it that is made here.
        generator: of the random numbers, on any device.
        device: where they are wanted.
    """

    size: int
    part: slice
    generator: torch.Generator
    device: torch.device

    def integer(self, below: int) -> int:
        """One for the whole batch."""
        return int(torch.randint(below, (1,), generator=self.generator, device=self.generator.device))

    def uniform(self, count: int) -> torch.Tensor:
        """So many for each member, from 0 to 1, float64."""
        on = self.generator.device
        drawn = torch.rand(self.size, count, generator=self.generator, device=on, dtype=torch.float64)
        return drawn[self.part].to(self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        """An array for each member."""
        drawn = torch.randn(self.size, *shape, generator=self.generator, device=self.generator.device)
        return drawn[self.part].to(self.device)


def cut_columns(
    volume: torch.Tensor, starts: torch.Tensor, rows: int, columns: int, flipped: torch.Tensor
) -> torch.Tensor:
    """Columns along the first axis of a volume, shape (number, length, rows, columns).

    Args:
        volume: shape (length, all rows, all columns).
        starts: first row and column of each, shape (number, 2).
        rows: of a column.
        columns: of a column.
        flipped: along which of its axes each is mirrored, shape (number, 3).
    """
    indices = []
    for axis, count in enumerate((rows, columns)):
        within = torch.arange(count, device=volume.device)
        within = torch.where(flipped[:, 1 + axis, None], count - 1 - within, within)
        indices.append(starts[:, axis, None] + within)
    cut = volume[:, indices[0][:, :, None], indices[1][:, None, :]].movedim(1, 0)
    return torch.where(flipped[:, 0, None, None, None], cut.flip(1), cut)


def window_starts(columns: torch.Tensor, planes: int, uniform: torch.Tensor) -> torch.Tensor:
    """First planes of windows, one a column, more often where there is in-plane detail, shape (number,).

    Args:
        columns: shape (number, length, rows, columns).
        planes: of a window.
        uniform: random numbers from 0 to 1, float64, shape (number,).
    """
    # Summed in double precision, so that a column's window does not depend on how many others are in the batch.
    steps = [columns.diff(dim=axis).abs().mean(dim=(2, 3), dtype=torch.float64) for axis in (2, 3)]
    detail = torch.stack(steps).sum(dim=0)
    weights = detail.unfold(1, planes, 1).mean(dim=2)
    sums = torch.cumsum(weights + BACKGROUND * weights.mean(dim=1, keepdim=True) + 1e-12, dim=1)
    drawn = torch.searchsorted(sums, uniform[:, None] * sums[:, -1:])[:, 0]
    return drawn.clamp(max=sums.shape[1] - 1)


_INTERPOLATIONS: tuple[Start, Start] = ("spline", "cubic")


@dataclass(frozen=True)
class ValidationPair:
    """What a network is judged by: the starts and the truth, each (1, planes, rows, columns), normalised.

    Attributes:
        spline, cubic: what the two interpolations make of the slices.
        pairs: Tikhonov's inverse and the truth, by which an answer can be made consistent.
    """

    spline: torch.Tensor
    cubic: torch.Tensor
    pairs: ColumnPairs

    @property
    def tikhonov(self) -> torch.Tensor:
        """What Tikhonov's inverse makes of the slices."""
        return self.pairs.start

    @property
    def truth(self) -> torch.Tensor:
        """The truth."""
        return self.pairs.truth


def validation_pair(
    volume: Volume, degradations: DegradationRange, axis: int, seed: int = 0, largest: int = 96
) -> ValidationPair:
    """The middle of a scan that is degraded whole along an axis, by a degradation that the seed draws.

    Args:
        volume: the scan.
        degradations: from which it is drawn; ranges with equal ends fix it.
        axis: along which the scan is degraded, 0, 1 or 2; it becomes the first.
        seed: of the degradation and the noise; the slices lie in the middle of the leeway that they have.
        largest: voxels of the middle along each side, at most.

    Raises:
        InputError: the scan is too short along the axis for two slices.
    """
    scan = PreparedScan(volume, (axis,), torch.device("cpu"))
    faced, voxel = scan.facing(axis, False), scan.spacing[axis]
    middle = tuple(slice(max(0, (n - largest) // 2), max(0, (n - largest) // 2) + largest) for n in faced.shape[1:])
    columns = faced[:, *middle][None]
    random = np.random.default_rng(seed)
    degradation = degradations.draw(random, voxel)
    column = DegradedColumn.at_phase(degradation, voxel, len(faced), 0.5, degradations.whole)
    slices = along(column.matrix, columns, 1)
    if degradation.noise:
        noise = random.standard_normal(slices.shape).astype(np.float32)
        slices = slices + degradation.noise * torch.from_numpy(noise)
    truth = columns[:, column.seen]
    first = max(0, (truth.shape[1] - largest) // 2)
    window = slice(first, first + largest)
    damping = scan.damping(axis, degradation.noise)
    spline, cubic = (along(column.start(kind)[window], slices, 1) for kind in _INTERPOLATIONS)
    inverse = column.start("tikhonov", damping)
    seen = torch.arange(truth.shape[1])[None, window]
    start = along(inverse[window], slices, 1)
    pairs = ColumnPairs(slices, start, truth[:, window].contiguous(), column, inverse, seen, damping)
    return ValidationPair(spline, cubic, pairs)
