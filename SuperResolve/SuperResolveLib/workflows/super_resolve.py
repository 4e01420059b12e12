"""Super-resolution of a scan, whatever the method: the grid, the profile, the method, data consistency, the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AxisName, scan_geometry
from ..data.in_plane_resolution import in_plane_resolution
from ..data.output_grid import output_grid
from ..data.volume import Volume
from ..device import check_device, choose_device
from ..errors import InputError
from ..estimation.result import EstimatedProfile
from ..methods.method import COMBINATIONS, Combination, MethodSettings
from ..methods.registry import METHODS
from ..physics.problem import Acquisition, OperatorKind, Problem
from ..physics.profile import SliceProfile
from ..progress import ProgressCallback, part_of, silent
from .estimate import estimate_profile
from .uncertainty import Uncertainty


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
        operator: by which operator the result was compared with the scan, and made consistent where that was done.
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
    operator: OperatorKind = "profile"
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
    progress: ProgressCallback = silent,
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
            (:mod:`~SuperResolveLib.workflows.uncertainty`), which some methods can tell. The result is then the mean of
            an ensemble, a little better than that of one network, and takes two to three times as long.
        progress: told how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the scan, a name or the output grid cannot be used, or uncertainty is asked of a method that
            cannot tell it.
        Cancelled: raised by ``progress``.
    """
    started = time.perf_counter()
    progress = part_of(progress)
    chosen = METHODS[method]
    info = chosen.info
    if combine not in COMBINATIONS:
        raise InputError(f"there is no combination {combine!r}: choose {' or '.join(COMBINATIONS)}")
    if uncertainty and not info.tells_uncertainty:
        able = [each for each in METHODS if METHODS[each].info.tells_uncertainty]
        raise InputError(f"{method} cannot tell its uncertainty: choose {' or '.join(able)}, or leave it out")
    settings = MethodSettings(info.preset(preset), device, seed, combine, uncertainty)
    implementation = chosen(settings)
    used_device = device_of(info.runs_on_torch(settings.preset), device)
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
    operator: OperatorKind = info.operator or "profile"
    problem = Problem.of(scan, geometry, profile, grid, operator)
    restoration = implementation.restore(problem, part_of(progress, 0.0, 0.98))
    if operator == "select":
        warnings += (f"{method} changes the spacing of planes and not their thickness: the result is not sharper",)
    stack, data, change = problem.stack, restoration.data, 0.0
    if consistent and info.operator is not None:
        progress(0.98, "making the result consistent with the scan", 0.0)
        data, change = made_consistent(stack, data)
    progress(0.99, "comparing the result with the scan", 0.0)
    residual = stack.residual(data)
    progress(1.0, "comparing the result with the scan")
    return SuperResolved(
        data=data,
        affine=grid.affine,
        header=replace(scan.header, slice_thickness_mm=None, slice_spacing_mm=None),
        space=scan.space,
        stored_type=scan.stored_type,
        warnings=tuple(dict.fromkeys(warnings + restoration.notes)),
        profile=profile,
        method=method,
        preset=settings.preset,
        device=used_device,
        seed=seed,
        data_consistency_rmse=root_mean_square(residual) / stack.noise,
        data_consistency_change=change,
        residual=replace(scan, data=residual, stored_type=np.dtype(np.float32)),
        noise=stack.noise,
        seconds=time.perf_counter() - started,
        operator=operator,
        uncertainty=None if restoration.members is None else Uncertainty.of(restoration.members, grid, scan.space),
    )


def made_consistent(stack: Acquisition, data: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The volume after data consistency, and the root-mean-square of what that changed, in units of the noise."""
    result = stack.consistent(data, stack.consistency_damping(data))
    return result, root_mean_square(result - data) / stack.noise


def device_of(runs_on_torch: bool, name: str) -> str:
    """The device on which a run computes; torch is imported only for one that needs it.

    Raises:
        InputError: there is no such device here.
    """
    check_device(name)
    return choose_device(name).type if runs_on_torch else "cpu"


def root_mean_square(values: np.ndarray) -> float:
    """The root of the mean of squares, summed in double precision."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
