"""Learning what error a network makes, where the truth is known.

A small network beside the first one predicts the variance of its error; the first stays as it is. It learns by the
likelihood of the errors (Nix and Weigend 1994; Kendall and Gal, NeurIPS 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import nn

from ..losses.likelihood import gaussian_likelihood
from ..networks.error_head import ErrorHead
from .batches import BatchSource
from .optimisation import Optimisation
from .step import State
from .supervised import SupervisedStep

Batch = TypeVar("Batch")

LEARNING_RATE = 2e-3
#: Smallest variance, of intensities scaled to about 0 to 1: a perfect network's likelihood has no bound.
SMALLEST = 1e-8
#: The last share of the iterations, in which what is predicted has settled.
SETTLED = 0.25
#: The gradient's norm is kept to this.
GRADIENT_NORM = 1.0


class ErrorStep(SupervisedStep[Batch]):
    """One step of an error head, by Adam on a cosine schedule.

    Args:
        network: whose errors are learned, with the head.
        head: of it, which alone learns, from a variance that is even.
        batches: to learn from.
        errors_and_logs: of the network on a batch: its errors where they are known, and the logarithms of the variances
            predicted there.
        iterations: how many there will be.

    Attributes:
        highest: the largest logarithm of a variance that the head predicted once it had settled, before that in the
            last iteration; a head that has learned is to tell no larger one.
    """

    def __init__(
        self,
        network: nn.Module,
        head: ErrorHead,
        batches: BatchSource[Batch],
        errors_and_logs: Callable[[Batch], tuple[torch.Tensor, torch.Tensor]],
        iterations: int,
    ) -> None:
        optimiser = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
        super().__init__(
            network, batches, self._likelihood, Optimisation(head.parameters(), [optimiser], [schedule], GRADIENT_NORM)
        )
        self.highest = torch.full_like(head.highest, -math.inf)
        self._errors_and_logs = errors_and_logs
        self._settled = iterations * (1 - SETTLED)
        self._largest = self.highest

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step on the iteration's batch."""
        losses = super().update(iteration)
        has_settled = iteration > self._settled
        self.highest = torch.maximum(self.highest, self._largest) if has_settled else self._largest
        return losses

    def state(self) -> State:
        """Of the supervised step, and the largest logarithm."""
        return {**super().state(), "highest": self.highest}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        super().load_state(state)
        self.highest = state["highest"].to(self.highest.device)

    def _likelihood(self, batch: Batch) -> torch.Tensor:
        errors, logs = self._errors_and_logs(batch)
        self._largest = logs.detach().max()
        return gaussian_likelihood(errors.square() + SMALLEST, logs)
