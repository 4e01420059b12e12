"""A trained network, and beside it a small one for the variance of its error at every fine plane."""

from __future__ import annotations

import torch
from torch import nn

from .error_head import ErrorHead
from .error_head_sizes import RADIUS
from .slice_to_planes import SliceToPlanes, unfold


class PlanesAndErrors(nn.Module):
    r"""Slices to fine planes and :math:`\log \sigma^2` of their error, as two maps.

    Args:
        network: a trained network, which is not trained further.
    """

    #: The planes, and the logarithm of their error's variance.
    maps: tuple[int, ...] = (2,)

    def __init__(self, network: SliceToPlanes) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.head = ErrorHead(network.factor + 1, network.factor)
        self.receptive_radius = network.receptive_radius + RADIUS

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices (batch, n, width) to maps (batch, 2, fine planes, width)."""
        with torch.no_grad():
            start, image, residual = self.network.steps(slices)
        planes = start + unfold(self.network.extended(residual))
        above_level = self.network.extended(self.head(image, residual) - self.head.level)
        return torch.stack([planes, self.head.level + unfold(above_level)], dim=1)
