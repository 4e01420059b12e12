"""Drawing patches: boxes of one size out of a volume, in two dimensions or three, more often where there is detail."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Size = tuple[int, int, int]


class PatchSampler:
    """Draws where patches start, and cuts them out. A patch in two dimensions has size 1 along the third.

    Args:
        volume: kept as it is, without a copy where it already lies on the device.
        size: of the patches along the volume's axes.
        device: where the volume is kept and patches are cut.
        detail: the volume whose gradient says where there is detail; ``None`` takes the volume itself.
        background: how much likelier a patch is drawn than by its detail alone, in units of the mean detail.
    """

    def __init__(
        self,
        volume: NDArray[np.float32],
        size: Size,
        device: torch.device,
        detail: NDArray[np.float32] | None = None,
        background: float = 0.1,
    ) -> None:
        self.volume = torch.as_tensor(volume, device=device)
        self.size = size
        sums = running_detail(volume if detail is None else detail, size, background)
        self._sums = torch.as_tensor(sums.ravel(), device=device)
        self._starts = sums.shape

    def starts(self, number: int, generator: torch.Generator | None) -> torch.Tensor:
        """The first voxels of so many patches, shape (number, 3)."""
        uniform = torch.rand(number, generator=generator, device=self._sums.device, dtype=torch.float64)
        flat = torch.searchsorted(self._sums, uniform * self._sums[-1]).clamp(max=len(self._sums) - 1)
        _, rows, columns = self._starts
        return torch.stack([flat // (rows * columns), flat // columns % rows, flat % columns], dim=1)

    def cut(self, starts: torch.Tensor, flipped: torch.Tensor | None = None) -> torch.Tensor:
        """The patches that start there, shape (number, *size), mirrored along the axes where ``flipped`` (number, 3)
        says so.
        """
        first, second, third = (self._along(axis, starts, flipped) for axis in range(3))
        return self.volume[first[:, :, None, None], second[:, None, :, None], third[:, None, None, :]]

    def _along(self, axis: int, starts: torch.Tensor, flipped: torch.Tensor | None) -> torch.Tensor:
        """Indices along an axis, shape (number, size)."""
        within = torch.arange(self.size[axis], device=starts.device)
        if flipped is not None:
            within = torch.where(flipped[:, axis, None], self.size[axis] - 1 - within, within)
        return starts[:, axis, None] + within


def running_detail(volume: NDArray[np.float32], size: Size, background: float) -> NDArray[np.float64]:
    """Running sum, over where a patch can start, of the mean gradient inside it, plus ``background`` times its mean
    everywhere.
    """
    gradient = np.zeros_like(volume)
    for axis in (axis for axis in range(3) if size[axis] > 1):
        gradient += np.abs(np.gradient(volume, axis=axis))
    return running_weights(gradient, size, background)


def running_weights(gradient: NDArray[np.float32], size: Size, background: float) -> NDArray[np.float64]:
    """Running sum, over where a patch can start, of the mean of ``gradient`` inside it, plus ``background`` times its
    mean everywhere.
    """
    mean = uniform_filter(gradient, size, mode="nearest")
    inside = mean[tuple(slice(n // 2, n // 2 + whole - n + 1) for n, whole in zip(size, gradient.shape, strict=True))]
    weights = inside.astype(np.float64)
    return np.cumsum(weights + background * weights.mean() + 1e-12).reshape(weights.shape)
