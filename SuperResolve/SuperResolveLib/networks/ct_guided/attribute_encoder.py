"""From an image to how it looks."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from .layers import convolution

#: The factor of the channels of the convolutions with stride 2.
FACTORS = (2, 4, 4, 4)
#: The fewest rows and columns that the convolutions leave something of.
FEWEST = 2 ** len(FACTORS)


class AttributeEncoder(nn.Module):
    """A 7x7 convolution, four 4x4 convolutions with stride 2, the mean over the image, and a 1x1 convolution.

    There is no normalisation, which would take away what it is to tell (Huang et al., ECCV 2018, arXiv 1804.04732).

    Args:
        channels: of the first convolution.
        attributes: how many numbers come out.
    """

    def __init__(self, channels: int = 64, attributes: int = 8) -> None:
        super().__init__()
        widths = [channels, *(factor * channels for factor in FACTORS)]
        layers: list[nn.Module] = [convolution(1, channels, 7), nn.ReLU(inplace=True)]
        for inputs, outputs in pairwise(widths):
            layers += [convolution(inputs, outputs, 4, 2), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.tail = convolution(widths[-1], attributes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, 1, rows, columns) of at least :data:`FEWEST` each to attributes (batch, attributes)."""
        features = functional.adaptive_avg_pool2d(self.body(images), 1)
        attributes: torch.Tensor = self.tail(features).flatten(1)
        return attributes
