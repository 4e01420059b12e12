"""From an image to what it shows."""

from __future__ import annotations

import torch
from torch import nn

from .layers import InstanceNormalisation, ResidualBlock, convolution


class ContentEncoder(nn.Module):
    """A 7x7 convolution, two 4x4 convolutions with stride 2 that double the channels, and residual blocks; instance
    normalisation and ReLU after each convolution (Huang et al., ECCV 2018, arXiv 1804.04732).

    Args:
        channels: of the first convolution; four times as many come out.
        blocks: number of residual blocks.
    """

    def __init__(self, channels: int = 64, blocks: int = 4) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, stride in (
            (1, channels, 7, 1),
            (channels, 2 * channels, 4, 2),
            (2 * channels, 4 * channels, 4, 2),
        ):
            layers += [convolution(inputs, outputs, kernel, stride), InstanceNormalisation(), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, *(ResidualBlock(4 * channels) for _ in range(blocks)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, 1, rows, columns), multiples of 4, to contents (batch, 4 channels, rows / 4, columns / 4)."""
        contents: torch.Tensor = self.body(images)
        return contents
