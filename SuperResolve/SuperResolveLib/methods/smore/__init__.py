r"""SMORE: a network learns from the scan's own slices how to undo its slice profile (Zhao et al., IEEE TMI 2020).

In-plane slices are degraded along one in-plane axis with the profile and the ratio; a 2-D network learns to undo
that, and is applied to the through-plane images of two orientations, whose results are combined. Here the network
adds to Tikhonov's inverse, works on slices with the ratio folded into channels, and sees the sampling phase that it
will meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...device import choose_device, reproducible
from ...networks.backbone import Backbone
from ...networks.edsr import EDSR
from ...networks.wdsr import WDSR
from ...progress import ProgressCallback, part_of
from ..problem import MethodSettings, Problem
from ..tikhonov import noise_damping
from .combination import combine
from .inference import apply
from .network import SliceToPlanes
from .patches import PairSampler
from .phases import Phases
from .training import Loss, train


@dataclass(frozen=True)
class Preset:
    """How large the network is and how long it learns.

    ``slices`` and ``width`` are the size of a training patch in simulated slices and in voxels across.
    """

    backbone: Literal["edsr", "wdsr"]
    channels: int
    blocks: int
    iterations: int
    batch: int
    learning_rate: float
    loss: Loss = "squared"
    slices: int = 16
    width: int = 48


PRESETS = {
    "fast": Preset("edsr", channels=48, blocks=6, iterations=2000, batch=4, learning_rate=1e-3),
    "balanced": Preset("edsr", channels=64, blocks=12, iterations=6000, batch=8, learning_rate=5e-4),
    "paper": Preset("wdsr", channels=256, blocks=16, iterations=8000, batch=32, learning_rate=2e-4, loss="absolute"),
}


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> NDArray[np.float32]:
    """Train on the scan, apply to its through-plane images in both orientations, combine."""
    with reproducible(settings.seed):
        return _super_resolve(problem, settings, progress)


def _super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> NDArray[np.float32]:
    device = choose_device(settings.device)
    preset = PRESETS[settings.preset]
    low, high = (float(value) for value in np.percentile(problem.slices, (1.0, 99.5)))
    scale = high - low if high > low else float(np.ptp(problem.slices))
    geometry = problem.geometry
    stack = ((np.moveaxis(problem.slices, geometry.axis, 0) - low) / scale).astype(np.float32)

    phases = Phases.meeting(
        problem.grid.positions, problem.profile, geometry.slice_spacing, geometry.in_plane_voxel, noise_damping(problem)
    )
    backbone = build(preset, phases.count)
    network = SliceToPlanes(backbone, phases).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    sampler = PairSampler(stack, geometry.in_plane_spacing, phases, preset.slices, preset.width, device, settings.seed)
    train(
        network,
        sampler,
        preset.iterations,
        preset.batch,
        preset.learning_rate,
        part_of(progress, 0.0, 0.8),
        preset.loss,
    )

    results = []
    for orientation in range(2):
        images = np.moveaxis(stack, 2 - orientation, 0)
        planes = apply(
            network,
            backbone.receptive_radius,
            images,
            problem.grid.positions,
            device,
            part_of(progress, 0.8 + 0.09 * orientation, 0.89 + 0.09 * orientation),
        )
        results.append(np.moveaxis(planes, 0, 2 - orientation))
    combined = combine(results, settings.combine) * scale + low
    return np.moveaxis(combined, 0, geometry.axis)


def build(preset: Preset, phases: int) -> Backbone:
    """The preset's backbone for ``phases`` phases a slice."""
    kind = EDSR if preset.backbone == "edsr" else WDSR
    return kind(phases + 1, phases, preset.channels, preset.blocks)
