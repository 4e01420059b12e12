"""What error the network makes, learned where the truth is known: on the scan's own slices.

A second, small network predicts the variance of the first one's error at every fine plane. It learns from the in-plane
pairs that taught the first, which stays as it is, by the likelihood of its residuals (Nix and Weigend 1994; Kendall and
Gal, NeurIPS 2017); like the first, it is then applied through plane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from ...losses.likelihood import gaussian_likelihood
from ...networks.planes_and_errors import PlanesAndErrors
from ...networks.slice_to_planes import SliceToPlanes
from ...progress import ProgressCallback
from ...training.batches import Batches
from ...training.image_pairs import ImagePairs
from ...training.loop import TrainingLoop
from ...training.optimisation import Optimisation
from ...training.step import State
from ...training.supervised import SupervisedStep

LEARNING_RATE = 2e-3
#: Smallest variance, of intensities scaled to about 0 to 1: a perfect network's likelihood has no bound.
SMALLEST = 1e-8
#: The last share of the iterations, in which what is predicted has settled.
SETTLED = 0.25
#: The gradient's norm is kept to this.
GRADIENT_NORM = 1.0


def learn_errors(
    network: SliceToPlanes, batches: Batches[ImagePairs], iterations: int, progress: ProgressCallback
) -> PlanesAndErrors:
    r"""The network with a head that has learned its errors.

    Minimises :func:`~SuperResolveLib.losses.likelihood.gaussian_likelihood` by Adam on a cosine schedule, from an even
    :math:`\sigma`.
    """
    device = next(network.parameters()).device
    judged = PlanesAndErrors(network).to(device).train()
    with torch.no_grad():
        many = batches.sampler.draw(4 * batches.size, batches.random.at(0))
        judged.level.copy_(_squares_and_logs(judged, many)[0].mean().log())
    step = ErrorStep(judged, batches, iterations)
    TrainingLoop(step, iterations, device, "learning its error").run(progress)
    judged.highest.copy_(step.highest)
    return judged


class ErrorStep(SupervisedStep[ImagePairs]):
    """One step of the head, which notes the largest logarithm of a variance that it predicted once it had settled.

    Args:
        judged: the network and the head.
        batches: what taught the network.
        iterations: how many there will be.

    Attributes:
        highest: the largest logarithm.
    """

    def __init__(self, judged: PlanesAndErrors, batches: Batches[ImagePairs], iterations: int) -> None:
        learning = [*judged.body.parameters(), *judged.tail.parameters()]
        optimiser = torch.optim.Adam(learning, lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
        super().__init__(
            judged, batches, self._likelihood, Optimisation(learning, [optimiser], [schedule], GRADIENT_NORM)
        )
        self.highest = torch.full_like(judged.highest, -math.inf)
        self._judged = judged
        self._settled = iterations * (1 - SETTLED)
        self._largest = self.highest

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step on the iteration's batch."""
        losses = super().update(iteration)
        if iteration + 1 > self._settled:
            self.highest = torch.maximum(self.highest, self._largest)
        return losses

    def state(self) -> State:
        """Of the supervised step, and the largest logarithm."""
        return {**super().state(), "highest": self.highest}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        super().load_state(state)
        self.highest = state["highest"].to(self.highest.device)

    def _likelihood(self, pairs: ImagePairs) -> torch.Tensor:
        squares, logs = _squares_and_logs(self._judged, pairs)
        self._largest = logs.detach().max()
        return gaussian_likelihood(squares, logs)


def _squares_and_logs(judged: PlanesAndErrors, pairs: ImagePairs) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared errors where they are known, and the logarithms of the variances predicted there."""
    planes, logs = torch.einsum("vf,bmfw->mbvw", pairs.reading, judged(pairs.slices))[:, :, pairs.known]
    return (planes - pairs.truth[:, pairs.known]).square() + SMALLEST, logs
