"""The two players of ESPRESO, their losses, and the average profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from ...losses.adversarial import cross_entropy
from ...networks.espreso import LineDiscriminator, ProfileGenerator
from ...training.adversarial import AdversarialStep, Player
from ...training.moving_average import MovingAverage
from ...training.optimisation import Optimisation
from ...training.random_streams import DefaultStream
from ...training.step import State
from ..reference import Reference
from .impulse import start_as_impulse
from .patches import DirectionPatches, PatchShape


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters as published."""

    iterations: int = 15_000
    patches: int = 64
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.05
    gradient_norm: float = 1.0
    centre_weight: float = 1.0
    border_weight: float = 10.0
    averaging: float = 0.99


PUBLISHED = Settings()


class Game:
    """The step of training: a move of each player, and the average profile, of which every value is kept.

    Attributes:
        average: the profile's moving average, shape (taps,).
        averages: its values after each move, shape (iterations, taps).
    """

    def __init__(self, reference: Reference, taps: int, settings: Settings, device: torch.device) -> None:
        self.settings = settings
        shape = PatchShape.fitting(reference, taps)
        self._directions = [DirectionPatches(direction, reference, shape, device) for direction in reference.directions]
        self._generator = ProfileGenerator(taps).to(device)
        start_as_impulse(self._generator)
        self._discriminator = LineDiscriminator().to(device)
        self._offsets = torch.arange(taps, device=device, dtype=torch.float32) - taps // 2
        average = MovingAverage(self._generator, settings.averaging)
        self.average = average.value
        self.averages = torch.zeros(settings.iterations, taps, device=device)
        self._move = torch.zeros(1, dtype=torch.long, device=device)
        self._step = AdversarialStep(
            Player(self._discriminator, self._discriminator_loss, self._optimisation(self._discriminator)),
            Player(self._generator, self._generator_loss, self._optimisation(self._generator)),
            average,
            DefaultStream(device),
        )

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One move of the discriminator, one of the generator, one update of the average."""
        losses = self._step.update(iteration)
        self.averages.index_copy_(0, self._move, self.average[None])
        self._move += 1
        return losses

    def state(self) -> State:
        """Of the players, and all averages so far."""
        return {"step": self._step.state(), "averages": self.averages, "move": self._move}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._step.load_state(state["step"])
        self.averages.copy_(state["averages"])
        self._move.copy_(state["move"])

    def _optimisation(self, player: LineDiscriminator | ProfileGenerator) -> Optimisation:
        """As published: of the generator, weights decay and the gradient is bounded."""
        settings, generates = self.settings, player is self._generator
        optimiser = torch.optim.Adam(
            player.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay if generates else 0.0,
            capturable=self._offsets.is_cuda,
        )
        return Optimisation(player.parameters(), [optimiser], (), settings.gradient_norm if generates else None)

    def _discriminator_loss(self) -> torch.Tensor:
        with torch.no_grad():
            profile = self._generator()
        return self._cross_entropy(profile)

    def _generator_loss(self) -> torch.Tensor:
        profile = self._generator()
        confusion = -self._cross_entropy(profile)
        centroid = (profile * self._offsets).sum() ** 2
        border = profile[:2].sum() + profile[-2:].sum()
        return confusion + self.settings.centre_weight * centroid + self.settings.border_weight * border

    def _cross_entropy(self, profile: torch.Tensor) -> torch.Tensor:
        """The discriminator's, on through-plane lines and on generated ones of two sets of patches."""
        number = self.settings.patches // len(self._directions)
        through = torch.cat([_lines(d.generate(profile, d.draw(number))) for d in self._directions])
        generated = torch.cat([_lines(d.generate(profile, d.draw(number)).mT) for d in self._directions])
        return cross_entropy(self._discriminator(through), self._discriminator(generated))


def _lines(patches: torch.Tensor) -> torch.Tensor:
    """Every row of every patch: (number, rows, columns) to (number * rows, columns)."""
    return patches.reshape(-1, patches.shape[2])
