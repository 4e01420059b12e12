"""Training pairs in two dimensions, from the scan itself: in-plane lines degraded as the scanner degraded the
through-plane ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..physics.degradation import Degradation, DegradedPatch
from ..physics.fine_grid import FineGrid
from .patches import PatchSampler


@dataclass(frozen=True)
class ImagePairs:
    """A batch: degraded ``slices`` (batch, slices, width); their ``truth`` (batch, voxels, width), zero but for the
    ``known`` voxels (voxels,), which are to be learned; and the matrix ``reading`` (voxels, fine planes) that reads
    these off the slices' fine grid.
    """

    slices: torch.Tensor
    truth: torch.Tensor
    known: torch.Tensor
    reading: torch.Tensor

    def read(self, fine_planes: torch.Tensor) -> torch.Tensor:
        """Fine planes (batch, fine planes, width) at the truth's voxels."""
        return torch.einsum("vf,bfw->bvw", self.reading, fine_planes)


@dataclass(frozen=True)
class _Direction:
    """One in-plane direction along which images are degraded, and the matrices of every sampling phase."""

    patches: PatchSampler
    degradations: torch.Tensor
    readings: torch.Tensor


class ImagePairSampler:
    """Draws batches of training pairs along both in-plane directions.

    Args:
        images: the scan, normalised, slices first: shape (slices, na, nb).
        spacing: in-plane voxel sizes along a and b in mm.
        fine_grid: the scan's.
        slices: how many simulated slices a patch spans, at most; fewer where the image is too small.
        width: voxels across.
        device: where the scan is kept and batches are made.

    Attributes:
        slices, width: what patches span.
    """

    def __init__(
        self,
        images: NDArray[np.float32],
        spacing: tuple[float, float],
        fine_grid: FineGrid,
        slices: int,
        width: int,
        device: torch.device,
    ) -> None:
        self._device = device
        self._fine_grid = fine_grid
        self._degradation = Degradation(fine_grid.profile, fine_grid.slice_spacing)
        extents = [size * voxel for size, voxel in zip(images.shape[1:], spacing, strict=True)]
        fitting = [self._degradation.fitting(*each) for each in zip(extents, spacing, strict=True)]
        usable = [index for index, count in enumerate(fitting) if count >= 4] or [int(np.argmax(fitting))]
        self.slices = max(2, min(slices, *(fitting[index] for index in usable)))
        self.width = min(width, *images.shape[1:])
        self._directions = [
            self._direction(images if index == 0 else images.transpose(0, 2, 1), spacing[index]) for index in usable
        ]

    def draw(self, number: int, generator: torch.Generator | None) -> ImagePairs:
        """A batch from one direction and sampling phase, mirrored at random."""
        direction = self._directions[self._integer(len(self._directions), generator)]
        phase = self._integer(len(direction.degradations), generator)
        degradation, reading = direction.degradations[phase], direction.readings[phase]
        truth = direction.patches.cut(direction.patches.starts(number, generator))[:, 0]
        if self._integer(2, generator):
            truth = truth.flip(2)
        slices = torch.einsum("sv,bvw->bsw", degradation, truth)
        known = reading.abs().sum(1) > 0
        return ImagePairs(slices, truth * known[None, :, None], known, reading)

    def _direction(self, images: NDArray[np.float32], voxel: float) -> _Direction:
        length = min(images.shape[1], self._degradation.length(self.slices, voxel))
        patches = self._of_every_phase(length, voxel)
        return _Direction(
            PatchSampler(np.ascontiguousarray(images), (1, length, self.width), self._device),
            self._on_device([patch.matrix for patch in patches]),
            self._on_device([self._reading(patch) for patch in patches]),
        )

    def _of_every_phase(self, length: int, voxel: float) -> list[DegradedPatch]:
        """Where the slices of a patch lie: a whole ratio has one phase, with voxels on the fine grid, as the planes of
        the answer are.
        """
        shifts = self._degradation.shifts(voxel)
        if self._degradation.is_whole(voxel):
            patch = self._degradation.patch(self.slices, length, voxel)
            fine = self._fine_grid.positions(self.slices) * self._degradation.slice_spacing + patch.centres[0]
            middle = patch.voxels[length // 2]
            shifts = [float(middle - fine[np.argmin(np.abs(fine - middle))])]
        return [self._degradation.patch(self.slices, length, voxel, shift) for shift in shifts]

    def _reading(self, patch: DegradedPatch) -> NDArray[np.floating]:
        positions = (patch.voxels - patch.centres[0]) / self._degradation.slice_spacing
        return np.where(patch.covered[:, None], self._fine_grid.reading(self.slices, positions), 0.0)

    def _on_device(self, matrices: list[NDArray[np.floating]]) -> torch.Tensor:
        return torch.as_tensor(np.array(matrices), dtype=torch.float32, device=self._device)

    def _integer(self, below: int, generator: torch.Generator | None) -> int:
        return int(torch.randint(below, (1,), generator=generator, device=self._device))
