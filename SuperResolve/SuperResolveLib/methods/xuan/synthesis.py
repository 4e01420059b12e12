r"""The first stage: a variational autoencoder whose decoder plays against a critic.

With the code :math:`z \sim N(\mu_n, \sigma_n^2)` of a slice x and :math:`\hat x = D(z)`:

    L_center  the mean of :math:`|\hat x - x|`
    L_prior   :math:`KL(z_n, N(0, 1))` (Eq. 5)
    L_adv     :math:`-H(\hat x) + H(x)` (Eq. 7), which the critic H maximises and the decoder minimises
    L_comp    :math:`KL(z_n, z_{n+1}) + KL(z_n, z_{n-1})` (Eq. 8), at the ends the one there is

The encoder follows alpha L_center + gamma L_prior + eta L_comp: the code is detached for L_adv. The decoder follows
alpha L_center + beta L_adv. The weights change in phases (Xuan et al. 2020, arXiv 2003.12627).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch

from ...losses.critic import critic_loss, generated_loss
from ...losses.divergence import divergence_from_standard, gaussian_divergence
from ...losses.pixel import absolute_error
from ...networks.xuan.critic import Critic
from ...networks.xuan.decoder import Decoder
from ...networks.xuan.encoder import Encoder
from ...training.batches import BatchSource
from ...training.optimisation import Optimisation, Optimiser, optimisers_for, warmed_up_cosine
from ...training.random_streams import CountedStream
from ...training.step import State
from .presets import Phase
from .slices import SliceTriples

Code = tuple[torch.Tensor, torch.Tensor]


class SynthesisStep:
    """One move of the critic, then one of encoder and decoder.

    Args:
        encoder, decoder, critic: what is trained.
        batches: slices to learn from.
        random: what codes are drawn by.
        iterations: of the whole stage, of which each phase has its share.
        phases: weights of the losses.
        learning_rate: the largest.
        optimiser: of encoder and decoder; the critic's is Adam.
        decays: whether the learning rate falls to zero along a cosine.
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        critic: Critic,
        batches: BatchSource[SliceTriples],
        random: CountedStream,
        iterations: int,
        phases: Sequence[Phase],
        learning_rate: float,
        optimiser: Optimiser = "adam",
        decays: bool = False,
    ) -> None:
        self._networks = {"encoder": encoder.train(), "decoder": decoder.train(), "critic": critic.train()}
        self._encoder, self._decoder, self._critic = encoder, decoder, critic
        self._batches, self._random = batches, random
        self._iterations, self._phases = iterations, phases
        coders = torch.nn.ModuleList([encoder, decoder])
        players: dict[str, tuple[torch.nn.Module, Optimiser]] = {
            "coders": (coders, optimiser),
            "critic": (critic, "adam"),
        }
        self._optimisations = {}
        for name, (player, kind) in players.items():
            optimisers = optimisers_for(player, learning_rate, kind)
            schedules = [warmed_up_cosine(each, iterations) for each in optimisers] if decays else []
            self._optimisations[name] = Optimisation(player.parameters(), optimisers, schedules)

    @property
    def coders(self) -> tuple[Encoder, Decoder]:
        """Encoder and decoder."""
        return self._encoder, self._decoder

    def phase(self, iteration: int) -> Phase:
        """The weights at an iteration."""
        place = iteration / self._iterations * sum(phase.share for phase in self._phases)
        for phase in self._phases:
            place -= phase.share
            if place < 0:
                return phase
        return self._phases[-1]

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """Both moves; the losses before them, without their weights."""
        phase, triples = self.phase(iteration), self._batches.at(iteration)
        code, before, after = self.codes(triples, with_neighbours=phase.comparison > 0)
        drawn = self.draw(code, iteration)
        adversarial = phase.adversarial > 0
        image, for_critic = self.decoded(drawn, adversarial)
        losses = {
            "center": absolute_error(image, triples.middle),
            "prior": divergence_from_standard(*code).mean(),
        }
        total = phase.center * losses["center"] + phase.prior * losses["prior"]
        if phase.comparison > 0:
            losses["comparison"] = neighbour_divergence(code, before, after, triples)
            total = total + phase.comparison * losses["comparison"]
        if adversarial:
            losses["critic"] = critic_loss(self._critic(triples.middle), self._critic(for_critic.detach()))
            self._optimisations["critic"].step(losses["critic"])
            self._critic.requires_grad_(False)
            losses["adversarial"] = generated_loss(self._critic(for_critic))
            total = total + phase.adversarial * losses["adversarial"]
        self._optimisations["coders"].step(total)
        self._critic.requires_grad_(True)
        return {name: loss.detach() for name, loss in losses.items()}

    def codes(self, triples: SliceTriples, with_neighbours: bool = True) -> tuple[Code, Code, Code]:
        """Of the slices, and if wanted of those before and after (else the slices' own)."""
        if not with_neighbours:
            own: Code = self._encoder(triples.middle)
            return own, own, own
        mean, log_variance = self._encoder(torch.cat([triples.middle, triples.before, triples.after]))
        parts = tuple(zip(mean.chunk(3), log_variance.chunk(3), strict=True))
        return cast(tuple[Code, Code, Code], parts)

    def draw(self, code: Code, iteration: int) -> torch.Tensor:
        """A code from its Gaussian, through which gradients reach mean and variance."""
        mean, log_variance = code
        noise = torch.randn(mean.shape, generator=self._random.at(iteration)).to(mean.device)
        return mean + torch.exp(0.5 * log_variance) * noise

    def decoded(self, code: torch.Tensor, adversarial: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """The slice of a code for L_center, and the same for L_adv, whose gradient ends at the code.

        One pass of the decoder for both, so that they have the same weights: power iteration moves these every pass.
        """
        if not adversarial:
            image: torch.Tensor = self._decoder(code)
            return image, image
        image, detached = self._decoder(torch.cat([code, code.detach()])).chunk(2)
        return image, detached

    def state(self) -> State:
        """Of the networks and their optimisers."""
        return {
            **{name: network.state_dict() for name, network in self._networks.items()},
            "optimisations": {name: each.state() for name, each in self._optimisations.items()},
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        for name, network in self._networks.items():
            network.load_state_dict(state[name])
        for name, each in self._optimisations.items():
            each.load_state(state["optimisations"][name])


def neighbour_divergence(code: Code, before: Code, after: Code, triples: SliceTriples) -> torch.Tensor:
    """L_comp: of a slice's code from that of each neighbour that exists, summed; the mean over the batch."""
    to_after = gaussian_divergence(*code, *after) * triples.has_after
    to_before = gaussian_divergence(*code, *before) * triples.has_before
    return (to_after + to_before).mean()
