"""How real a slice looks, patch by patch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .layers import SLOPE, bounded_convolution, normalisation


class Critic(nn.Module):
    """PatchGAN: strided convolutions with normalisation and activation, a plain one, and the mean over the image.

    Args:
        widths: feature channels of the strided 4x4 convolutions.
    """

    def __init__(self, widths: Sequence[int] = (64, 128, 256)) -> None:
        super().__init__()
        self.body = nn.Sequential()
        inputs = 1
        for outputs in widths:
            self.body.extend([bounded_convolution(inputs, outputs, 4, 2), normalisation(outputs), nn.LeakyReLU(SLOPE)])
            inputs = outputs
        self.body.append(bounded_convolution(inputs, 1, 4))

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices of shape (batch, 1, rows, columns) to scores of any sign, shape (batch,)."""
        result: torch.Tensor = self.body(slices).mean(dim=(1, 2, 3))
        return result
