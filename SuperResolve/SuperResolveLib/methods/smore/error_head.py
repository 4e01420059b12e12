"""What error the network makes, learned where the truth is known: on the scan's own slices.

The head learns from the in-plane pairs that taught the network; like it, it is then applied through plane.
"""

from __future__ import annotations

import torch

from ...networks.planes_and_errors import PlanesAndErrors
from ...networks.slice_to_planes import SliceToPlanes
from ...progress import ProgressCallback
from ...training.batches import Batches
from ...training.error_step import ErrorStep
from ...training.image_pairs import ImagePairs
from ...training.loop import TrainingLoop


def learn_errors(
    network: SliceToPlanes, batches: Batches[ImagePairs], iterations: int, progress: ProgressCallback
) -> PlanesAndErrors:
    r"""The network with a head that has learned its errors, from an even :math:`\sigma`."""
    device = next(network.parameters()).device
    judged = PlanesAndErrors(network).to(device).train()
    with torch.no_grad():
        many = batches.sampler.draw(4 * batches.size, batches.random.at(0))
        judged.head.level.copy_(errors_and_logs(judged, many)[0].square().mean().log())
    step = error_step(judged, batches, iterations)
    TrainingLoop(step, iterations, device, "learning its error").run(progress)
    judged.head.highest.copy_(step.highest)
    return judged


def error_step(judged: PlanesAndErrors, batches: Batches[ImagePairs], iterations: int) -> ErrorStep[ImagePairs]:
    """One step of the head, of so many."""
    return ErrorStep(judged, judged.head, batches, lambda pairs: errors_and_logs(judged, pairs), iterations)


def errors_and_logs(judged: PlanesAndErrors, pairs: ImagePairs) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors where they are known, and the logarithms of the variances predicted there."""
    planes, logs = torch.einsum("vf,bmfw->mbvw", pairs.reading, judged(pairs.slices))[:, :, pairs.known]
    return planes - pairs.truth[:, pairs.known], logs
