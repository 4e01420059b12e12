"""How weights follow the gradient: optimisers, their schedules, and a bound on the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from torch.nn.utils.parametrize import is_parametrized
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from ..networks.backbone import Backbone
from .muon import Muon
from .plateau import Plateau
from .ranks import agreed
from .slope_test import SlopeTest
from .step import State

Optimiser = Literal["adam", "muon"]


class Optimisation:
    """Several optimisers that share the parameters of a network.

    Args:
        parameters: all that are optimised.
        optimisers: each for some of them.
        schedules: of the optimisers' learning rates, stepped with them.
        gradient_norm: the gradient of all parameters together is scaled down to this norm where it is larger; ``None``
            leaves it.
        plateau: divides the learning rates where what is measured no longer improves; of several processes that share
            the training, the one that validates tells the others.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        optimisers: Sequence[torch.optim.Optimizer],
        schedules: Sequence[LRScheduler] = (),
        gradient_norm: float | None = None,
        plateau: Plateau | SlopeTest | None = None,
    ) -> None:
        self._parameters = list(parameters)
        self._optimisers = optimisers
        self._schedules = schedules
        self._gradient_norm = gradient_norm
        self._plateau = plateau

    def step(self, loss: torch.Tensor) -> None:
        """Follow the gradient of a loss once."""
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self._gradient_norm is not None:
            torch.nn.utils.clip_grad_norm_(self._parameters, self._gradient_norm)
        if self._plateau is not None:
            for group, rate in zip(self._groups, agreed([group["lr"] for group in self._groups]), strict=True):
                group["lr"] = rate
        for optimiser in self._optimisers:
            optimiser.step()
        for schedule in self._schedules:
            schedule.step()

    @property
    def learning_rate(self) -> float:
        """Of the first optimiser, now."""
        return float(self._optimisers[0].param_groups[0]["lr"])

    def validated(self, score: float) -> None:
        """Take note of a validation score, of which higher is better."""
        if self._plateau is not None and self._plateau.is_over(score):
            for group in self._groups:
                group["lr"] /= self._plateau.divisor

    @property
    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimiser in self._optimisers for group in optimiser.param_groups]

    def state(self) -> State:
        """Of the optimisers, their schedules and the plateau."""
        return {
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "schedules": [schedule.state_dict() for schedule in self._schedules],
            "plateau": None if self._plateau is None else self._plateau.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        for schedule, saved in zip(self._schedules, state["schedules"], strict=True):
            schedule.load_state_dict(saved)
        if self._plateau is not None:
            self._plateau.load_state(state["plateau"])


def warmed_up_cosine(optimiser: torch.optim.Optimizer, iterations: int, warm_up: int = 50) -> LambdaLR:
    """A schedule that rises to the learning rate over ``warm_up`` iterations while a cosine takes it to zero over all
    (Loshchilov and Hutter, ICLR 2017).
    """
    return LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * step / iterations))
    )


def optimisers_of(backbone: Backbone, learning_rate: float, kind: Optimiser) -> list[torch.optim.Optimizer]:
    """Adam on all of the backbone; or Muon on the convolutions between its first and last layer, Adam on the rest."""
    inner: list[torch.Tensor] = [weight for weight in backbone.blocks.parameters() if weight.ndim == 4]
    return _optimisers(backbone, inner, learning_rate, kind)


def optimisers_for(network: torch.nn.Module, learning_rate: float, kind: Optimiser) -> list[torch.optim.Optimizer]:
    """Adam on all of a network; or Muon on the weights of all convolutions between several channels, so that first and
    last layers are left to Adam with the rest.
    """
    kinds = (torch.nn.Conv2d, torch.nn.Conv3d)
    convolutions = [module for module in network.modules() if isinstance(module, kinds)]
    inner = [_learned(each) for each in convolutions if each.in_channels > 1 and each.out_channels > 1]
    return _optimisers(network, inner, learning_rate, kind)


def _learned(layer: torch.nn.Module) -> torch.Tensor:
    """A layer's weight, or what it is computed from, as under spectral normalisation."""
    weights = dict(layer.named_parameters())
    return weights["parametrizations.weight.original"] if is_parametrized(layer, "weight") else weights["weight"]


def _optimisers(
    network: torch.nn.Module, inner: list[torch.Tensor], learning_rate: float, kind: Optimiser
) -> list[torch.optim.Optimizer]:
    if kind == "adam" or not inner:
        return [torch.optim.Adam(network.parameters(), lr=learning_rate)]
    known = {id(weight) for weight in inner}
    rest = [weight for weight in network.parameters() if id(weight) not in known]
    return [Muon(inner, learning_rate), torch.optim.Adam(rest, lr=learning_rate)]
