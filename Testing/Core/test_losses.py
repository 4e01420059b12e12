"""Losses: each is its equation, and is least where it should be."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from SuperResolveLib.losses.adversarial import cross_entropy
from SuperResolveLib.losses.critic import gradient_penalty
from SuperResolveLib.losses.likelihood import gaussian_likelihood
from SuperResolveLib.losses.pixel import absolute_error, squared_error


def test_pixel_errors_are_means_over_all_elements() -> None:
    prediction, truth = torch.tensor([[1.0, 2.0], [3.0, 7.0]]), torch.tensor([[1.0, 4.0], [0.0, 6.0]])
    assert float(absolute_error(prediction, truth)) == pytest.approx(6 / 4)
    assert float(squared_error(prediction, truth)) == pytest.approx(14 / 4)


def test_likelihood_is_least_where_the_variance_is_that_of_the_errors() -> None:
    squares = 9.0 * torch.randn(100_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64).square()
    level = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([level], max_iter=50, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = gaussian_likelihood(squares, level.expand_as(squares))
        loss.backward()
        return loss

    optimiser.step(closure)
    assert float(level.detach().exp()) == pytest.approx(float(squares.mean()), rel=1e-4)


def test_likelihood_is_that_of_a_normal_distribution() -> None:
    error, log_variance = torch.tensor([0.3, -1.2]), torch.tensor([-1.0, 0.7])
    exact = -torch.distributions.Normal(0.0, (log_variance / 2).exp()).log_prob(error).mean()
    ours = gaussian_likelihood(error.square(), log_variance)
    assert float(ours) == pytest.approx(float(2 * exact) - math.log(2 * math.pi), rel=1e-5)


def test_cross_entropy_is_that_of_the_labels_and_does_not_overflow() -> None:
    real, generated = torch.tensor([0.5, -2.0, 3.0]), torch.tensor([[1.0, -1.0]])
    of_labels = functional.binary_cross_entropy_with_logits(real, torch.ones(3)) + (
        functional.binary_cross_entropy_with_logits(generated, torch.zeros(1, 2))
    )
    assert float(cross_entropy(real, generated)) == pytest.approx(float(of_labels), rel=1e-6)
    assert float(cross_entropy(torch.zeros(4), torch.zeros(4))) == pytest.approx(2 * math.log(2))
    assert float(cross_entropy(torch.tensor([-1e4]), torch.tensor([1e4]))) == pytest.approx(2e4)


@pytest.mark.parametrize("steepness", [1.0, 3.0, 0.5])
def test_the_penalty_is_of_the_slope_alone(steepness: float) -> None:
    random = torch.Generator().manual_seed(0)
    direction = torch.randn(1, 4, 5, generator=random, dtype=torch.float64)
    direction = (steepness * direction / direction.norm()).requires_grad_(True)
    real, generated = torch.randn(2, 3, 1, 4, 5, generator=random, dtype=torch.float64)
    shares = torch.rand(3, generator=random, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: (direction * x).sum(dim=(1, 2, 3)), real, generated, shares)
    assert penalty.item() == pytest.approx((steepness - 1) ** 2)
    penalty.backward()
    assert direction.grad is not None
    assert (direction.grad * direction).sum().item() == pytest.approx(2 * (steepness - 1) * steepness)


def test_the_penalty_is_taken_between_what_is_real_and_what_was_generated() -> None:
    seen: list[torch.Tensor] = []

    def critic(patches: torch.Tensor) -> torch.Tensor:
        seen.append(patches.detach())
        return patches.flatten(1).square().sum(dim=1)

    gradient_penalty(critic, torch.ones(2, 1, 3), torch.zeros(2, 1, 3), torch.tensor([0.25, 1.0]))
    torch.testing.assert_close(seen[0], torch.tensor([0.25, 1.0])[:, None, None].expand(2, 1, 3))
