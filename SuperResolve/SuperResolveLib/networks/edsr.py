"""EDSR: residual blocks without normalisation (Lim et al. 2017, arXiv 1707.02921; used by Zhao et al., IEEE TMI
2020).
"""

from __future__ import annotations

import torch
from torch import nn

from .backbone import Backbone


class ResidualBlock(nn.Module):
    """x + scale * conv3(relu(conv3(x)))."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out."""
        return features + self.scale * self.body(features)


class EDSR(Backbone):
    """The network: 3x3 convolution into features, residual blocks with a skip around all of them, 3x3 out; starts as
    zero.

    Args:
        inputs, outputs: channels in and out.
        channels: feature channels.
        blocks: number of residual blocks.
        scale: of each block's residual; 0.1 keeps networks of 256 channels stable.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, blocks: int, scale: float = 1.0) -> None:
        super().__init__()
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.blocks = nn.Sequential(
            *(ResidualBlock(channels, scale) for _ in range(blocks)), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv2d(channels, outputs, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)
        self.receptive_radius = 2 * blocks + 3

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images of shape (batch, inputs, rows, columns) to (batch, outputs, rows, columns)."""
        features = self.head(image)
        result: torch.Tensor = self.tail(features + self.blocks(features))
        return result
