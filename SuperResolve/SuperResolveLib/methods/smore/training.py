"""Teaching the network on the scan's own slices."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch.nn import functional

from ...progress import ProgressCallback
from .network import SliceToPlanes
from .patches import PairSampler

Loss = Literal["absolute", "squared"]


def train(
    network: SliceToPlanes,
    sampler: PairSampler,
    iterations: int,
    batch: int,
    learning_rate: float,
    progress: ProgressCallback,
    loss: Loss = "squared",
) -> list[float]:
    """Adam on the planes' mean error under a cosine schedule; returns the loss at each iteration.

    ``loss`` tells which error: "absolute" as in the papers, or "squared".
    """
    criterion = functional.l1_loss if loss == "absolute" else functional.mse_loss
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / iterations))
    )
    losses: list[float] = []
    network.train()
    for iteration in range(iterations):
        pairs = sampler.draw(batch)
        planes = torch.einsum("vf,bfw->bvw", pairs.reading, network(pairs.slices))
        error = criterion(planes, pairs.truth)
        optimiser.zero_grad(set_to_none=True)
        error.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(float(error.detach()))
        progress((iteration + 1) / iterations, f"training, loss {losses[-1]:.5f}")
    return losses
