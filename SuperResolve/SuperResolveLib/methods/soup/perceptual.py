r"""The second stage: the generator is tuned by what looks right, against a discriminator.

The discriminator D follows :math:`-E[\log D(x)] - E[\log(1 - D(\hat x))]` (Eq. 5), the generator

.. math:: L_G = w_{per} L_{per} + w_{GAN} L_{GAN} + w_{MSE} L_{MSE},

with :math:`L_{GAN} = -E[\log D(\hat x)]` and the perceptual loss of
:func:`~SuperResolveLib.losses.perceptual.perceptual_loss` (Zhang et al. 2021, arXiv 2106.02599). The published weights
1, 0.01 and 0.001 depend on the unit of intensities, which is not told: here the gradients of the three, over the answer
and at the start of the stage, stand in these proportions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from ...errors import InputError
from ...losses.adversarial import cross_entropy, non_saturating
from ...losses.balance import balanced_weights, gradient_norms
from ...losses.perceptual import Extractor, perceptual_loss
from ...losses.pixel import squared_error
from ...networks.generator import Generator
from ...networks.patch_discriminator import PatchDiscriminator
from ...training.averaged_weights import AveragedWeights
from ...training.batches import BatchSource
from ...training.column_pairs import ColumnPairs
from ...training.optimisation import Optimisation
from ...training.random_streams import CountedStream
from ...training.step import State
from .presets import PROPORTIONS, Tuning

#: The answer of the network that learns, (batch, planes, rows, columns).
Answer = Callable[[ColumnPairs], torch.Tensor]


class PerceptualStep:
    """One move of the discriminator, then one of the generator.

    Args:
        generator, discriminator: what is trained.
        answer: that of the generator on a batch, consistent where it is to be.
        extractor: of the features that are compared; frozen.
        batches: what is learned from.
        random: by which planes are drawn.
        tuning: how is learned.
        average: of the generator's weights.

    Attributes:
        weights: of the generator's losses, by name.

    Raises:
        InputError: a loss has no gradient at the start.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: PatchDiscriminator,
        answer: Answer,
        extractor: Extractor,
        batches: BatchSource[ColumnPairs],
        random: CountedStream,
        tuning: Tuning,
        average: AveragedWeights[Generator],
    ) -> None:
        self._networks = {"generator": generator.train(), "discriminator": discriminator.train()}
        self._discriminator, self._answer, self._extractor = discriminator, answer, extractor
        self._batches, self._random, self._tuning, self._average = batches, random, tuning, average
        self._optimisations = {
            name: Optimisation(network.parameters(), [torch.optim.Adam(network.parameters(), lr=tuning.learning_rate)])
            for name, network in self._networks.items()
        }
        self.weights = self._measured_weights()

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """Both moves, then the average; the losses before them, without their weights."""
        pairs = self._batches.at(iteration)
        answer = self._answer(pairs)
        judged = self.discriminator_loss(pairs.truth, answer)
        self._optimisations["discriminator"].step(judged)
        losses = self.losses(pairs.truth, answer, iteration)
        total = torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum()
        self._optimisations["generator"].step(total)
        self._average.update()
        return {"discriminator": judged.detach(), **{name: loss.detach() for name, loss in losses.items()}}

    def discriminator_loss(self, truth: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
        """What the discriminator minimises; no gradient flows to what made the answer."""
        return cross_entropy(self._discriminator(truth[:, None]), self._discriminator(answer.detach()[:, None]))

    def losses(self, truth: torch.Tensor, answer: torch.Tensor, iteration: int) -> dict[str, torch.Tensor]:
        """Those of the generator by name, without their weights; none reaches the discriminator's weights."""
        self._discriminator.requires_grad_(False)
        judged = self._discriminator(answer[:, None])
        self._discriminator.requires_grad_(True)
        generator = self._random.at(iteration)
        perceptual = perceptual_loss(self._extractor, truth[:, None], answer[:, None], self._tuning.planes, generator)
        return {
            "perceptual": perceptual,
            "adversarial": non_saturating(judged),
            "squared_error": squared_error(answer, truth),
        }

    def _measured_weights(self) -> dict[str, float]:
        """Under which the gradients stand in the published proportions, on average over a few batches."""
        norms = []
        for number in range(self._tuning.batches):
            pairs = self._batches.at(number)
            answer = self._answer(pairs).detach().requires_grad_()
            norms.append(gradient_norms(self.losses(pairs.truth, answer, number), answer))
        means = {name: float(np.mean([each[name] for each in norms])) for name in PROPORTIONS}
        try:
            return balanced_weights(means, PROPORTIONS)
        except ValueError as error:
            raise InputError(
                f"the stage perceptual cannot begin: {error}; take other features, or train the stage squared-error "
                "for longer"
            ) from error

    def state(self) -> State:
        """Of the networks, their optimisers, the weights and the average."""
        return {
            **{name: network.state_dict() for name, network in self._networks.items()},
            "optimisations": {name: each.state() for name, each in self._optimisations.items()},
            "weights": dict(self.weights),
            "average": self._average.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        for name, network in self._networks.items():
            network.load_state_dict(state[name])
        for name, each in self._optimisations.items():
            each.load_state(state["optimisations"][name])
        self.weights = dict(state["weights"])
        self._average.load_state(state["average"])
