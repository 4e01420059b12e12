"""Patches for the adversarial game: drawn on the device, blurred and sampled without padding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from ..errors import InputError
from ..estimation.reference import Direction, Reference
from ..networks.espreso import RECEPTIVE_FIELD
from ..physics.kernels import cubic_kernel

#: Samples of a patch along the through-plane direction, and after the generator along the other.
SAMPLES = 16


@dataclass(frozen=True)
class PatchShape:
    """How many samples patches have along their rows (after the generator) and columns, for a profile of ``taps``
    taps.
    """

    rows: int
    columns: int
    taps: int

    @classmethod
    def fitting(cls, reference: Reference, taps: int) -> PatchShape:
        """16 samples each way, or as many as the image holds.

        Raises:
            InputError: that is too few for the discriminator.
        """
        rows = SAMPLES
        for direction in reference.directions:
            margin = _margin(direction, taps, reference.tap_spacing)
            step = reference.slice_spacing / direction.voxel
            rows = min(rows, int((direction.data.shape[0] - 1 - 2 * margin) / step) + 1)
        if rows < RECEPTIVE_FIELD:
            raise InputError(
                f"the image is too small in plane for the preset 'paper': it holds {max(rows, 0)} samples one slice "
                f"spacing apart beside a profile of {taps} taps, and {RECEPTIVE_FIELD} are needed; "
                "use the preset 'default'"
            )
        columns = min(SAMPLES, reference.directions[0].data.shape[2])
        return cls(rows, columns, taps)


class DirectionPatches:
    """Patches whose rows run along one in-plane direction and whose columns run through plane.

    A patch is as long as the profile and the sampling need, so that neither sees padding.

    Args:
        direction: the scan seen along this direction.
        reference: the scan that it belongs to.
        shape: of the patches.
        device: where the scan is kept and patches are cut.
    """

    def __init__(self, direction: Direction, reference: Reference, shape: PatchShape, device: torch.device) -> None:
        step, tap = reference.slice_spacing / direction.voxel, reference.tap_spacing / direction.voxel
        margin = _margin(direction, shape.taps, reference.tap_spacing)
        self.length = math.ceil((shape.rows - 1) * step) + 2 * margin + 1
        self.columns = shape.columns
        self._basis = torch.as_tensor(
            _sampling_basis(self.length, shape, step, tap),
            dtype=torch.float32,
            device=device,
        )
        self._data = torch.as_tensor(direction.data, device=device)
        weights, self._starts = _gradient_weights(direction.data, self.length, self.columns)
        self._cumulative = torch.as_tensor(np.cumsum(weights), device=device)

    def draw(self, number: int) -> torch.Tensor:
        """Random patches (number, length, columns), more likely where the gradient is large, flipped at random."""
        device = self._data.device
        uniform = torch.rand(number, dtype=torch.float64, device=device) * self._cumulative[-1]
        flat = torch.searchsorted(self._cumulative, uniform).clamp(max=len(self._cumulative) - 1)
        rows, across, columns = self._starts
        row, line, column = flat // (across * columns), flat // columns % across, flat % columns
        along = self._maybe_flipped(self.length, number) + row[:, None]
        through = self._maybe_flipped(self.columns, number) + column[:, None]
        return self._data[along[:, :, None], line[:, None, None], through[:, None, :]]

    def _maybe_flipped(self, size: int, number: int) -> torch.Tensor:
        forward = torch.arange(size, device=self._data.device)
        flip = torch.rand(number, 1, device=self._data.device) < 0.5
        return torch.where(flip, size - 1 - forward, forward)

    def generate(self, profile: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
        """The generator: patches blurred with the profile and sampled along their rows, (number, samples, columns)."""
        return torch.einsum("t,tsl,nlc->nsc", profile, self._basis, patches)


def _margin(direction: Direction, taps: int, tap_spacing: float) -> int:
    """Voxels that a profile of ``taps`` taps reaches beyond a sample, interpolation included."""
    return math.ceil((taps // 2) * tap_spacing / direction.voxel) + 2


def _sampling_basis(length: int, shape: PatchShape, step: float, tap_spacing: float) -> NDArray[np.floating]:
    """What each tap contributes to each sample from each voxel: shape (taps, rows, length), steps in voxels.

    Cubic convolution where a tap falls between voxels; for whole ratios this picks voxels.
    """
    first = round((length - 1) / 2 - (shape.rows - 1) * step / 2)
    taps = (np.arange(shape.taps) - shape.taps // 2) * tap_spacing
    at = first + np.arange(shape.rows)[None, :] * step + taps[:, None]
    return cubic_kernel(at[:, :, None] - np.arange(length)[None, None, :])


def _gradient_weights(
    data: NDArray[np.float32], length: int, columns: int
) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """The mean gradient magnitude inside the patch at every start, flattened, and the numbers of starts."""
    smooth = gaussian_filter(data, (1, 0, 0))
    gradient = np.abs(np.gradient(smooth, axis=0)) + np.abs(np.gradient(smooth, axis=2))
    mean = uniform_filter(gradient, (length, 1, columns), mode="nearest")
    starts = (data.shape[0] - length + 1, data.shape[1], data.shape[2] - columns + 1)
    inside = mean[length // 2 :, :, columns // 2 :][: starts[0], :, : starts[2]]
    return inside.ravel().astype(np.float64) + 1e-12, starts
