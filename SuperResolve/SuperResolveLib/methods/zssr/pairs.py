r"""What ZSSR learns from: crops of in-plane slices, degraded as the scanner degrades and interpolated again.

With x a crop and A the acquisition along one in-plane direction, :math:`(S A x, x)` with S cubic convolution. The
published pairs are of the image itself at two scales. A through-plane image has a few dozen slices, and degraded again
too few to learn from; in plane the scan shows what is wanted, as in SMORE.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ...physics.degradation import Degradation, DegradedPatch, cubic_reading
from ...training.patches import PatchSampler


@dataclass(frozen=True)
class InterpolatedPairs:
    """A batch: interpolated images ``start``, and the ``truth``; both of shape (batch, 1, voxels, width)."""

    start: torch.Tensor
    truth: torch.Tensor


@dataclass(frozen=True)
class _Direction:
    """One in-plane direction along which images are degraded: for every sampling phase the matrices that degrade and
    interpolate, and which voxels they give.
    """

    patches: PatchSampler
    phases: list[tuple[torch.Tensor, torch.Tensor]]


class InterpolatedPairSampler:
    """Draws crops along both in-plane directions, mirrored at random.

    Args:
        images: the scan, normalised, slices first: shape (slices, na, nb).
        spacing: in-plane voxel sizes along a and b in mm.
        degradation: the scan's.
        plane: slice coordinate of a plane of the answer: where the ratio is whole, crops have its sampling phase.
        crop: width of a crop in voxels, at most.
        device: where the scan is kept and batches are made.

    Attributes:
        device: the same.
    """

    def __init__(
        self,
        images: NDArray[np.float32],
        spacing: tuple[float, float],
        degradation: Degradation,
        plane: float,
        crop: int,
        device: torch.device,
    ) -> None:
        self.device = device
        self._degradation, self._plane = degradation, plane
        fitting = [degradation.fitting(n * voxel, voxel) for n, voxel in zip(images.shape[1:], spacing, strict=True)]
        usable = [index for index, count in enumerate(fitting) if count >= 4] or [int(np.argmax(fitting))]
        width = min(crop, *images.shape[1:])
        self._directions = []
        for index in usable:
            slices = max(2, min(round(crop * spacing[index] / degradation.slice_spacing), fitting[index]))
            turned = images if index == 0 else images.transpose(0, 2, 1)
            self._directions.append(self._direction(turned, spacing[index], slices, width))

    def draw(self, number: int, generator: torch.Generator | None) -> InterpolatedPairs:
        """A batch from one direction and sampling phase."""
        direction = self._directions[self._integer(len(self._directions), generator)]
        interpolation, covered = direction.phases[self._integer(len(direction.phases), generator)]
        truth = direction.patches.cut(direction.patches.starts(number, generator))[:, 0]
        truth = truth.flip([axis for axis in (1, 2) if self._integer(2, generator)])
        start = torch.einsum("vl,blw->bvw", interpolation, truth)
        return InterpolatedPairs(start[:, None], truth[:, None, covered])

    def _direction(self, images: NDArray[np.float32], voxel: float, slices: int, width: int) -> _Direction:
        length = min(images.shape[1], self._degradation.length(slices, voxel))
        patches = [self._degradation.patch(slices, length, voxel, shift) for shift in self._shifts(length, voxel)]
        return _Direction(
            PatchSampler(np.ascontiguousarray(images), (1, length, width), self.device),
            [self._on_device(patch) for patch in patches],
        )

    def _shifts(self, length: int, voxel: float) -> list[float]:
        """Of slices: of a whole ratio so that voxels lie to them as the planes of the answer do."""
        if not self._degradation.is_whole(voxel):
            return self._degradation.shifts(voxel)
        patch = self._degradation.patch(2, length, voxel)
        wanted = self._plane * self._degradation.slice_spacing / voxel
        off = (patch.voxels[0] - patch.centres[0]) / voxel - wanted
        return [float(off - np.round(off)) * voxel]

    def _on_device(self, patch: DegradedPatch) -> tuple[torch.Tensor, torch.Tensor]:
        positions = (patch.voxels[patch.covered] - patch.centres[0]) / self._degradation.slice_spacing
        matrix = cubic_reading(len(patch.centres), positions) @ patch.matrix
        covered = torch.as_tensor(np.flatnonzero(patch.covered), device=self.device)
        return torch.as_tensor(matrix, dtype=torch.float32, device=self.device), covered

    def _integer(self, below: int, generator: torch.Generator | None) -> int:
        return int(torch.randint(below, (1,), generator=generator, device=self.device))
