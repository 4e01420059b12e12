"""The network that gives the slice between two others, as TSCN has one (Lu et al., MICCAI 2021)."""

from __future__ import annotations

import torch
from torch import nn

from .generator import set_to_zero
from .rdn import ResidualDenseBlock


class SliceBetween(nn.Module):
    r"""The network: :math:`F(a, b) = (a + b) / 2 + R(a, b)` with R a residual dense network in two dimensions (Zhang et
    al., CVPR 2018) on both slices as channels, without upsampling: two 3x3 convolutions, residual dense blocks, a 1x1
    and a 3x3 convolution that fuse the outputs of all blocks, a skip from the first convolution, and a 3x3 convolution.

    Args:
        blocks: D, number of residual dense blocks.
        layers: C, convolutions of each before its fusion.
        channels: G0, feature channels.
        growth: G, channels that each of a block's convolutions adds.
    """

    def __init__(self, blocks: int = 16, layers: int = 8, channels: int = 64, growth: int = 64) -> None:
        super().__init__()
        self.head = nn.Conv2d(2, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDenseBlock(channels, growth, layers, nn.Conv2d) for _ in range(blocks))
        self.fusion = nn.Sequential(
            nn.Conv2d(blocks * channels, channels, 1), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv2d(channels, 1, 3, padding=1)
        set_to_zero(self.tail)

    def forward(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Two slices, shape (batch, rows, columns), to the one midway between them."""
        shallow = self.head(torch.stack([before, after], dim=1))
        features = self.second(shallow)
        outputs = []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        residual: torch.Tensor = self.tail(shallow + self.fusion(torch.cat(outputs, dim=1)))
        return (before + after) / 2 + residual[:, 0]
