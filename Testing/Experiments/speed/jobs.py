"""What is timed: a method at work on a thick scan of any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import ProgressCallback, part_of
from SuperResolveLib.registry import Info
from SuperResolveLib.workflows.estimate import estimate_profile
from SuperResolveLib.workflows.super_resolve import super_resolve

Size = tuple[int, int, int]

#: The phantom that scans are made of: voxels along each axis, and their size in mm.
PHANTOM_VOXELS, VOXEL = 80, 2.2

#: The stage in which a method learns, iteration by iteration, and the one in which it applies what it has learnt.
TRAINING = {"smore": "training", "espreso": "matching patch distributions"}
INFERENCE = {"smore": "applying the network"}


@dataclass(frozen=True)
class Job:
    """A method with its scan, to be run as often as wanted.

    Attributes:
        run: does it, telling how far it is.
        iterations: how many it learns for; 0 where it does not learn by iterations.
        preset_iterations: how many its preset asks for on this scan.
        training, inference: the stages in which it learns and in which it applies what it has learnt; empty where
            there is none.
    """

    run: Callable[[ProgressCallback], object]
    iterations: int = 0
    preset_iterations: int = 0
    training: str = ""
    inference: str = ""


def info_of(method: str) -> Info:
    """What an estimation or super-resolution method tells of itself."""
    return METHODS.info(method) if method in METHODS else ESTIMATORS.info(method)


def learns(method: str, preset: str) -> bool:
    """Whether a method learns by iterations that can be counted and shortened here."""
    return method in TRAINING and info_of(method).runs_on_torch(preset)


def job_of(
    method: str,
    preset: str,
    scan: Volume,
    profile: SliceProfile,
    uncertainty: bool,
    device: str,
    iterations: int | None = None,
) -> Job:
    """A method's run on a scan; whatever it needs is imported here.

    Args:
        method: a name in :data:`~SuperResolveLib.estimation.registry.ESTIMATORS` or
            :data:`~SuperResolveLib.methods.registry.METHODS`.
        preset: one of its presets.
        scan: the scan.
        profile: its slice profile, for methods of super-resolution.
        uncertainty: whether it estimates its uncertainty too.
        device: ``"cpu"`` or ``"cuda"``.
        iterations: how many iterations a method that learns is to run at most; ``None`` for as many as its preset has.
    """
    if method == "smore":
        return _smore(preset, scan, profile, uncertainty, device, iterations)
    if learns(method, preset):
        return _adversarial_espreso(scan, device, iterations)
    if info_of(method).runs_on_torch(preset):
        _import_for_learning()
    device = info_of(method).usable_device(preset or None, device)
    if method in ESTIMATORS:
        return Job(lambda progress: estimate_profile(scan, method, preset or None, device=device, progress=progress))
    return Job(
        lambda progress: super_resolve(
            scan, profile, method, preset or None, device=device, uncertainty=uncertainty, progress=progress
        )
    )


def _smore(
    preset: str, scan: Volume, profile: SliceProfile, uncertainty: bool, device: str, iterations: int | None
) -> Job:
    from SuperResolveLib.methods.smore.super_resolve import PRESETS

    _import_for_learning()
    whole = PRESETS[preset]
    of_preset = whole.iterations_for(scan.data.size)
    count = min(iterations or of_preset, of_preset)

    def run(progress: ProgressCallback) -> object:
        PRESETS[preset] = replace(whole, iterations=count)
        try:
            return super_resolve(
                scan, profile, "smore", preset, device=device, uncertainty=uncertainty, progress=progress
            )
        finally:
            PRESETS[preset] = whole

    return Job(run, count, of_preset, TRAINING["smore"], INFERENCE["smore"])


def _adversarial_espreso(scan: Volume, device: str, iterations: int | None) -> Job:
    from SuperResolveLib.estimation.espreso.adversarial import estimate
    from SuperResolveLib.estimation.espreso.game import Settings

    _import_for_learning()
    whole = Settings()
    settings = replace(whole, iterations=min(iterations or whole.iterations, whole.iterations))
    geometry = scan_geometry(scan)
    return Job(
        lambda progress: estimate(scan, geometry, device, 0, part_of(progress), settings),
        settings.iterations,
        whole.iterations,
        TRAINING["espreso"],
    )


def _import_for_learning() -> None:
    """Have torch import what it leaves for the first optimiser, which takes seconds."""
    import torch

    torch.optim.Adam([torch.zeros(1)]).zero_grad()


def thick_scan(size: Size, ratio: float) -> tuple[Volume, SliceProfile]:
    """A scan of that size along k, and its profile, a Gaussian as wide as the slices are apart.

    A small head phantom, cut or mirrored at its faces until it fills the field of view, so that any size has anatomy
    throughout and costs seconds.
    """
    phantom = head_phantom((PHANTOM_VOXELS,) * 3, VOXEL)
    tall = Volume(mirrored(phantom.data, 2, math.ceil(size[2] * ratio) + 1), phantom.affine)
    profile = SliceProfile.gaussian(ratio * VOXEL, VOXEL)
    scan = simulate(tall, profile, ratio, "k", phase=(ratio - 1) / 2)
    data = mirrored(mirrored(scan.data[:, :, : size[2]], 0, size[0]), 1, size[1])
    return replace(scan, data=data), profile


def mirrored(data: NDArray[np.float32], axis: int, size: int) -> NDArray[np.float32]:
    """The middle of an array, or the array repeated by reflection, ``size`` voxels long along an axis."""
    count = data.shape[axis]
    at = (np.arange(size) + (count - size) // 2) % (2 * count)
    return np.ascontiguousarray(np.take(data, np.minimum(at, 2 * count - 1 - at), axis=axis))
