r"""TSCN's two stages.

The first is supervised, :math:`|F(a_-, a_+) - a_0|` on planes across in-plane directions. The second needs no truth:
of three neighbouring slices the two planes between them are made, and of these the middle slice again,

.. math:: |F(F(y_{i-1}, y_i), F(y_i, y_{i+1})) - y_i|.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from ...losses.pixel import absolute_error
from ...networks.slice_between import SliceBetween
from ...training.batches import Batches
from ...training.optimisation import Optimisation, warmed_up_cosine
from ...training.supervised import SupervisedStep
from .pairs import Triplets

Loss = Callable[[SliceBetween, Triplets], torch.Tensor]


def between_error(network: SliceBetween, triplets: Triplets) -> torch.Tensor:
    """The first stage's loss: of the middle image made of the two others."""
    return absolute_error(network(triplets.before, triplets.after), triplets.middle)


def cycle_error(network: SliceBetween, triplets: Triplets) -> torch.Tensor:
    """The second stage's loss: of the middle slice made of the planes that were made on both sides of it."""
    lower, upper = network(triplets.before, triplets.middle), network(triplets.middle, triplets.after)
    return absolute_error(network(lower, upper), triplets.middle)


def step_of(
    network: SliceBetween,
    batches: Batches[Triplets],
    loss: Loss,
    iterations: int,
    learning_rate: float,
) -> SupervisedStep[Triplets]:
    """A stage's step: Adam, whose rate rises and then falls to zero along a cosine."""
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    optimisation = Optimisation(network.parameters(), [optimiser], [warmed_up_cosine(optimiser, iterations)])
    return SupervisedStep(network, batches, lambda triplets: loss(network, triplets), optimisation)
