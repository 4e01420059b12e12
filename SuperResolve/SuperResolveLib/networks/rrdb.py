"""RRDB: dense blocks in residuals in residuals, ESRGAN's generator (Wang et al., ECCV workshops 2018,
arXiv 1809.00219), in 3-D.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .generator import Generator, set_to_zero

#: Slope of the leaky ReLU for negative numbers.
SLOPE = 0.2
#: By which He's initial weights of the dense blocks are multiplied; deep networks without normalisation need it.
INITIAL_SCALE = 0.1
#: Convolutions of a dense block, and dense blocks of a residual block.
CONVOLUTIONS = 5
DENSE_BLOCKS = 3


class DenseBlock(nn.Module):
    """Five 3x3x3 convolutions, each fed by all before, with leaky ReLU after all but the last: x + scale * the last.

    Args:
        channels: in and out.
        growth: channels of each convolution but the last.
        scale: of the residual.
    """

    def __init__(self, channels: int, growth: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.convolutions = nn.ModuleList(
            nn.Conv3d(channels + before * growth, growth if before < CONVOLUTIONS - 1 else channels, 3, padding=1)
            for before in range(CONVOLUTIONS)
        )
        for convolution in self.convolutions:
            assert isinstance(convolution, nn.Conv3d) and convolution.bias is not None
            nn.init.kaiming_uniform_(convolution.weight)
            with torch.no_grad():
                convolution.weight *= INITIAL_SCALE
            nn.init.zeros_(convolution.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, planes, rows, columns), the same out."""
        dense = features
        for convolution in self.convolutions[:-1]:
            dense = torch.cat([dense, functional.leaky_relu(convolution(dense), SLOPE)], dim=1)
        result: torch.Tensor = features + self.scale * self.convolutions[-1](dense)
        return result


class ResidualInResidual(nn.Module):
    """x + scale * d3(d2(d1(x))) with three dense blocks d.

    Args:
        channels, growth, scale: as of :class:`DenseBlock`.
    """

    def __init__(self, channels: int, growth: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.body = nn.Sequential(*(DenseBlock(channels, growth, scale) for _ in range(DENSE_BLOCKS)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, planes, rows, columns), the same out."""
        result: torch.Tensor = features + self.scale * self.body(features)
        return result


def residual_body(blocks: int, channels: int, growth: int, scale: float) -> nn.Sequential:
    """So many residual-in-residual dense blocks and a 3x3x3 convolution; arguments as :class:`RRDB` has them."""
    return nn.Sequential(
        *(ResidualInResidual(channels, growth, scale) for _ in range(blocks)),
        nn.Conv3d(channels, channels, 3, padding=1),
    )


class RRDB(Generator):
    r"""The network: :math:`G(x) = x + B(x)`, B a 3x3x3 convolution, residual-in-residual dense blocks and a 3x3x3
    convolution with a skip around them, and two 3x3x3 convolutions with leaky ReLU between them.

    It works on a start that has the planes of the answer, so that any ratio serves; the published upsampling is not
    there. The published 2-D network has 23 blocks, 64 channels and growth 32, which in 3-D are 49.8 million parameters.

    Args:
        blocks: number of residual-in-residual dense blocks.
        channels: feature channels.
        growth: channels that a dense block's convolutions add.
        residual_scale: of every residual, 0.2 as published.
        zero_last: start with a last convolution of zeros, so that the first answer is the start.
    """

    def __init__(
        self,
        blocks: int = 6,
        channels: int = 32,
        growth: int = 16,
        residual_scale: float = 0.2,
        zero_last: bool = True,
    ) -> None:
        super().__init__()
        self.arguments = {
            "blocks": blocks,
            "channels": channels,
            "growth": growth,
            "residual_scale": residual_scale,
            "zero_last": zero_last,
        }
        self.receptive_radius = blocks * DENSE_BLOCKS * CONVOLUTIONS + 4
        self.head = nn.Conv3d(1, channels, 3, padding=1)
        self.body = residual_body(blocks, channels, growth, residual_scale)
        self.second_last = nn.Sequential(nn.Conv3d(channels, channels, 3, padding=1), nn.LeakyReLU(SLOPE, inplace=True))
        self.tail = nn.Conv3d(channels, 1, 3, padding=1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        features = self.head(start)
        result: torch.Tensor = start + self.tail(self.second_last(features + self.body(features)))
        return result
