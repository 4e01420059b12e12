"""Patches for the adversarial game: drawn on the device, blurred and sampled without padding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ...errors import InputError
from ...networks.espreso import RECEPTIVE_FIELD
from ...physics.kernels import cubic_kernel
from ...training.patches import PatchSampler
from ..reference import Direction, Reference

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
        length = math.ceil((shape.rows - 1) * step) + 2 * margin + 1
        self._basis = torch.as_tensor(_sampling_basis(length, shape, step, tap), dtype=torch.float32, device=device)
        smooth = gaussian_filter(direction.data, (1, 0, 0))
        self._patches = PatchSampler(direction.data, (length, 1, shape.columns), device, smooth, background=0.0)

    def draw(self, number: int) -> torch.Tensor:
        """Random patches (number, length, columns), more likely where the gradient is large, flipped at random; by
        torch's default generator.
        """
        starts = self._patches.starts(number, None)
        rows, columns = (torch.rand(number, 1, device=starts.device) < 0.5 for _ in range(2))
        return self._patches.cut(starts, torch.cat([rows, torch.zeros_like(rows), columns], dim=1))[:, :, 0]

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
