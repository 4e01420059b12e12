"""Weights that layers start from."""

from __future__ import annotations

import torch
from torch import nn

#: How much of the weights that were drawn is added to the identity in each of n layers, times the root of n.
RANDOM = 0.8


@torch.no_grad()
def bring_near_identity(convolution: nn.Conv3d, layers: int) -> None:
    r"""Let a layer's weights W that were drawn, with as many channels in as out, become
    :math:`I + 0.8 / \sqrt n\; W` (Zagoruyko and Komodakis, DiracNets, 2017, arXiv 1706.00388).

    The last of n layers in a row then sees what the first one did, and learns several times faster.

    Args:
        convolution: the layer.
        layers: n, how many layers there are in a row.
    """
    identity = nn.init.dirac_(torch.empty_like(convolution.weight))
    convolution.weight.mul_(RANDOM / layers**0.5).add_(identity)
