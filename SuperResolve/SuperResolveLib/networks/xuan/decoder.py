"""From a code to a slice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from .encoder import WIDTHS
from .layers import block, bounded_convolution, xavier


class Decoder(nn.Module):
    """The encoder's mirror: fully connected, blocks that each double the image by nearest neighbours, a convolution
    to the slice, which is linear. Arguments are the encoder's.
    """

    def __init__(self, side: int = 256, widths: Sequence[int] = WIDTHS, latent: int = 512) -> None:
        super().__init__()
        self.inner = side // 2 ** (len(widths) - 1)
        self.head = xavier(nn.Linear(latent, widths[-1] * self.inner**2))
        self.blocks = nn.Sequential()
        for inputs, outputs in pairwise(reversed(widths)):
            self.blocks.extend([nn.Upsample(scale_factor=2, mode="nearest"), block(inputs, outputs)])
        self.tail = bounded_convolution(widths[0], 1)

    def forward(self, code: torch.Tensor) -> torch.Tensor:
        """Codes of shape (batch, latent) to slices of shape (batch, 1, side, side)."""
        features = self.head(code).unflatten(1, (-1, self.inner, self.inner))
        result: torch.Tensor = self.tail(self.blocks(features))
        return result
