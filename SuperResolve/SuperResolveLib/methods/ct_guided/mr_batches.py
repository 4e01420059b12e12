"""Batches of MR: patches of thick slices, whose thin images are not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection
from ...training.random_streams import CountedStream
from ...training.scan_pool import ScanPool
from .acquired import Acquired, column_of_slices, damping_of
from .mr_scans import ThickScan, thick_scan
from .patches import DetailedVolume

#: Slices of a patch, at least.
FEWEST_SLICES = 4


@dataclass(frozen=True, eq=False)
class MRPatches:
    """A batch.

    Attributes:
        acquired: the slices, and where they lie.
        voxel: of the answer, in mm.
        numbers: for whatever else the iteration draws.
    """

    acquired: Acquired
    voxel: float
    numbers: np.random.Generator


class MRBatches:
    """A batch for every iteration, of one scan and one of both images through its slices.

    Args:
        collection: of MR.
        degradations: that the method learns.
        ratio: at which thin volumes are degraded.
        seed: of these degradations.
        size: of a batch.
        patch: voxels of the answer along the through-plane axis, across, and along the third axis (1 for images), at
            most.
        random: by which all is drawn.
        device: where scans are kept and batches made.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        ratio: float,
        seed: int,
        size: int,
        patch: tuple[int, int, int],
        random: CountedStream,
        device: torch.device,
    ) -> None:
        self.random = random
        self._size, self._patch = size, patch

        def prepared(index: int) -> tuple[ThickScan, DetailedVolume]:
            scan = thick_scan(collection.volume(index), degradations, ratio, seed + index)
            return scan, DetailedVolume(scan.slices, device)

        self._pool = ScanPool(len(collection), random, prepared)

    def at(self, iteration: int) -> MRPatches:
        """The batch of an iteration."""
        generator = self.random.at(iteration)
        scan, slices = self._pool.draw(iteration, generator)
        numbers = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        ratio = scan.degradation.slice_spacing / scan.voxel
        count = min(max(FEWEST_SLICES, round(self._patch[0] / ratio)), len(scan.slices))
        order = (0, 1, 2) if numbers.integers(2) else (0, 2, 1)
        patches = slices.patches(self._size, order, (count, *self._patch[1:]), numbers)
        column = column_of_slices(scan.degradation, scan.voxel, count, scan.whole)
        return MRPatches(Acquired(patches, column, damping_of(patches, scan.noise)), scan.voxel, numbers)
