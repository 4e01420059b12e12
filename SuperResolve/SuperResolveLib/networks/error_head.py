"""A small network that tells the variance of another one's error, for those that work on slices of fine planes."""

from __future__ import annotations

import math

import torch
from torch import nn

from .error_head_sizes import CHANNELS, GAIN
from .generator import set_to_zero


class ErrorHead(nn.Module):
    r"""What a network was shown and what it adds, to :math:`\log \sigma^2` of its error on every fine plane.

    Args:
        channels: of what the network was shown.
        factor: fine planes of a slice.

    Attributes:
        level: the logarithm of the variance from which learning starts, everywhere.
        highest: the largest logarithm that it tells: what it met in learning, since beyond that an exponential of what
            was extrapolated has no bound (a vessel brighter than anything in a training patch).
    """

    level: torch.Tensor
    highest: torch.Tensor

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels + factor, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.tail = nn.Conv2d(CHANNELS, factor, 3, padding=1)
        set_to_zero(self.tail)
        self.register_buffer("level", torch.tensor(0.0))
        self.register_buffer("highest", torch.tensor(math.inf))

    def forward(self, image: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        """The logarithm of the variance.

        Args:
            image: what the network was shown, shape (batch, channels, slices, columns).
            added: what it adds, shape (batch, factor, slices, columns).

        Returns:
            Shape (batch, factor, slices, columns).
        """
        above: torch.Tensor = self.tail(self.body(torch.cat([image, GAIN * added], dim=1)))
        return (self.level + above).clamp(max=self.highest)
