"""The exponential moving average of a network's weights, which generalises better than the weights (Polyak 1992)."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

from .step import State

Network = TypeVar("Network", bound=nn.Module)


class AveragedWeights(Generic[Network]):
    r""":math:`a \leftarrow d_t\,a + (1 - d_t)\,w` of the weights w, with :math:`d_t = \min(d, (1 + t) / (10 + t))`, so
    that the first, untrained weights are soon forgotten. Buffers, such as running statistics, are taken as they are.

    Args:
        network: whose weights are averaged.
        decay: d.

    Attributes:
        network: a copy with the averaged weights, in eval mode.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._read = network
        self._decay = decay
        self._updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take note of the weights as they are now."""
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        for average, weight in zip(self.network.parameters(), self._read.parameters(), strict=True):
            average.lerp_(weight, 1 - decay)
        for kept, buffer in zip(self.network.buffers(), self._read.buffers(), strict=True):
            kept.copy_(buffer)
        self._updates += 1

    def state(self) -> State:
        """The averaged weights, and how many updates they hold."""
        return {"network": self.network.state_dict(), "updates": self._updates}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._updates = state["updates"]
