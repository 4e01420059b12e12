"""Teaching the network on the scan's own slices."""

from __future__ import annotations

from typing import Literal

import torch

from ...losses.pixel import absolute_error, squared_error
from ...networks.slice_to_planes import SliceToPlanes
from ...progress import ProgressCallback
from ...training.batches import Batches
from ...training.image_pairs import ImagePairs
from ...training.loop import TrainingLoop
from ...training.optimisation import Optimisation, Optimiser, optimisers_of, warmed_up_cosine
from ...training.supervised import SupervisedStep

Loss = Literal["absolute", "squared"]
LOSSES = {"absolute": absolute_error, "squared": squared_error}
#: The gradient's norm is kept to this.
GRADIENT_NORM = 1.0


def train(
    network: SliceToPlanes,
    batches: Batches[ImagePairs],
    iterations: int,
    learning_rate: float,
    progress: ProgressCallback,
    loss: Loss = "squared",
    optimiser: Optimiser = "muon",
) -> None:
    """Gradient steps on the mean error at the truth's voxels under a cosine schedule.

    ``loss`` tells which error: "absolute" as in the papers, or "squared"; ``optimiser`` which steps: "adam" as in the
    papers, or "muon" for the weights inside the backbone.
    """
    step = step_for(network, batches, iterations, learning_rate, loss, optimiser)
    TrainingLoop(step, iterations, next(network.parameters()).device).run(progress)


def step_for(
    network: SliceToPlanes,
    batches: Batches[ImagePairs],
    iterations: int,
    learning_rate: float,
    loss: Loss,
    optimiser: Optimiser,
) -> SupervisedStep[ImagePairs]:
    """One step of :func:`train`, for so many iterations."""
    error = LOSSES[loss]
    optimisers = optimisers_of(network.backbone, learning_rate, optimiser)
    schedules = [warmed_up_cosine(each, iterations) for each in optimisers]

    def loss_on(pairs: ImagePairs) -> torch.Tensor:
        return error(pairs.read(network(pairs.slices)), pairs.truth)

    return SupervisedStep(
        network, batches, loss_on, Optimisation(network.parameters(), optimisers, schedules, GRADIENT_NORM)
    )
