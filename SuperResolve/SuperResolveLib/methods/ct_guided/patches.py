"""Where patches are cut out of volumes: around voxels that are drawn more often where there is detail."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Image = NDArray[np.float32]

#: Voxels of the blocks, along each axis, whose mean gradient says how much detail there is.
BLOCK = 4
#: How much likelier a block is drawn than by its detail alone, in units of the mean detail.
BACKGROUND = 0.1


class DetailedVolume:
    """A volume, and where in it there is detail.

    Args:
        voxels: intensities of about 0 to 1.
        device: where they are kept.
    """

    def __init__(self, voxels: Image, device: torch.device) -> None:
        self.voxels = torch.as_tensor(voxels, device=device)
        gradient = np.zeros_like(voxels)
        for axis in (axis for axis in range(3) if voxels.shape[axis] > 1):
            gradient += np.abs(np.gradient(voxels, axis=axis))
        detail = _block_means(gradient)
        weights = detail.astype(np.float64).ravel() + BACKGROUND * float(detail.mean()) + 1e-12
        self._sums, self._blocks = np.cumsum(weights), detail.shape

    def patch(
        self, order: tuple[int, int, int], size: tuple[int, int, int], numbers: np.random.Generator
    ) -> torch.Tensor:
        """A patch whose axes are those of the volume in that order, shape ``size``, mirrored at random.

        Where the volume is smaller, so is the patch.
        """
        place = min(int(np.searchsorted(self._sums, numbers.uniform() * self._sums[-1])), len(self._sums) - 1)
        block = np.unravel_index(place, self._blocks)
        chosen: list[slice] = [slice(None)] * 3
        for axis, length in zip(order, size, strict=True):
            whole = self.voxels.shape[axis]
            width = min(length, whole)
            middle = BLOCK * int(block[axis]) + int(numbers.integers(BLOCK))
            first = min(max(middle - int(numbers.integers(width)), 0), whole - width)
            chosen[axis] = slice(first, first + width)
        cut = self.voxels[chosen[0], chosen[1], chosen[2]].permute(order)
        return cut.flip([axis for axis in range(3) if numbers.integers(2)])

    def patches(
        self, count: int, order: tuple[int, int, int], size: tuple[int, int, int], numbers: np.random.Generator
    ) -> torch.Tensor:
        """So many of one size, shape (count, *size)."""
        return torch.stack([self.patch(order, size, numbers) for _ in range(count)])


def _block_means(gradient: Image) -> NDArray[np.floating]:
    """Means over blocks of voxels, of the last ones of what is left of them."""
    means: NDArray[np.floating] = gradient
    for axis in range(3):
        edges = np.arange(0, gradient.shape[axis], BLOCK)
        counts = np.minimum(edges + BLOCK, gradient.shape[axis]) - edges
        shape = [1, 1, 1]
        shape[axis] = -1
        means = np.add.reduceat(means, edges, axis=axis) / counts.reshape(shape)
    return means
