r"""mDCSRN's second stage: the network plays against a critic (Chen et al., MICCAI 2018, arXiv 1803.01417).

With x a patch of a thin volume, s its start, :math:`\hat x = G(s)` and H the critic, the critic minimises

    :math:`H(\hat x) - H(x) + 10\,E[(|\nabla H(x')| - 1)^2]`

with x' between x and :math:`\hat x` (Gulrajani et al., NeurIPS 2017, arXiv 1704.00028, Eq. 3), and the network

    :math:`|\hat x - x| - 0.001\,H(\hat x)`.

The critic moves in every iteration, the network in every seventh after a while in which the critic learns alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ...losses.critic import critic_loss, generated_loss, gradient_penalty
from ...losses.pixel import absolute_error
from ...training.averaged_weights import AveragedWeights
from ...training.batches import BatchSource
from ...training.optimisation import Optimisation
from ...training.random_streams import CountedStream
from ...training.step import State
from ...training.volume_pairs import VolumePairs

#: Weights of the gradient penalty and of the adversarial loss.
PENALTY, ADVERSARIAL = 10.0, 1e-3
#: Moves of the critic for one of the network, and the share of the iterations in which it moves alone at first: 10,000
#: of 550,000.
CRITIC_MOVES, ALONE = 7, 10_000 / 550_000


class AgainstCritic:
    """A move of the critic, and now and then one of the network.

    Args:
        network: what is trained, already able to do without a critic.
        critic: of its patches.
        batches: what both learn from.
        random: where the gradient is penalised.
        iterations: of the whole stage.
        learning_rate: Adam's, of both.
        average: of the network's weights.
    """

    def __init__(
        self,
        network: nn.Module,
        critic: nn.Module,
        batches: BatchSource[VolumePairs],
        random: CountedStream,
        iterations: int,
        learning_rate: float,
        average: AveragedWeights[nn.Module],
    ) -> None:
        self._network, self._critic = network.train(), critic.train()
        self._batches, self._random, self._average = batches, random, average
        self._alone = round(ALONE * iterations)
        self._optimisations = {
            "network": Optimisation(network.parameters(), [torch.optim.Adam(network.parameters(), lr=learning_rate)]),
            "critic": Optimisation(critic.parameters(), [torch.optim.Adam(critic.parameters(), lr=learning_rate)]),
        }

    def network_moves(self, iteration: int) -> bool:
        """Whether the network moves in an iteration."""
        return iteration >= self._alone and (iteration - self._alone) % CRITIC_MOVES == CRITIC_MOVES - 1

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """The iteration's moves; the losses before them."""
        batch, moves = self._batches.at(iteration), self.network_moves(iteration)
        truth = batch.truth[:, None]
        with torch.set_grad_enabled(moves):
            answer = self._network(batch.start[:, None])
        losses = {"critic": self.critic_loss(truth, answer.detach(), iteration)}
        self._optimisations["critic"].step(losses["critic"])
        if moves:
            self._critic.requires_grad_(False)
            losses["loss"] = absolute_error(answer, truth) + ADVERSARIAL * generated_loss(self._critic(answer))
            self._optimisations["network"].step(losses["loss"])
            self._critic.requires_grad_(True)
            self._average.update()
        return {name: loss.detach() for name, loss in losses.items()}

    def critic_loss(self, truth: torch.Tensor, answer: torch.Tensor, iteration: int) -> torch.Tensor:
        """What the critic minimises, with the penalty at patches that the iteration draws."""
        shares = torch.rand(len(truth), generator=self._random.at(iteration)).to(truth.device)
        told_apart = critic_loss(self._critic(truth), self._critic(answer))
        return told_apart + PENALTY * gradient_penalty(self._critic, truth, answer, shares)

    def state(self) -> State:
        """Of network and critic, their optimisers, and the average."""
        return {
            "network": self._network.state_dict(),
            "critic": self._critic.state_dict(),
            "optimisations": {name: each.state() for name, each in self._optimisations.items()},
            "average": self._average.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._network.load_state_dict(state["network"])
        self._critic.load_state_dict(state["critic"])
        for name, each in self._optimisations.items():
            each.load_state(state["optimisations"][name])
        self._average.load_state(state["average"])
