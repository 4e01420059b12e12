r"""RRDB with the upsampling after its body, for large volumes: Zhang et al. 2021 (arXiv 2106.02599) name it in place of
SOUP-GAN's own generator, after ESRGAN's (Wang et al., ECCV workshops 2018, arXiv 1809.00219), here in 3-D.

As published, such a network is given the slices, upsamples by a whole number, and knows one phase. Slices lie on the
answer's planes at any ratio and phase here, so that it is given the start as all generators are, and brings that to
about the slices' spacing itself: m planes become m channels of one, m the whole number nearest to the ratio. Nothing is
lost by this, and the body, which has nearly all of the layers, works on an m-th of the planes.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from .generator import AtScale, Generator, set_to_zero
from .rrdb import CONVOLUTIONS, DENSE_BLOCKS, SLOPE, residual_body


class PostRRDB(Generator):
    r"""The network: :math:`G_s(x) = x + U_m(h + B(h))` with :math:`h = E_m(F_m x)` and m the whole scale nearest to s.

    :math:`F_m` folds m planes that follow each other into channels, :math:`E_m` is a 3x3x3 convolution, and the body B
    residual-in-residual dense blocks and a 3x3x3 convolution, which all scales share. The head :math:`U_m` is a 3x3x3
    convolution to m times as many channels, which become planes again (pixel shuffle along one axis), and two 3x3x3
    convolutions, with leaky ReLU before each of them.

    A start whose planes are no multiple of m is filled up with zeros at the far end, which are cut off after.

    Args:
        lowest: the lowest scale.
        scales: how many there are; scales beyond the lowest and the highest take these two.
        blocks: number of residual-in-residual dense blocks.
        channels: feature channels.
        growth: channels that a dense block's convolutions add.
        residual_scale: of every residual, 0.2 as published.
        zero_last: start with last convolutions of zeros, so that the first answer is the start.
    """

    def __init__(
        self,
        lowest: int = 2,
        scales: int = 5,
        blocks: int = 6,
        channels: int = 32,
        growth: int = 16,
        residual_scale: float = 0.2,
        zero_last: bool = True,
    ) -> None:
        super().__init__()
        self.arguments = {
            "lowest": lowest,
            "scales": scales,
            "blocks": blocks,
            "channels": channels,
            "growth": growth,
            "residual_scale": residual_scale,
            "zero_last": zero_last,
        }
        self.receptive_radius = blocks * DENSE_BLOCKS * CONVOLUTIONS + 5
        self._lowest = lowest
        self.stride = self.fold = lowest + scales - 1
        factors = range(lowest, lowest + scales)
        self.entrances = nn.ModuleList(nn.Conv3d(factor, channels, 3, padding=1) for factor in factors)
        self.body = residual_body(blocks, channels, growth, residual_scale)
        self.heads = nn.ModuleList(_head(channels, factor) for factor in factors)
        if zero_last:
            for head in self.heads:
                set_to_zero(list(head.children())[-1])

    def at_scale(self, scale: float) -> Generator:
        """The network for the whole scale nearest to that one, of those that it has."""
        at = AtScale(self, scale)
        at.stride = at.fold = self.factor_at(scale)
        return at

    def factor_at(self, scale: float | None) -> int:
        """m: the whole scale nearest to one, of those that there are; the highest for ``None``."""
        highest = self._lowest + len(self.heads) - 1
        return highest if scale is None else min(max(math.floor(scale + 0.5), self._lowest), highest)

    def forward(self, start: torch.Tensor, scale: float | None = None) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape.

        ``scale`` is that of the whole batch, by default the highest.
        """
        factor, planes = self.factor_at(scale), start.shape[2]
        number = factor - self._lowest
        filled = functional.pad(start, (0, 0, 0, 0, 0, -planes % factor))
        folded = filled[:, 0].unflatten(1, (-1, factor)).transpose(1, 2)
        entered = self.entrances[number](folded)
        added = self.heads[number](entered + self.body(entered))
        result: torch.Tensor = start + added[:, :, :planes]
        return result


class PlaneShuffle(nn.Module):
    """Channels (batch, m * channels, n, rows, columns) to planes (batch, channels, n * m, rows, columns): pixel shuffle
    (Shi et al., CVPR 2016, arXiv 1609.05158) along one axis.

    Args:
        factor: m.
    """

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The features with m times as many planes."""
        return features.unflatten(1, (-1, self.factor)).transpose(2, 3).flatten(2, 3)


def _head(channels: int, factor: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, channels * factor, 3, padding=1),
        PlaneShuffle(factor),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv3d(channels, channels, 3, padding=1),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv3d(channels, 1, 3, padding=1),
    )
