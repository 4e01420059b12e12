"""mDCSRN's second stage: when who moves, and what each move leaves alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

from SuperResolveLib.methods.supervised.against_critic import CRITIC_MOVES, AgainstCritic
from SuperResolveLib.networks.mdcsrn import MDCSRN
from SuperResolveLib.networks.mdcsrn_critic import MDCSRNCritic
from SuperResolveLib.training.averaged_weights import AveragedWeights
from SuperResolveLib.training.random_streams import CountedStream
from SuperResolveLib.training.volume_pairs import VolumePairs

CPU = torch.device("cpu")


@dataclass
class SmoothedNoise:
    """Patches of noise, which start smoothed."""

    random: CountedStream = field(default_factory=lambda: CountedStream(0, CPU))

    def at(self, iteration: int) -> VolumePairs:
        truth = torch.rand(2, 8, 8, 8, generator=self.random.at(iteration))
        start = nn.functional.avg_pool3d(truth[:, None], 3, 1, 1)[:, 0]
        return VolumePairs(start[:, ::2], start, truth)


def made(iterations: int = 7) -> tuple[MDCSRN, MDCSRNCritic, AgainstCritic]:
    torch.manual_seed(0)
    network, critic = MDCSRN(growth=2, blocks=1, units=1), MDCSRNCritic((8, 8, 8), channels=2, dense=4)
    average = AveragedWeights[nn.Module](network, 0.0)
    step = AgainstCritic(network, critic, SmoothedNoise(), CountedStream(1, CPU), iterations, 1e-3, average)
    return network, critic, step


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(before: list[torch.Tensor], network: nn.Module) -> bool:
    return all(torch.equal(*pair) for pair in zip(before, network.parameters(), strict=True))


def test_the_critic_moves_always_and_the_network_every_seventh_time() -> None:
    network, critic, step = made()
    for iteration in range(CRITIC_MOVES):
        of_network, of_critic = weights(network), weights(critic)
        losses = step.update(iteration)
        assert not same(of_critic, critic)
        assert same(of_network, network) == (iteration < CRITIC_MOVES - 1) == ("loss" not in losses)


def test_at_first_the_critic_moves_alone() -> None:
    _, _, step = made(iterations=550)
    moves = [iteration for iteration in range(40) if step.network_moves(iteration)]
    assert moves == [16, 23, 30, 37]


def test_the_networks_move_changes_nothing_in_the_critic(monkeypatch: pytest.MonkeyPatch) -> None:
    network, critic, step = made()
    step.update(CRITIC_MOVES - 1)
    still, alone, other = made()
    monkeypatch.setattr(other, "network_moves", lambda iteration: False)
    other.update(CRITIC_MOVES - 1)
    assert same(weights(critic), alone) and not same(weights(network), still)
    assert all(parameter.requires_grad for parameter in critic.parameters())


def test_it_goes_on_bit_for_bit() -> None:
    network, critic, step = made()
    for iteration in range(4):
        step.update(iteration)
    state = copy.deepcopy(step.state())
    for iteration in range(4, 7):
        step.update(iteration)
    again, critic_again, resumed = made()
    resumed.load_state(state)
    for iteration in range(4, 7):
        resumed.update(iteration)
    assert same(weights(network), again) and same(weights(critic), critic_again)


def test_the_critic_learns_to_tell_them_apart() -> None:
    _, critic, step = made()
    for _ in range(10):
        for iteration in range(CRITIC_MOVES - 1):
            step.update(iteration)
    unseen = SmoothedNoise().at(1000)
    assert critic(unseen.truth[:, None]).min() > critic(unseen.start[:, None]).max()
