"""Learning from pairs whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import torch
from torch import nn

from .batches import Batches
from .optimisation import Optimisation
from .step import State

Batch = TypeVar("Batch")


class SupervisedStep(Generic[Batch]):
    """One step down the gradient of a network's loss on a batch.

    Args:
        network: what is trained.
        batches: what it learns from.
        loss: of the network on a batch.
        optimisation: how the network follows the gradient.
    """

    def __init__(
        self,
        network: nn.Module,
        batches: Batches[Batch],
        loss: Callable[[Batch], torch.Tensor],
        optimisation: Optimisation,
    ) -> None:
        self._network = network.train()
        self._batches = batches
        self._loss = loss
        self._optimisation = optimisation

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step on the iteration's batch."""
        loss = self._loss(self._batches.at(iteration))
        self._optimisation.step(loss)
        return {"loss": loss.detach()}

    def state(self) -> State:
        """Of network, optimisation and random stream."""
        return {
            "network": self._network.state_dict(),
            "optimisation": self._optimisation.state(),
            "random": self._batches.random.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._network.load_state_dict(state["network"])
        self._optimisation.load_state(state["optimisation"])
        self._batches.random.load_state(state["random"])
