"""WDSR: wide activation before a narrow linear layer (Yu et al. 2018, arXiv 1808.08718; sized as in ECLARE)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from .backbone import Backbone


class WideBlock(nn.Module):
    """x + conv3(linear1(relu(expand1(x)))): the features widen ``expansion`` times before the ReLU, then narrow to
    ``linear`` times the channels before the only spatial convolution.
    """

    def __init__(self, channels: int, expansion: int, linear: float) -> None:
        super().__init__()
        wide, narrow = channels * expansion, int(channels * linear)
        self.body = nn.Sequential(
            weight_norm(nn.Conv2d(channels, wide, 1)),
            nn.ReLU(inplace=True),
            weight_norm(nn.Conv2d(wide, narrow, 1)),
            weight_norm(nn.Conv2d(narrow, channels, 3, padding=1)),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out."""
        return features + self.body(features)


class WDSR(Backbone):
    """The network: 3x3 convolution into features, wide blocks, 3x3 convolution out; starts as zero.

    Args:
        inputs, outputs: channels in and out.
        channels: feature channels.
        blocks: number of blocks.
        expansion: how much wider the features get before the ReLU.
        linear: channels after it, relative to ``channels``.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: int, blocks: int, expansion: int = 4, linear: float = 0.8
    ) -> None:
        super().__init__()
        self.head = weight_norm(nn.Conv2d(inputs, channels, 3, padding=1))
        self.blocks = nn.Sequential(*(WideBlock(channels, expansion, linear) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, outputs, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)
        self.receptive_radius = blocks + 2

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images of shape (batch, inputs, rows, columns) to (batch, outputs, rows, columns)."""
        result: torch.Tensor = self.tail(self.blocks(self.head(image)))
        return result
