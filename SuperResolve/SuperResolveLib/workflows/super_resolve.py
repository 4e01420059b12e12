"""Super-resolution of a scan, whatever the method: the grid, the profile, the method, data consistency, the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.geometry import AxisName, output_grid, scan_geometry
from ..data.in_plane_resolution import in_plane_resolution
from ..data.volume import Volume
from ..errors import InputError
from ..estimation.result import EstimatedProfile
from ..methods.problem import Combination, MethodSettings, Problem
from ..methods.registry import METHODS
from ..physics.acquisition import degrade
from ..physics.profile import SliceProfile
from ..progress import Listener, part_of, silent
from ..registry import Entry, choose
from .estimate import estimate_profile
from .uncertainty import Ensemble, Uncertainty


@dataclass(frozen=True, eq=False, kw_only=True)
class SuperResolved(Volume):
    """A super-resolved volume with what is known about its making.

    Attributes:
        profile: the slice profile that was used.
        method, preset, device, seed: how it was made.
        data_consistency_rmse: root-mean-square of the scan minus the degraded result, in units of the scan's noise.
        data_consistency_change: root-mean-square of what the data-consistency step changed, in the same units.
        residual: the scan minus the degraded result, on the scan's grid.
        noise: standard deviation of the scan's noise, in its intensity unit.
        seconds: wall time.
        uncertainty: how far the result may be off, where that was asked for.
    """

    profile: SliceProfile
    method: str
    preset: str
    device: str
    seed: int
    data_consistency_rmse: float
    data_consistency_change: float
    residual: Volume
    noise: float
    seconds: float
    uncertainty: Uncertainty | None = None


def super_resolve(
    scan: Volume,
    profile: SliceProfile | None = None,
    method: str = "smore",
    preset: str | None = None,
    axis: AxisName = "auto",
    spacing: float | None = None,
    like: Volume | None = None,
    combine: Combination = "average",
    consistent: bool = True,
    device: str = "auto",
    seed: int = 0,
    acquired_resolution: Sequence[float] = (),
    uncertainty: bool = False,
    progress: Listener = silent,
) -> SuperResolved:
    """A 2-D multi-slice scan brought to thin planes through its field of view.

    Args:
        scan: at least 8 slices, spaced at least 1.2 in-plane voxels.
        profile: its relative slice profile; ``None`` estimates one.
        method: a name in :data:`~SuperResolveLib.methods.registry.METHODS`.
        preset: one of the method's presets; ``None`` takes its default.
        axis: the through-plane axis; ``"auto"`` takes the one with the largest spacing.
        spacing: distance between output planes in mm; ``None`` takes the in-plane voxel.
        like: a volume on whose planes to put the result instead.
        combine: how results of several orientations become one: their mean, or Fourier burst accumulation.
        consistent: whether a learned result is brought to the nearest volume that degrades to the scan.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: the result is reproducible under it on one device.
        acquired_resolution: the acquired in-plane resolution in mm: one number, or one for each in-plane axis; found
            from the image unless told.
        uncertainty: whether to find out how far the result may be off
            (:mod:`~SuperResolveLib.workflows.uncertainty`), which only a method that learns can tell. The result is
            then the mean of an ensemble, a little better than that of one network, and takes two to three times as
            long.
        progress: told how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the scan, a name or the output grid cannot be used, or uncertainty is asked of a method that does
            not learn.
        Cancelled: raised by ``progress``.
    """
    started = time.perf_counter()
    progress = part_of(progress)
    entry = choose(METHODS, method, "super-resolution method")
    if combine not in ("average", "fba"):
        raise InputError(f"there is no combination {combine!r}: choose average or fba")
    if uncertainty and entry.needs == "nothing":
        raise InputError(f"{method} learns nothing and cannot tell its uncertainty: choose smore, or leave it out")
    settings = MethodSettings(entry.preset(preset), device, seed, combine)
    implementation = entry.load()
    used_device = _device_of(entry, device)
    geometry = scan_geometry(scan, axis, acquired_resolution)
    grid = output_grid(scan, geometry, spacing, like)
    if profile is None:
        profile = estimate_profile(
            scan,
            axis=axis,
            device=device,
            seed=seed,
            acquired_resolution=acquired_resolution,
            progress=part_of(progress, 0.0, 0.3),
        )
        progress = part_of(progress, 0.3, 1.0)
    if isinstance(profile, EstimatedProfile):
        warnings = scan.warnings + profile.warnings
    else:
        warnings = scan.warnings + in_plane_resolution(scan, geometry).warnings
    problem = Problem.of(scan, geometry, profile, grid)
    ensemble = Ensemble(problem) if uncertainty else None
    if ensemble is not None:
        settings = replace(settings, member=ensemble.add)
    data = implementation(problem, settings, part_of(progress, 0.0, 0.98))

    change = 0.0
    if consistent and entry.needs != "nothing":
        progress(0.98, "making the result consistent with the scan", 0.0)
        learned = data
        data = problem.consistent(learned, problem.consistency_damping(learned))
        change = root_mean_square(data - learned) / problem.noise
    progress(0.99, "comparing the result with the scan", 0.0)
    residual = problem.slices - degrade(problem.matrix, data, geometry.axis)
    progress(1.0, "comparing the result with the scan")
    return SuperResolved(
        data=data,
        affine=grid.affine,
        header=replace(scan.header, slice_thickness_mm=None, slice_spacing_mm=None),
        space=scan.space,
        stored_type=scan.stored_type,
        warnings=tuple(dict.fromkeys(warnings)),
        profile=profile,
        method=method,
        preset=settings.preset,
        device=used_device,
        seed=seed,
        data_consistency_rmse=root_mean_square(residual) / problem.noise,
        data_consistency_change=change,
        residual=replace(scan, data=residual, stored_type=np.dtype(np.float32)),
        noise=problem.noise,
        seconds=time.perf_counter() - started,
        uncertainty=None if ensemble is None else ensemble.uncertainty(scan.space),
    )


def _device_of(entry: Entry, name: str) -> str:
    """The device on which a method runs; torch is imported only for one that needs it."""
    if not entry.needs_torch:
        return "cpu"
    from ..device import choose_device

    return choose_device(name).type


def root_mean_square(values: np.ndarray) -> float:
    """The root of the mean of squares, summed in double precision."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
