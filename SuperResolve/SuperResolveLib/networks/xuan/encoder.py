"""From a slice to the Gaussian of its code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from .layers import block, bounded_convolution, xavier

#: Widths as published in outline; the numbers are ours.
WIDTHS = (32, 32, 64, 128, 256, 512, 512)


class Encoder(nn.Module):
    """A convolution; blocks that each halve the image; a fully connected layer to mean and log variance.

    Args:
        side: of the slices, which are square; the blocks halve it.
        widths: feature channels after the first convolution and after each block.
        latent: dimensions of the code.
    """

    def __init__(self, side: int = 256, widths: Sequence[int] = WIDTHS, latent: int = 512) -> None:
        super().__init__()
        self.inner = side // 2 ** (len(widths) - 1)
        self.head = bounded_convolution(1, widths[0])
        self.blocks = nn.Sequential()
        for inputs, outputs in pairwise(widths):
            self.blocks.extend([block(inputs, outputs), nn.AvgPool2d(2)])
        self.tail = xavier(nn.Linear(widths[-1] * self.inner**2, 2 * latent))

    def forward(self, slices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Slices of shape (batch, 1, side, side) to mean and log variance, both (batch, latent)."""
        features = self.blocks(self.head(slices))
        mean, log_variance = self.tail(features.flatten(1)).chunk(2, dim=1)
        return mean, log_variance
