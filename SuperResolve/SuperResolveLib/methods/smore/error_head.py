"""What error the network makes, learned where the truth is known: on the scan's own slices.

A second, small network predicts the variance of the first one's error at every fine plane. It learns from the in-plane
pairs that taught the first, which stays as it is, by the likelihood of its residuals (Nix and Weigend 1994; Kendall and
Gal, NeurIPS 2017); like the first, it is then applied through plane.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from ...networks.slice_to_planes import SliceToPlanes, unfold
from ...progress import ProgressCallback
from ...training.plane_patches import PairSampler

CHANNELS = 24
LEARNING_RATE = 2e-3
#: Smallest variance, of intensities scaled to about 0 to 1: a perfect network's likelihood has no bound.
SMALLEST = 1e-8
#: What the backbone adds is small beside the image; in about the same range, both are seen alike.
GAIN = 10.0
#: The last share of the iterations, in which what is predicted has settled.
SETTLED = 0.25


class PlanesAndErrors(nn.Module):
    r"""Slices to fine planes and :math:`\log \sigma^2` of their error, as two maps.

    Args:
        network: a trained network, which is not trained further.

    Attributes:
        level: the logarithm of the variance from which learning starts, everywhere.
        highest: the largest logarithm that it tells: what it met in learning, since beyond that an exponential of what
            was extrapolated has no bound (a vessel brighter than anything in a training patch).
    """

    #: The planes, and the logarithm of their error's variance.
    maps: tuple[int, ...] = (2,)

    def __init__(self, network: SliceToPlanes) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.phases = network.phases
        count = self.phases.count
        self.body = nn.Sequential(
            nn.Conv2d(2 * count + 1, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.tail = nn.Conv2d(CHANNELS, count, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)
        self.level = 0.0
        self.highest = math.inf
        self.receptive_radius = network.receptive_radius + 3

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices (batch, n, width) to maps (batch, 2, fine planes, width)."""
        with torch.no_grad():
            start, image, residual = self.network.steps(slices)
        above_level = self.tail(self.body(torch.cat([image, GAIN * residual], dim=1)))
        log_variance = self.level + unfold(self.network.extended(above_level))
        return torch.stack(
            [start + unfold(self.network.extended(residual)), log_variance.clamp(max=self.highest)], dim=1
        )


def learn_errors(
    network: SliceToPlanes, sampler: PairSampler, iterations: int, batch: int, progress: ProgressCallback
) -> PlanesAndErrors:
    r"""The network with a head that has learned its errors.

    Minimises the mean of :math:`\log \sigma^2 + e^2 / \sigma^2`, e the difference from the truth, by Adam on a cosine
    schedule, from an even :math:`\sigma`.
    """
    judged = PlanesAndErrors(network).to(next(network.parameters()).device).train()
    with torch.no_grad():
        judged.level = float(_squares_and_logs(judged, sampler, 4 * batch)[0].mean().log())
    learning = [*judged.body.parameters(), *judged.tail.parameters()]
    optimiser = torch.optim.Adam(learning, lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    highest = -math.inf
    for iteration in range(iterations):
        squares, logs = _squares_and_logs(judged, sampler, batch)
        loss = (logs + squares * torch.exp(-logs)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        schedule.step()
        if iteration + 1 > iterations * (1 - SETTLED):
            highest = max(highest, float(logs.detach().max()))
        progress((iteration + 1) / iterations, "learning its error")
    judged.highest = highest
    return judged


def _squares_and_logs(judged: PlanesAndErrors, sampler: PairSampler, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared errors where they are known, and the logarithms of the variances predicted there."""
    pairs = sampler.draw(batch)
    known = pairs.reading.abs().sum(1) > 0
    planes, logs = torch.einsum("vf,bmfw->mbvw", pairs.reading, judged(pairs.slices))[:, :, known]
    return (planes - pairs.truth[:, known]).square() + SMALLEST, logs
