"""Training pairs from the scan itself: in-plane lines degraded as the scanner degraded the through-plane ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from ..physics.acquisition import acquisition_matrix
from ..physics.fine_grid import Phases

#: Positions of the slice centres between in-plane voxels that occur in training, for ratios that are not whole.
SUBVOXEL_PHASES = 8


@dataclass(frozen=True)
class Pairs:
    """A batch: degraded ``slices`` (batch, slices, width), the ``truth`` (batch, voxels, width) and how to get
    there.
    """

    slices: torch.Tensor
    truth: torch.Tensor
    reading: torch.Tensor


@dataclass(frozen=True)
class _Direction:
    """One in-plane direction along which slices are degraded.

    ``planes`` has shape (slices of the scan, voxels along the direction, voxels across it); ``degradations`` and
    ``readings`` hold one matrix per sub-voxel phase.
    """

    planes: torch.Tensor
    cumulative_weights: torch.Tensor
    starts: tuple[int, int, int]
    degradations: torch.Tensor
    readings: torch.Tensor


class PairSampler:
    """Draws batches of training pairs, more often where there is detail.

    Args:
        planes: the scan, normalised, slices first: shape (slices, na, nb).
        spacing: in-plane voxel sizes along a and b in mm.
        phases: the scan's fine grid.
        slices: how many simulated slices a patch spans, at most; fewer where the image is too small.
        width: voxels across.
        device: where the scan is kept and batches are made.
        seed: of the draws.
    """

    def __init__(
        self,
        planes: NDArray[np.float32],
        spacing: tuple[float, float],
        phases: Phases,
        slices: int,
        width: int,
        device: torch.device,
        seed: int,
    ) -> None:
        self._generator = torch.Generator(device=device).manual_seed(seed)
        self._device = device
        reach = phases.profile.offsets[-1] + phases.slice_spacing
        extents = [size * voxel for size, voxel in zip(planes.shape[1:], spacing, strict=True)]
        fitting = [int((extent - 2 * reach) / phases.slice_spacing) for extent in extents]
        self._usable = [index for index, count in enumerate(fitting) if count >= 4] or [int(np.argmax(fitting))]
        self.slices = max(2, min(slices, *(fitting[index] for index in self._usable)))
        self.width = min(width, *planes.shape[1:])
        self._directions = [
            self._direction(planes if index == 0 else planes.transpose(0, 2, 1), spacing[index], phases)
            for index in self._usable
        ]

    def _direction(self, planes: NDArray[np.float32], voxel: float, phases: Phases) -> _Direction:
        step = phases.slice_spacing
        reach = phases.profile.offsets[-1] + step
        length = min(planes.shape[1], int(np.ceil(((self.slices - 1) * step + 2 * reach) / voxel)) + 1)
        voxels = (np.arange(length) - (length - 1) / 2) * voxel
        whole = abs(step / voxel - round(step / voxel)) < 1e-3
        degradations, readings = [], []
        for phase in range(1 if whole else SUBVOXEL_PHASES):
            first = -(self.slices - 1) / 2 * step
            if whole:  # put the voxels on the fine grid, as the planes of the answer are
                fine = phases.positions(self.slices) * step + first
                first += float(voxels[length // 2] - fine[np.argmin(np.abs(fine - voxels[length // 2]))])
            else:
                first += (phase / SUBVOXEL_PHASES - 0.5) * voxel
            centres = first + np.arange(self.slices) * step
            supervised = (voxels > centres[0] - step / 2) & (voxels < centres[-1] + step / 2)
            degradations.append(acquisition_matrix(phases.profile, centres, voxels, voxel))
            reading = phases.reading(self.slices, (voxels - first) / step)
            readings.append(np.where(supervised[:, None], reading, 0.0))
        starts = (planes.shape[0], planes.shape[1] - length + 1, planes.shape[2] - self.width + 1)
        return _Direction(
            planes=torch.as_tensor(np.ascontiguousarray(planes), device=self._device),
            cumulative_weights=torch.as_tensor(_detail(planes, length, self.width, starts), device=self._device),
            starts=starts,
            degradations=torch.as_tensor(np.array(degradations), dtype=torch.float32, device=self._device),
            readings=torch.as_tensor(np.array(readings), dtype=torch.float32, device=self._device),
        )

    def draw(self, batch: int) -> Pairs:
        """A batch from one direction, randomly flipped."""
        direction = self._directions[self._integer(len(self._directions))]
        phase = self._integer(len(direction.degradations))
        degradation, reading = direction.degradations[phase], direction.readings[phase]
        truth = self._cut(direction, batch, degradation.shape[1])
        if self._integer(2):
            truth = truth.flip(2)
        slices = torch.einsum("sv,bvw->bsw", degradation, truth)
        supervised = (reading.abs().sum(1) > 0)[None, :, None]
        return Pairs(slices, truth * supervised, reading)

    def _cut(self, direction: _Direction, batch: int, length: int) -> torch.Tensor:
        weights = direction.cumulative_weights
        draws = torch.rand(batch, generator=self._generator, device=self._device, dtype=torch.float64) * weights[-1]
        flat = torch.searchsorted(weights, draws).clamp(max=len(weights) - 1)
        _, rows, columns = direction.starts
        plane, row, column = flat // (rows * columns), flat // columns % rows, flat % columns
        along = torch.arange(length, device=self._device)
        across = torch.arange(self.width, device=self._device)
        return direction.planes[
            plane[:, None, None],
            row[:, None, None] + along[None, :, None],
            column[:, None, None] + across[None, None, :],
        ]

    def _integer(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self._generator, device=self._device))


def _detail(planes: NDArray[np.float32], length: int, width: int, starts: tuple[int, int, int]) -> NDArray[np.float64]:
    """Running sum, over where a patch can start, of the mean gradient inside it, plus a tenth of its mean
    everywhere.
    """
    gradient = np.abs(np.gradient(planes, axis=1)) + np.abs(np.gradient(planes, axis=2))
    mean = uniform_filter(gradient, size=(1, length, width), mode="nearest")
    inside = mean[:, length // 2 : length // 2 + starts[1], width // 2 : width // 2 + starts[2]].astype(np.float64)
    return np.cumsum(inside + 0.1 * inside.mean() + 1e-12)
