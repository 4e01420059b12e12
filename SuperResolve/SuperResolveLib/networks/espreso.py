"""The two networks of ESPRESO (Han et al., IPMI 2021, Sec. 2.4)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

#: Samples that the discriminator sees at once.
RECEPTIVE_FIELD = 7


class ProfileGenerator(nn.Module):
    """A slice profile as the softmax of a learnable tensor behind 1-D convolutions without non-linearity.

    Args:
        taps: number of taps, odd.
        channels, convolutions: size of the tensor and how many convolutions of width 3 follow it.
    """

    def __init__(self, taps: int, channels: int = 256, convolutions: int = 3) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(1, channels, taps + 2 * convolutions))
        nn.init.kaiming_uniform_(self.embedding, a=math.sqrt(5))
        widths = [channels] * convolutions + [1]
        self.convolutions = nn.Sequential(*(nn.Conv1d(a, b, 3) for a, b in pairwise(widths)))

    def forward(self) -> torch.Tensor:
        """The profile, shape (taps,), positive, summing to 1."""
        return torch.softmax(self.convolutions(self.embedding).flatten(), dim=0)


class LineDiscriminator(nn.Module):
    """Says of every 7 neighbouring samples of a line whether they come from the through-plane direction.

    1-D kernels 3, 3, 3, 1, 1 without padding, spectral normalisation, leaky ReLU 0.1.
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        widths = [1, channels, channels, channels, channels]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, (1, kernel)))
            for a, b, kernel in zip(widths, [*widths[1:], 1], (3, 3, 3, 1, 1), strict=True)
        )

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """Lines of shape (number, samples) to logits of shape (number, samples - 6)."""
        # as images of one row, channels last: twice as fast on a CPU as 1-D convolutions
        features = lines[:, None, None].contiguous(memory_format=torch.channels_last)
        for layer in self.layers[:-1]:
            features = functional.leaky_relu(layer(features), 0.1)
        logits: torch.Tensor = self.layers[-1](features)
        return logits[:, 0, 0]
