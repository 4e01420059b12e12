r"""SMORE: a network learns from the scan's own slices how to undo its slice profile (Zhao et al., IEEE TMI 2020).

In-plane slices are degraded along one in-plane axis with the profile and the ratio; a 2-D network learns to undo
that, and is applied to the through-plane images of two orientations, whose results are combined. Here the network
adds to Tikhonov's inverse, works on slices with the ratio folded into channels, sees the sampling phase that it will
meet, and is applied to the scan seen upside down as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
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
from ...progress import ProgressCallback, part_of
from ...training.batches import Batches
from ...training.image_pairs import ImagePairs, ImagePairSampler
from ...training.optimisation import Optimiser
from ...training.random_streams import OneStream
from ..ensemble import Ensemble
from ..method import MethodSettings, Restoration
from .combination import combine
from .error_head import learn_errors
from .learning import Loss, train
from .network import fine_grid_of, network_on
from .views import ORIENTATIONS, plain_views, views_of

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


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> Restoration:
    """Train on the scan, apply to its through-plane images in both orientations, combine.

    An ensemble (``settings.uncertainty``) has the views :func:`~.views.views_of` each of ``RESTARTS`` networks
    trained from different seeds, with the error that each learned to expect; the members of an orientation are
    averaged before orientations are combined. It takes twice as long to train and to apply.
    """
    with reproducible(settings.seed):
        return _super_resolve(problem, settings, progress)


def _super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> Restoration:
    slices, axis = problem.stack.slices, problem.stack.geometry.axis
    low, high = (float(value) for value in np.percentile(slices, (1.0, 99.5)))
    scale = high - low if high > low else float(np.ptp(slices))
    stack = ((np.moveaxis(slices, axis, 0) - low) / scale).astype(np.float32)
    ensemble = Ensemble(problem.stack) if settings.uncertainty else None
    if ensemble is None:
        results = _of_one_network(problem, settings, stack, progress)
    else:
        results = _of_ensemble(problem, settings, stack, partial(_add, ensemble, low, scale, axis), progress)
    combined = combine(results, settings.combine)
    del results  # large
    combined *= scale
    combined += low
    return Restoration(np.moveaxis(combined, 0, axis), ensemble)


def _add(
    ensemble: Ensemble, low: float, scale: float, axis: int, planes: NDArray[np.float32], variance: NDArray[np.float32]
) -> None:
    """Add a member to an ensemble, brought back to the scan's intensities and axes."""
    ensemble.add(np.moveaxis(planes * scale + low, 0, axis), np.moveaxis(variance * scale**2, 0, axis))


def _of_one_network(
    problem: Problem, settings: MethodSettings, stack: NDArray[np.float32], progress: ProgressCallback
) -> list[NDArray[np.float32]]:
    """The planes in each orientation, shape (planes, na, nb)."""
    fine_grid, positions = fine_grid_of(problem), problem.grid.positions
    views = plain_views(fine_grid, len(stack), positions)
    trained = 0.98 * PRESETS[settings.preset].training_share(stack.size, len(views))
    network, _ = _trained(problem, settings, stack, settings.seed, part_of(progress, 0.0, trained))
    results = np.zeros((ORIENTATIONS, len(positions), *stack.shape[1:]), np.float32)
    for view, part in zip(views, _parts(trained, 0.98, len(views)), strict=True):
        results[view.orientation] += view.apply(network, fine_grid, stack, positions, part_of(progress, *part))
    results *= ORIENTATIONS / len(views)
    return list(results)


def _of_ensemble(
    problem: Problem,
    settings: MethodSettings,
    stack: NDArray[np.float32],
    add: Callable[[NDArray[np.float32], NDArray[np.float32]], None],
    progress: ProgressCallback,
) -> list[NDArray[np.float32]]:
    """The mean over an ensemble's members in each orientation; ``add`` takes each on the way."""
    fine_grid, positions = fine_grid_of(problem), problem.grid.positions
    means = np.zeros((ORIENTATIONS, len(positions), *stack.shape[1:]), np.float32)
    for restart, (start, end) in enumerate(_parts(0.0, 0.98, RESTARTS)):
        part = part_of(progress, start, end)
        seed = settings.seed + restart * SEEDS
        views = views_of(restart)
        trained = 0.95 * PRESETS[settings.preset].training_share(stack.size, len(views))
        network, batches = _trained(problem, settings, stack, seed, part_of(part, 0.0, trained))
        iterations = max(1, int(PRESETS[settings.preset].iterations_for(stack.size) * ERROR_TRAINING))
        judged = learn_errors(network, batches, iterations, part_of(part, trained, trained + 0.05))
        for view, (first, last) in zip(views, _parts(trained + 0.05, 1.0, len(views)), strict=True):
            planes, log_variance = view.apply(judged, fine_grid, stack, positions, part_of(part, first, last))
            means[view.orientation] += planes * (ORIENTATIONS / (RESTARTS * len(views)))
            add(planes, np.exp(log_variance))
    return list(means)


def _trained(
    problem: Problem, settings: MethodSettings, stack: NDArray[np.float32], seed: int, progress: ProgressCallback
) -> tuple[SliceToPlanes, Batches[ImagePairs]]:
    """A network trained on the scan's slices, and the batches that it learned from, which go on."""
    device, preset = choose_device(settings.device), PRESETS[settings.preset]
    fine_grid = fine_grid_of(problem)
    network = network_on(fine_grid, build(preset, fine_grid.factor))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    spacing = problem.stack.geometry.in_plane_spacing
    sampler = ImagePairSampler(stack, spacing, fine_grid, preset.slices, preset.width, device)
    batches = Batches(sampler, preset.batch, OneStream(seed, device))
    steps = preset.iterations_for(stack.size)
    train(network, batches, steps, preset.learning_rate, progress, preset.loss, preset.optimiser)
    return network, batches


def _parts(start: float, end: float, count: int) -> list[tuple[float, float]]:
    """``count`` equal parts of a stretch of progress."""
    return list(pairwise(np.linspace(start, end, count + 1).tolist()))


def build(preset: Preset, factor: int) -> Backbone:
    """The preset's backbone for ``factor`` fine planes a slice."""
    kind = EDSR if preset.backbone == "edsr" else WDSR
    return kind(factor + 1, factor, preset.channels, preset.blocks)
