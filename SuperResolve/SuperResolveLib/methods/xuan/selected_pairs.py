r"""Training pairs of the second stage: patches of thin volumes, and what an interpolation makes of every K-th plane.

T selects slices: their thickness stays. With a whole ratio the slices are planes of the volume, at a phase drawn for
every batch; with another, planes between planes are read off by cubic convolution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...physics.acquisition import along, selection_matrix
from ...physics.degradation import cubic_reading, spline_reading
from ...training.patches import PatchSampler
from ...training.random_streams import CountedStream
from ...training.scan_pool import ScanPool

Start = Literal["cubic", "spline"]


@dataclass(frozen=True)
class Pairs:
    """What the network is given and what it should answer, (batch, 1, planes, rows, columns) both."""

    start: torch.Tensor
    truth: torch.Tensor


def slice_positions(planes: int, ratio: float, phase: float) -> NDArray[np.floating]:
    """Positions of the slices on the planes: the first is the share ``phase`` (0 to below 1) of a ratio in.

    Of a whole ratio, slices lie on planes.
    """
    whole = abs(ratio - round(ratio)) < 1e-6
    first = int(phase * round(ratio)) if whole else phase * ratio
    return np.arange(first, planes - 1 + 1e-9, round(ratio) if whole else ratio)


class SelectedPairs:
    """A batch for every iteration, all of one volume.

    Args:
        count: of volumes.
        volume: the thin volume of an index, normalised, planes first.
        ratios: from which one is drawn for every batch; equal ends fix it.
        size: of a batch.
        patch: voxels of a patch along each axis, at most.
        start: what the network is given.
        random: by which all is drawn.
        device: where volumes are kept and batches made.
        turned: whether patches are mirrored and rows swapped with columns at random.
    """

    def __init__(
        self,
        count: int,
        volume: Callable[[int], NDArray[np.float32]],
        ratios: tuple[float, float],
        size: int,
        patch: int,
        start: Start,
        random: CountedStream,
        device: torch.device,
        turned: bool,
    ) -> None:
        self.random = random
        self._ratios, self._size, self._patch, self._turned = ratios, size, patch, turned
        self._reading = cubic_reading if start == "cubic" else spline_reading

        def prepared(index: int) -> PatchSampler:
            thin = volume(index)
            rows, columns = (min(patch, size) for size in thin.shape[1:])
            return PatchSampler(thin, (len(thin), rows, columns), device)

        self._pool = ScanPool(count, random, prepared)

    def at(self, iteration: int) -> Pairs:
        """The batch of an iteration."""
        generator = self.random.at(iteration)
        sampler = self._pool.draw(iteration, generator)
        device = sampler.volume.device
        drawn = torch.rand(2 + self._size, generator=generator, dtype=torch.float64).tolist()
        low, high = self._ratios
        planes = len(sampler.volume)
        # At least three slices: of a short volume, the largest ratio that gives so many.
        ratio = max(1.0, min(low + (high - low) * drawn[0], float((planes - 1) // 3) or 1.0))
        positions = slice_positions(planes, ratio, drawn[1])
        columns = sampler.cut(sampler.starts(self._size, self.random_on(device, iteration)))
        slices = along(selection_matrix(positions, np.arange(planes), 1.0), columns, 1)
        first, last = int(np.ceil(positions[0] - 1e-9)), int(positions[-1] + 1e-9)
        between = (np.arange(first, last + 1) - positions[0]) / (positions[1] - positions[0])
        start = along(self._reading(len(positions), between), slices, 1)
        truth = columns[:, first : last + 1]
        length = min(self._patch, truth.shape[1])
        starts = [int(each * (truth.shape[1] - length + 1)) for each in drawn[2:]]
        both = torch.stack(
            [torch.stack([pair[n, at : at + length] for n, at in enumerate(starts)]) for pair in (start, truth)]
        )
        if self._turned:
            both = _turned(both, generator)
        return Pairs(both[0][:, None], both[1][:, None])

    def random_on(self, device: torch.device, iteration: int) -> torch.Generator:
        """Random numbers of an iteration on a device, those of patches."""
        seed = int(torch.randint(2**31, (1,), generator=self.random.at(iteration)))
        return torch.Generator(device=device).manual_seed(seed)


def _turned(both: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Patches (pair, batch, planes, rows, columns), mirrored and transposed, the whole batch alike."""
    chances = torch.rand(4, generator=generator).tolist()
    both = both.flip([axis for axis, chance in zip((2, 3, 4), chances, strict=False) if chance < 0.5])
    return both.transpose(3, 4) if chances[3] < 0.5 else both
