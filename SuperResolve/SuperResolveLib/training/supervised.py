"""Learning from pairs whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from .averaged_weights import AveragedWeights
from .batches import BatchSource
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
        average: of the network's weights, where one is kept.
        in_bfloat16: whether the network computes in that type, which graphics cards do faster.
    """

    def __init__(
        self,
        network: nn.Module,
        batches: BatchSource[Batch],
        loss: Callable[[Batch], torch.Tensor],
        optimisation: Optimisation,
        average: AveragedWeights[Any] | None = None,
        in_bfloat16: bool = False,
    ) -> None:
        self._network = network.train()
        self._batches = batches
        self._loss = loss
        self._optimisation = optimisation
        self._average = average
        self._in_bfloat16 = in_bfloat16

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step on the iteration's batch."""
        batch = self._batches.at(iteration)
        with torch.autocast(next(self._network.parameters()).device.type, torch.bfloat16, enabled=self._in_bfloat16):
            loss = self._loss(batch)
        self._optimisation.step(loss)
        if self._average is not None:
            self._average.update()
        return {"loss": loss.detach()}

    def state(self) -> State:
        """Of network, optimisation, random stream and average."""
        return {
            "network": self._network.state_dict(),
            "optimisation": self._optimisation.state(),
            "random": self._batches.random.state(),
            "average": None if self._average is None else self._average.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._network.load_state_dict(state["network"])
        self._optimisation.load_state(state["optimisation"])
        self._batches.random.load_state(state["random"])
        if self._average is not None:
            self._average.load_state(state["average"])
