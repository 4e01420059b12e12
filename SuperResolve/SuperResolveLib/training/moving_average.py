"""The exponential moving average of what is trained."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .step import State


class MovingAverage:
    r""":math:`a \leftarrow d\,a + (1 - d)\,x` of a tensor x, from its first value.

    Args:
        read: x as it is now.
        decay: d.

    Attributes:
        value: a, always the same tensor.
    """

    @torch.no_grad()
    def __init__(self, read: Callable[[], torch.Tensor], decay: float) -> None:
        self.value = read().detach().clone()
        self._read = read
        self._decay = decay

    @torch.no_grad()
    def update(self) -> None:
        """Take note of x as it is now."""
        self.value.lerp_(self._read(), 1 - self._decay)

    def state(self) -> State:
        """The average."""
        return {"value": self.value}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self.value.copy_(state["value"])
