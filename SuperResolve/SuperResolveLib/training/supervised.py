"""Teaching the network on the scan's own slices."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch.nn import functional

from ..networks.backbone import Backbone
from ..networks.slice_to_planes import SliceToPlanes
from ..progress import ProgressCallback
from .muon import Muon
from .plane_patches import PairSampler

Loss = Literal["absolute", "squared"]
Optimiser = Literal["adam", "muon"]


def train(
    network: SliceToPlanes,
    sampler: PairSampler,
    iterations: int,
    batch: int,
    learning_rate: float,
    progress: ProgressCallback,
    loss: Loss = "squared",
    optimiser: Optimiser = "muon",
) -> list[float]:
    """Gradient steps on the planes' mean error under a cosine schedule; returns the loss at each iteration.

    ``loss`` tells which error: "absolute" as in the papers, or "squared"; ``optimiser`` which steps: "adam" as in the
    papers, or "muon" for the weights inside the backbone.
    """
    criterion = functional.l1_loss if loss == "absolute" else functional.mse_loss
    optimisers = optimisers_of(network.backbone, learning_rate, optimiser)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(
            each, lambda step: min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / iterations))
        )
        for each in optimisers
    ]
    losses: list[float] = []
    network.train()
    for iteration in range(iterations):
        pairs = sampler.draw(batch)
        planes = torch.einsum("vf,bfw->bvw", pairs.reading, network(pairs.slices))
        error = criterion(planes, pairs.truth)
        network.zero_grad(set_to_none=True)
        error.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for each, schedule in zip(optimisers, schedules, strict=True):
            each.step()
            schedule.step()
        losses.append(float(error.detach()))
        progress((iteration + 1) / iterations, f"training, loss {losses[-1]:.5f}")
    return losses


def optimisers_of(backbone: Backbone, learning_rate: float, kind: Optimiser) -> list[torch.optim.Optimizer]:
    """Adam on all of the backbone; or Muon on the convolutions between its first and last layer, Adam on the rest."""
    if kind == "adam":
        return [torch.optim.Adam(backbone.parameters(), lr=learning_rate)]
    inner = [weight for weight in backbone.blocks.parameters() if weight.ndim == 4]
    known = {id(weight) for weight in inner}
    rest = [weight for weight in backbone.parameters() if id(weight) not in known]
    return [Muon(inner, learning_rate), torch.optim.Adam(rest, lr=learning_rate)]
