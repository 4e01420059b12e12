"""Two networks that learn against each other: a generator, and a discriminator that judges what it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from .moving_average import MovingAverage
from .optimisation import Optimisation
from .random_streams import RandomStream
from .step import State


@dataclass(frozen=True)
class Player:
    """One of the two networks, the loss that it minimises, and how it follows its gradient.

    The loss draws what it needs itself; that of the discriminator holds the generator's output fixed.
    """

    network: nn.Module
    loss: Callable[[], torch.Tensor]
    optimisation: Optimisation

    def move(self) -> torch.Tensor:
        """One step; the loss before it."""
        loss = self.loss()
        self.optimisation.step(loss)
        return loss.detach()

    def state(self) -> State:
        """Of network and optimisation."""
        return {"network": self.network.state_dict(), "optimisation": self.optimisation.state()}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self.optimisation.load_state(state["optimisation"])


class AdversarialStep:
    """One move of the discriminator, one of the generator, one update of the average.

    Args:
        discriminator, generator: the players; the discriminator's weights need no gradient while the generator moves.
        average: of what the generator makes or is.
        random: what the losses draw from.
    """

    def __init__(self, discriminator: Player, generator: Player, average: MovingAverage, random: RandomStream) -> None:
        self._discriminator = discriminator
        self._generator = generator
        self._average = average
        self._random = random

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """Both moves, then the average."""
        discriminator = self._discriminator.move()
        self._discriminator.network.requires_grad_(False)
        generator = self._generator.move()
        self._discriminator.network.requires_grad_(True)
        self._average.update()
        return {"discriminator": discriminator, "generator": generator}

    def state(self) -> State:
        """Of both players, the average and the random stream."""
        return {
            "discriminator": self._discriminator.state(),
            "generator": self._generator.state(),
            "average": self._average.state(),
            "random": self._random.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._discriminator.load_state(state["discriminator"])
        self._generator.load_state(state["generator"])
        self._average.load_state(state["average"])
        self._random.load_state(state["random"])
