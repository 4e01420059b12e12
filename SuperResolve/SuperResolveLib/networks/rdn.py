"""RDN: residual dense blocks whose outputs are all fused (Zhang et al., CVPR 2018, arXiv 1802.08797), in 3-D."""

from __future__ import annotations

import torch
from torch import nn

from .generator import Generator, set_to_zero


class ResidualDenseBlock(nn.Module):
    """Convolutions of width 3 with ReLU, each fed by all before, fused by one of width 1 and added to what came in.

    Args:
        channels: G0, in and out.
        growth: G, channels that each convolution adds.
        layers: C, number of convolutions before the fusion.
        convolution: in three dimensions or two.
    """

    def __init__(
        self,
        channels: int,
        growth: int,
        layers: int,
        convolution: type[nn.Conv3d | nn.Conv2d] = nn.Conv3d,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(convolution(channels + before * growth, growth, 3, padding=1), nn.ReLU(inplace=True))
            for before in range(layers)
        )
        self.fusion = convolution(channels + layers * growth, channels, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, ...), the same out."""
        dense = features
        for layer in self.layers:
            dense = torch.cat([dense, layer(dense)], dim=1)
        result: torch.Tensor = features + self.fusion(dense)
        return result


class RDN(Generator):
    r"""The network: :math:`G(x) = x + B(x)`, B two 3x3x3 convolutions, residual dense blocks, a 1x1x1 and a 3x3x3
    convolution that fuse the outputs of all blocks, a skip from the first convolution, and a 3x3x3 convolution.

    It works on a start that has the planes of the answer, so that any ratio serves; the published upsampling is not
    there.

    Args:
        blocks: D, number of residual dense blocks.
        layers: C, convolutions of each before its fusion.
        channels: G0, feature channels.
        growth: G, channels that each of a block's convolutions adds.
        zero_last: start with a last convolution of zeros, so that the first answer is the start.
    """

    def __init__(
        self, blocks: int = 8, layers: int = 3, channels: int = 64, growth: int = 64, zero_last: bool = True
    ) -> None:
        super().__init__()
        self.arguments = {
            "blocks": blocks,
            "layers": layers,
            "channels": channels,
            "growth": growth,
            "zero_last": zero_last,
        }
        self.receptive_radius = blocks * layers + 4
        self.head = nn.Conv3d(1, channels, 3, padding=1)
        self.second = nn.Conv3d(channels, channels, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDenseBlock(channels, growth, layers) for _ in range(blocks))
        self.fusion = nn.Sequential(
            nn.Conv3d(blocks * channels, channels, 1), nn.Conv3d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv3d(channels, 1, 3, padding=1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        shallow = self.head(start)
        features = self.second(shallow)
        outputs = []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        result: torch.Tensor = start + self.tail(shallow + self.fusion(torch.cat(outputs, dim=1)))
        return result
