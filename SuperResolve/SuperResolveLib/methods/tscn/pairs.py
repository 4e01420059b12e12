"""What TSCN learns from: in the first stage planes across in-plane directions, in the second the scan's own slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import InputError
from ...physics.acquisition import acquisition_matrix, selection_matrix
from ...physics.degradation import Degradation, cubic_reading
from ...training.patches import PatchSampler

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Triplets:
    """A batch of three images one after another, each of shape (batch, rows, columns)."""

    before: torch.Tensor
    middle: torch.Tensor
    after: torch.Tensor


@dataclass(frozen=True)
class _Direction:
    """Boxes of the scan along one in-plane axis, and the matrices that make three images of each, one for every
    distance, shape (3, length).
    """

    patches: PatchSampler
    axis: int
    matrices: list[torch.Tensor]


class InPlaneTriplets:
    r"""Draws triplets of planes across in-plane directions, as the scanner would acquire them there.

    The planes lie h/2 apart, h one of several distances, and the middle one on a plane of voxels. Their rows are read
    off the slices by cubic convolution, about as far apart as in-plane voxels.

    Args:
        slices: the scan, normalised, shape (slices, na, nb).
        row: distance between rows, in slices.
        spacing: in-plane voxel sizes along a and b in mm.
        degradations: for every distance h the scan's, with that slice spacing.
        side: of a patch in rows or voxels, at most.
        device: where the scan is kept and batches are made.

    Raises:
        InputError: the scan's slices are too small for planes so far apart.
    """

    def __init__(
        self,
        slices: Image,
        row: float,
        spacing: tuple[float, float],
        degradations: Sequence[Degradation],
        side: int,
        device: torch.device,
    ) -> None:
        self._device = device
        whole = min(len(slices), int(np.ceil((side - 1) * row)) + 3)
        rows = 1 + row * np.arange(min(side, int((whole - 3) / row) + 1))
        self._rows = torch.as_tensor(cubic_reading(whole, rows), dtype=torch.float32, device=device)
        self._directions = []
        for axis, voxel in ((1, spacing[0]), (2, spacing[1])):
            matrices = [_matrix(degradation, voxel) for degradation in degradations]
            fitting = [matrix for matrix in matrices if matrix.shape[1] <= slices.shape[axis]]
            if fitting:
                size = [whole, min(side, slices.shape[1]), min(side, slices.shape[2])]
                size[axis] = max(matrix.shape[1] for matrix in fitting)
                patches = PatchSampler(slices, (size[0], size[1], size[2]), device)
                self._directions.append(_Direction(patches, axis, [self._padded(each, size[axis]) for each in fitting]))
        if not self._directions:
            raise InputError(
                "the slices are too small to learn from planes across them that are as far apart as the slices are: "
                "choose another method"
            )

    def draw(self, number: int, generator: torch.Generator | None) -> Triplets:
        """A batch of one direction and distance, the first and last image in either order, mirrored at random."""
        direction = self._directions[_integer(len(self._directions), generator, self._device)]
        matrix = direction.matrices[_integer(len(direction.matrices), generator, self._device)]
        boxes = direction.patches.cut(direction.patches.starts(number, generator))
        images = torch.tensordot(matrix, boxes, dims=([1], [direction.axis + 1]))
        return _turned(torch.einsum("rs,mbsw->mbrw", self._rows, images), generator, self._device)

    def _padded(self, matrix: NDArray[np.floating], length: int) -> torch.Tensor:
        """A matrix of an odd number of columns with zeros on both sides."""
        beyond = (length - matrix.shape[1]) // 2
        padded = np.pad(matrix, ((0, 0), (beyond, beyond)))
        return torch.as_tensor(padded, dtype=torch.float32, device=self._device)


class SliceTriplets:
    """Draws triplets of neighbouring slices, the first and last in either order, mirrored at random.

    Args:
        slices: the scan, normalised, shape (slices, na, nb).
        side: of a patch in voxels, at most.
        device: where the scan is kept and batches are made.
    """

    def __init__(self, slices: Image, side: int, device: torch.device) -> None:
        self._device = device
        self._patches = PatchSampler(slices, (3, min(side, slices.shape[1]), min(side, slices.shape[2])), device)

    def draw(self, number: int, generator: torch.Generator | None) -> Triplets:
        """A batch."""
        boxes = self._patches.cut(self._patches.starts(number, generator))
        return _turned(boxes.transpose(0, 1), generator, self._device)


def _matrix(degradation: Degradation, voxel: float) -> NDArray[np.floating]:
    """Three planes, the middle one in the middle of so many voxels as they gather from, shape (3, voxels)."""
    apart = degradation.slice_spacing / 2
    reach = degradation.reach(voxel) - degradation.slice_spacing + apart
    half = int(np.ceil(reach / voxel))
    voxels, centres = np.arange(-half, half + 1) * voxel, np.array([-apart, 0.0, apart])
    if degradation.operator == "select":
        return selection_matrix(centres, voxels, voxel)
    return acquisition_matrix(degradation.operator, centres, voxels, voxel)


def _turned(images: torch.Tensor, generator: torch.Generator | None, device: torch.device) -> Triplets:
    """Images of shape (3, batch, rows, columns) in either order, mirrored at random."""
    before, middle, after = images.flip([axis for axis in (0, 2, 3) if _integer(2, generator, device)])
    return Triplets(before, middle, after)


def _integer(below: int, generator: torch.Generator | None, device: torch.device) -> int:
    return int(torch.randint(below, (1,), generator=generator, device=device))
