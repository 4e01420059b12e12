"""A second, small network beside a trained one: the variance of the first one's error at every fine plane."""

from __future__ import annotations

import math

import torch
from torch import nn

from .slice_to_planes import SliceToPlanes, unfold

CHANNELS = 24
#: What the backbone adds is small beside the image; in about the same range, both are seen alike.
GAIN = 10.0


class PlanesAndErrors(nn.Module):
    r"""Slices to fine planes and :math:`\log \sigma^2` of their error, as two maps.

    Args:
        network: a trained network, which is not trained further.

    Attributes:
        level: the logarithm of the variance from which learning starts, everywhere.
        highest: the largest logarithm that it tells: what it met in learning, since beyond that an exponential of what
            was extrapolated has no bound (a vessel brighter than anything in a training patch).
    """

    #: The planes, and the logarithm of their error's variance.
    maps: tuple[int, ...] = (2,)
    level: torch.Tensor
    highest: torch.Tensor

    def __init__(self, network: SliceToPlanes) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.body = nn.Sequential(
            nn.Conv2d(2 * network.factor + 1, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.tail = nn.Conv2d(CHANNELS, network.factor, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)
        self.register_buffer("level", torch.tensor(0.0))
        self.register_buffer("highest", torch.tensor(math.inf))
        self.receptive_radius = network.receptive_radius + 3

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices (batch, n, width) to maps (batch, 2, fine planes, width)."""
        with torch.no_grad():
            start, image, residual = self.network.steps(slices)
        above_level = self.tail(self.body(torch.cat([image, GAIN * residual], dim=1)))
        log_variance = self.level + unfold(self.network.extended(above_level))
        return torch.stack(
            [start + unfold(self.network.extended(residual)), log_variance.clamp(max=self.highest)], dim=1
        )
