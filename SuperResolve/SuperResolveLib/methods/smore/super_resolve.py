r"""SMORE: a network learns from the scan's own slices how to undo its slice profile (Zhao et al., IEEE TMI 2020).

In-plane slices are degraded along one in-plane axis with the profile and the ratio; a 2-D network learns to undo
that, and is applied to the through-plane images of two orientations, whose results are combined. Here the network
adds to Tikhonov's inverse, works on slices with the ratio folded into channels, sees the sampling phase that it will
meet, and is applied to the scan seen upside down as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...device import choose_device, reproducible
from ...networks.backbone import Backbone
from ...networks.edsr import EDSR
from ...networks.slice_to_planes import SliceToPlanes
from ...networks.wdsr import WDSR
from ...physics.problem import Problem
from ...progress import ProgressCallback, part_of, parts_of
from ...training.batches import Batches
from ...training.image_pairs import ImagePairs, ImagePairSampler
from ...training.optimisation import Optimiser
from ...training.random_streams import OneStream
from ..method import MethodSettings, Restoration
from ..through_plane.answer import Answer, normalised
from ..through_plane.members import Members, for_every_view
from ..through_plane.network import fine_grid_of, network_on
from ..through_plane.torch_network import TorchNetwork
from ..through_plane.views import ORIENTATIONS, plain_views, views_of
from .error_head import learn_errors
from .learning import Loss, train

Image = NDArray[np.float32]

#: Networks in an ensemble, and how far apart their seeds are: farther than any that a user can choose.
RESTARTS, SEEDS = 2, 2**31
#: Iterations in which a network's error is learned, relative to the network's own.
ERROR_TRAINING = 0.3
#: What a pixel of a training patch costs, relative to one of the scan to which the network is applied, as measured.
TRAINING_COST = 5.5
#: Iterations without which nothing is learned, however small the scan.
FEWEST_ITERATIONS = 200


@dataclass(frozen=True)
class Preset:
    """How large the network is and how long it learns.

    Attributes:
        iterations: how many at most.
        voxels_an_iteration: of a scan with few voxels there is less to learn: no more iterations than one for so many.
        slices, width: the size of a training patch in simulated slices and in voxels across.
        scale: of the residual of EDSR's blocks.
    """

    backbone: Literal["edsr", "wdsr"]
    channels: int
    blocks: int
    iterations: int
    batch: int
    learning_rate: float
    loss: Loss = "squared"
    optimiser: Optimiser = "muon"
    slices: int = 16
    width: int = 48
    voxels_an_iteration: int = 1
    scale: float = 1.0

    def iterations_for(self, voxels: int) -> int:
        """How many iterations a scan of so many voxels is worth."""
        return min(self.iterations, max(FEWEST_ITERATIONS, voxels // self.voxels_an_iteration))

    def training_share(self, voxels: int, views: int) -> float:
        """The share of training in the cost of training and applying a network to views of a scan."""
        training = TRAINING_COST * self.iterations_for(voxels) * self.batch * self.slices * self.width
        return training / (training + views * voxels)


PRESETS = {
    "fast": Preset("edsr", 48, 6, iterations=2000, batch=4, learning_rate=1e-3, voxels_an_iteration=250),
    "quick": Preset("edsr", 32, 4, iterations=1000, batch=4, learning_rate=2e-3, voxels_an_iteration=250),
    "balanced": Preset("edsr", 64, 12, iterations=6000, batch=8, learning_rate=5e-4),
    "paper": Preset("wdsr", 256, 16, iterations=8000, batch=32, learning_rate=2e-4, loss="absolute", optimiser="adam"),
}


def super_resolve(
    problem: Problem,
    settings: MethodSettings,
    progress: ProgressCallback,
    presets: Mapping[str, Preset] = PRESETS,
) -> Restoration:
    """Train on the scan, apply to its through-plane images in both orientations, combine.

    ``settings.preset`` is a name in ``presets``.

    An ensemble (``settings.uncertainty``) has the views
    :func:`~SuperResolveLib.methods.through_plane.views.views_of` each of ``RESTARTS`` networks trained from different
    seeds, with the error that each learned to expect; the members of an orientation are averaged before orientations
    are combined. It takes twice as long to train and to apply.
    """
    with reproducible(settings.seed):
        return _super_resolve(problem, presets[settings.preset], settings, progress)


def _super_resolve(
    problem: Problem, preset: Preset, settings: MethodSettings, progress: ProgressCallback
) -> Restoration:
    stack, low, scale = normalised(problem)
    answer = Answer(problem, settings.combine, low, scale)
    if settings.uncertainty:
        return _of_ensemble(problem, preset, settings, stack, answer, progress)
    _of_one_network(problem, preset, settings, stack, answer, progress)
    return Restoration(answer.combined())


def _of_one_network(
    problem: Problem,
    preset: Preset,
    settings: MethodSettings,
    stack: Image,
    answer: Answer,
    progress: ProgressCallback,
) -> None:
    """Teach a network, and put what it makes of all views into the answer."""
    fine_grid, positions = fine_grid_of(problem), problem.grid.positions
    few = preset.training_share(stack.size, 2 * ORIENTATIONS) < 0.5
    views = plain_views(fine_grid, len(stack), positions, few)
    taught = 0.98 * preset.training_share(stack.size, len(views))
    network, _ = trained(problem, preset, settings.device, stack, settings.seed, part_of(progress, 0.0, taught))
    applied = TorchNetwork(network)
    for view, told in zip(views, parts_of(progress, len(views), taught, 0.98), strict=True):
        for part, planes in view.parts(applied, fine_grid, stack, positions, told):
            answer.add(view, answer.place(part), answer.scaled(planes), 1 / len(views))


def _of_ensemble(
    problem: Problem,
    preset: Preset,
    settings: MethodSettings,
    stack: Image,
    answer: Answer,
    progress: ProgressCallback,
) -> Restoration:
    """The mean over an ensemble's members, and the ensemble."""
    views = [views_of(restart) for restart in range(RESTARTS)]
    members = Members(problem, fine_grid_of(problem), stack, answer, settings.combine, sum(map(len, views)))
    for restart, progress_of_restart in enumerate(parts_of(progress, RESTARTS, 0.0, 0.98)):
        seed = settings.seed + restart * SEEDS
        taught = preset.training_share(stack.size, len(views[restart])) / (1 + ERROR_TRAINING)
        network, batches = trained(
            problem, preset, settings.device, stack, seed, part_of(progress_of_restart, 0.0, taught)
        )
        iterations = max(1, int(preset.iterations_for(stack.size) * ERROR_TRAINING))
        judged_at = taught * (1 + ERROR_TRAINING)
        judged = TorchNetwork(
            learn_errors(network, batches, iterations, part_of(progress_of_restart, taught, judged_at))
        )
        members.add(for_every_view(judged), views[restart], part_of(progress_of_restart, judged_at, 1.0))
    return members.finish()


def trained(
    problem: Problem, preset: Preset, device_name: str, stack: Image, seed: int, progress: ProgressCallback
) -> tuple[SliceToPlanes, Batches[ImagePairs]]:
    """A network trained on the scan's slices, and the batches that it learned from, which go on."""
    device = choose_device(device_name)
    fine_grid = fine_grid_of(problem)
    network = network_on(fine_grid, build(preset, fine_grid.factor))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    spacing = problem.stack.geometry.in_plane_spacing
    sampler = ImagePairSampler(stack, spacing, fine_grid, preset.slices, preset.width, device)
    batches = Batches(sampler, preset.batch, OneStream(seed, device))
    steps = preset.iterations_for(stack.size)
    train(network, batches, steps, preset.learning_rate, progress, preset.loss, preset.optimiser)
    return network, batches


def build(preset: Preset, factor: int) -> Backbone:
    """The preset's backbone for ``factor`` fine planes a slice."""
    if preset.backbone == "edsr":
        return EDSR(factor + 1, factor, preset.channels, preset.blocks, preset.scale)
    return WDSR(factor + 1, factor, preset.channels, preset.blocks)
