r"""TSCN: the slice between two others, learned from the scan alone (Lu et al., MICCAI 2021), applied again and again.

A pass puts a plane between every two, so that p passes make :math:`K = 2^p` planes of a slice. The slices stay as they
are. There are as many passes as it takes for planes at least as close as those of the answer, which are read off them
by cubic convolution: without loss where the ratio is a power of two and the answer's planes meet the slices. Beyond the
outermost slices their values are repeated.

Known is the abstract; the layers of the network, how long it learns, and that the distances of all passes are learned
from, are settings of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...data.intensity_range import intensity_range
from ...device import choose_device, reproducible
from ...networks.slice_between import SliceBetween
from ...physics.acquisition import along
from ...physics.degradation import Degradation, cubic_reading
from ...physics.problem import Problem
from ...physics.profile import SliceProfile
from ...progress import ProgressCallback, part_of
from ...training.batches import Batches, Sampler
from ...training.loop import TrainingLoop
from ...training.random_streams import CountedStream
from ..axes import Axes
from ..method import MethodSettings, Restoration
from ..tiles import told_by_convolutions
from .learning import Loss, between_error, cycle_error, step_of
from .pairs import InPlaneTriplets, SliceTriplets, Triplets

Image = NDArray[np.float32]

#: The share of a run after which the network is applied.
TAUGHT = 0.95


@dataclass(frozen=True)
class Preset:
    """How large the network is and how it learns.

    Attributes:
        network: keyword arguments of :class:`~SuperResolveLib.networks.slice_between.SliceBetween`.
        iterations: of the two stages.
        batch: patches of an iteration.
        learning_rate: Adam's largest.
        planes: whether the first stage's planes are as thick as the scan's slices, or as thin as voxels.
        side: of a patch in voxels.
    """

    iterations: tuple[int, int]
    batch: int
    learning_rate: float
    planes: Literal["thick", "thin"]
    network: dict[str, int] = field(default_factory=dict)
    side: int = 32


PRESETS = {
    "fast": Preset((1000, 500), 8, 1e-3, "thick", {"blocks": 3, "layers": 3, "channels": 16, "growth": 16}),
    "paper": Preset((100_000, 50_000), 16, 1e-4, "thin"),
}


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> Restoration:
    """Learn from the scan, and apply what was learned to it; ``settings.preset`` is a name in ``PRESETS``."""
    with reproducible(settings.seed):
        return _super_resolve(problem, PRESETS[settings.preset], settings, progress)


def _super_resolve(
    problem: Problem, preset: Preset, settings: MethodSettings, progress: ProgressCallback
) -> Restoration:
    device, axes, stack = choose_device(settings.device), Axes.of(problem), problem.stack
    low, height = map(np.float32, intensity_range(stack.slices))
    slices = np.ascontiguousarray((axes.seen(stack.slices) - low) / height)
    network = SliceBetween(**preset.network).to(device)
    _train(network, problem, preset, slices, settings.seed, device, part_of(progress, 0.0, TAUGHT))
    count = passes(stack.geometry.slice_spacing / problem.grid.spacing)
    planes = between_slices(network.eval(), slices, count, device, part_of(progress, TAUGHT, 1.0))
    restored = np.empty(axes.restored_shape(problem), np.float32)
    axes.seen(restored)[...] = along(cubic_reading(len(planes), axes.positions(problem) * 2**count), planes, 0)
    restored *= height
    restored += low
    return Restoration(restored)


def passes(ratio: float) -> int:
    """How often slices are doubled so that planes are at least as close as ``ratio`` times closer; once at least."""
    return max(1, int(np.ceil(np.log2(ratio) - 1e-3)))


def between_slices(
    network: SliceBetween, slices: Image, count: int, device: torch.device, progress: ProgressCallback
) -> Image:
    """Slices, shape (n, rows, columns), with planes between them after so many passes: (n - 1) 2^count + 1 of them."""
    made, whole = 0, (len(slices) - 1) * (2**count - 1)
    for _ in range(count):
        planes = np.empty((2 * len(slices) - 1, *slices.shape[1:]), np.float32)
        planes[::2] = slices
        for number, pair in enumerate(pairwise(slices)):
            before, after = (torch.as_tensor(each[None], device=device) for each in pair)
            with torch.inference_mode(), told_by_convolutions(network, made / whole, progress):
                planes[2 * number + 1] = network(before, after)[0].cpu().numpy()
            made += 1
        slices = planes
    progress(1.0, "applying the network")
    return slices


def _train(
    network: SliceBetween,
    problem: Problem,
    preset: Preset,
    slices: Image,
    seed: int,
    device: torch.device,
    progress: ProgressCallback,
) -> None:
    geometry, axes = problem.stack.geometry, Axes.of(problem)
    row, spacing = geometry.in_plane_voxel / geometry.slice_spacing, axes.in_plane_spacing(problem)
    operator: SliceProfile | Literal["select"] = axes.profile(problem) if preset.planes == "thick" else "select"
    count = passes(geometry.slice_spacing / problem.grid.spacing)
    degradations = [Degradation(operator, geometry.slice_spacing / 2**number) for number in range(count)]
    stages: tuple[tuple[Sampler[Triplets], Loss], ...] = (
        (InPlaneTriplets(slices, row, spacing, degradations, preset.side, device), between_error),
        (SliceTriplets(slices, preset.side, device), cycle_error),
    )
    done, whole = 0, sum(preset.iterations)
    for number, (sampler, loss) in enumerate(stages):
        iterations = preset.iterations[number]
        batches = Batches(sampler, preset.batch, CountedStream(2 * seed + number, device))
        learning = step_of(network, batches, loss, iterations, preset.learning_rate)
        told = part_of(progress, done / whole, (done + iterations) / whole)
        TrainingLoop(learning, iterations, device, f"training, stage {number + 1} of 2").run(told)
        done += iterations
