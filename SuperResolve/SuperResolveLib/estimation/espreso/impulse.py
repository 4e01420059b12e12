"""Where ESPRESO's generator starts: a profile that blurs nothing."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ...networks.espreso import ProfileGenerator
from ...progress import silent
from ...training.loop import TrainingLoop
from ...training.optimisation import Optimisation
from ...training.step import State

#: The middle tap's share of the profile at which it counts as an impulse, and the most iterations to get there.
SHARE = 0.99
ITERATIONS = 1000
LEARNING_RATE = 1e-3


def start_as_impulse(generator: ProfileGenerator) -> None:
    """Train until the middle tap holds 99 % of the profile."""
    step = ImpulseStep(generator)
    device = generator.embedding.device
    TrainingLoop(step, ITERATIONS, device, until=lambda: float(step.middle().detach()) > SHARE).run(silent)


class ImpulseStep:
    r"""One step of Adam on :math:`-\log k_0`, with k₀ the middle tap of the generator's profile."""

    def __init__(self, generator: ProfileGenerator) -> None:
        self._generator = generator
        parameters = list(generator.parameters())
        self._optimisation = Optimisation(parameters, [torch.optim.Adam(parameters, lr=LEARNING_RATE)])

    def middle(self) -> torch.Tensor:
        """The middle tap."""
        profile: torch.Tensor = self._generator()
        return profile[len(profile) // 2]

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step."""
        loss = -torch.log(self.middle())
        self._optimisation.step(loss)
        return {"loss": loss.detach()}

    def state(self) -> State:
        """Of generator and optimisation."""
        return {"generator": self._generator.state_dict(), "optimisation": self._optimisation.state()}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._generator.load_state_dict(state["generator"])
        self._optimisation.load_state(state["optimisation"])
