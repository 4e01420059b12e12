"""Super-resolution of a scan with any method: from the scan to a volume that is consistent with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..data.doubts import doubts_of
from ..data.geometry import AxisName, SliceGeometry, scan_geometry
from ..data.in_plane_resolution import in_plane_resolution
from ..data.output_grid import output_grid
from ..data.volume import Volume
from ..device import check_device, choose_device
from ..errors import InputError
from ..estimation.registry import ESTIMATORS, chosen
from ..estimation.result import EstimatedProfile
from ..methods.learned import warnings_for
from ..methods.method import Combination
from ..model import Card, Model
from ..physics.problem import Acquisition, OperatorKind, Problem
from ..physics.profile import SliceProfile
from ..physics.slabs import root_mean_square
from ..progress import ProgressCallback, part_of, silent
from ..registry import AUTO, Engine
from .choice import Request, choose
from .estimate import estimate_profile
from .plausibility import check_profile
from .uncertainty import Uncertainty


@dataclass(frozen=True, eq=False, kw_only=True)
class SuperResolved(Volume):
    """A super-resolved volume with how it was made and how well it agrees with the scan.

    Attributes:
        profile: the slice profile that was used.
        method, preset, device, seed: how it was made.
        data_consistency_rmse: root-mean-square of ``residual``, in units of the scan's noise.
        data_consistency_change: root-mean-square of the change that the data-consistency step made, in the same units.
        residual: the scan minus the degraded result, on the scan's grid.
        noise: standard deviation of the scan's noise, in its intensity unit.
        seconds: wall time.
        choice: which method was chosen automatically and why, in a sentence; ``None`` where the user chose it.
        operator: whether the result was degraded with the slice profile or only by selecting planes.
        engine: what computed, of a method that leaves a choice; ``None`` for others.
        model: the card of the model that made it; ``None`` for a method that needs none.
        uncertainty: maps of the error to be expected; ``None`` if they were not asked for.
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
    choice: str | None = None
    operator: OperatorKind = "profile"
    engine: Engine | None = None
    model: Card | None = None
    uncertainty: Uncertainty | None = None


def super_resolve(
    scan: Volume,
    profile: SliceProfile | None = None,
    method: str = AUTO,
    preset: str | None = None,
    axis: AxisName = "auto",
    spacing: float | None = None,
    like: Volume | None = None,
    combine: Combination = "average",
    consistent: bool = True,
    device: str = "auto",
    seed: int = 0,
    acquired_resolution: Sequence[float] = (),
    prior: str | None = None,
    uncertainty: bool = False,
    model: Model | None = None,
    progress: ProgressCallback = silent,
) -> SuperResolved:
    """Super-resolve a 2-D multi-slice scan to thin planes that cover its field of view.

    Args:
        scan: at least 8 slices, spaced at least 1.2 in-plane voxels.
        profile: relative slice profile of the scan; ``None`` estimates it.
        method: a name in :data:`~SuperResolveLib.methods.registry.METHODS`; ``"auto"`` takes a method whose model comes
            with this program where it has learned such scans and can do what is asked for, and elsewhere the first
            (:mod:`~SuperResolveLib.workflows.choice`).
        preset: one of the method's presets, under ``"auto"`` of the first method's; ``None`` takes its default.
        axis: the through-plane axis; ``"auto"`` takes the one with the largest spacing.
        spacing: distance between output planes in mm; ``None`` takes the in-plane voxel size.
        like: a volume whose planes are taken for the output instead.
        combine: how the results of several orientations are combined: ``"average"``, or ``"fba"`` for Fourier burst
            accumulation, which is refused for methods that have a single result.
        consistent: whether the result is changed to the nearest volume that degrades to the scan, for methods that
            have an operator for this; ``False`` is refused for others.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: random seed; on one device, equal seeds give equal results.
        acquired_resolution: acquired in-plane resolution in mm: one number, or one for each in-plane axis; empty to
            find it from the image.
        prior: which profiles are taken for probable where the profile is estimated, as in
            :func:`~SuperResolveLib.workflows.estimate.estimate_profile`.
        uncertainty: whether to estimate the error of the result too (:mod:`~SuperResolveLib.workflows.uncertainty`),
            which only some methods can. That of ``smore`` is then the mean of an ensemble, a little better than that of
            a single network, and takes two to three times as long.
        model: has learned from a collection and takes the place of ``method`` and ``preset``, which are then left out.
            Whether and by which operator its result is made consistent is told by its card.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the scan, a name or the output grid cannot be used, or the method cannot do what was asked for.
        Cancelled: raised by ``progress``.
    """
    started = time.perf_counter()
    progress = part_of(progress)
    geometry = scan_geometry(scan, axis, acquired_resolution)
    request = Request(
        method=method,
        model=model,
        preset=preset,
        device=device,
        seed=seed,
        combine=combine,
        consistent=consistent,
        uncertainty=uncertainty,
    )
    if profile is not None and prior is not None:
        raise InputError(f"the profile is given, and not estimated: leave out the prior {prior!r}")
    likely = choose(request, geometry, profile)
    likely_device = device_of(likely.engine == "torch", device)
    likely.restorer()  # what is missing is told before the profile is estimated
    grid = output_grid(scan, geometry, spacing, like)
    doubts = check_profile(profile, geometry.slice_spacing, geometry.in_plane_voxel) if profile is not None else ()
    if profile is None:
        estimator = ESTIMATORS.info(chosen(AUTO))
        estimation_device = estimator.usable_device(None, device)
        costs = estimator.cost_of(None, estimation_device), likely.cost(likely_device)
        estimated = costs[0] / sum(costs)
        profile = estimate_profile(
            scan,
            axis=axis,
            device=estimation_device,
            seed=seed,
            acquired_resolution=acquired_resolution,
            prior=prior,
            progress=part_of(progress, 0.0, estimated),
        )
        progress = part_of(progress, estimated, 1.0)
    choice = choose(request, geometry, profile)
    info, settings, engine = choice.info, choice.settings, choice.engine
    used_device = device_of(engine == "torch", device)
    operator: OperatorKind = model.card.operator if model is not None else info.operator or "profile"
    problem = Problem.of(scan, geometry, profile, grid, operator)
    # before the memory is taken that the result needs
    warnings = doubts + choice.warnings + _warnings(scan, geometry, profile) + _warnings_of(info.name, operator)
    card = None if settings.model is None else settings.model.card
    if card is not None:
        warnings += _warnings_of_model(card, geometry, profile)
    restoration = choice.restorer().restore(problem, part_of(progress, 0.0, 0.98))
    consistent = consistent and info.operator is not None
    data, change, residual = _compared_with_scan(problem.stack, restoration.data, consistent, progress)
    return SuperResolved(
        data=data,
        affine=grid.affine,
        header=replace(scan.header, slice_thickness_mm=None, slice_spacing_mm=None),
        space=scan.space,
        stored_type=scan.stored_type,
        warnings=tuple(dict.fromkeys(warnings + restoration.notes)),
        profile=profile,
        method=info.name,
        preset=settings.preset if model is None else model.card.preset,
        device=used_device,
        seed=seed,
        data_consistency_rmse=root_mean_square(residual) / problem.stack.noise,
        data_consistency_change=change,
        residual=replace(scan, data=residual, stored_type=np.dtype(np.float32)),
        noise=problem.stack.noise,
        seconds=time.perf_counter() - started,
        choice=choice.told,
        operator=operator,
        engine=engine if info.also_runs_on else None,
        model=card,
        uncertainty=None
        if restoration.variances is None
        else Uncertainty(restoration.variances, grid.affine, scan.space),
    )


def _warnings(scan: Volume, geometry: SliceGeometry, profile: SliceProfile) -> tuple[str, ...]:
    """What the user should know of the scan and the profile."""
    if isinstance(profile, EstimatedProfile):
        return scan.warnings + profile.warnings
    return scan.warnings + doubts_of(scan, geometry) + in_plane_resolution(scan, geometry).warnings


def _warnings_of(name: str, operator: OperatorKind) -> tuple[str, ...]:
    """What the user should know of a method, or of that of a model."""
    if operator != "select":
        return ()
    return (f"{name} changes the spacing of planes and not their thickness: the result is not sharper",)


def _warnings_of_model(card: Card, geometry: SliceGeometry, profile: SliceProfile) -> tuple[str, ...]:
    """What the user should know of a model on this scan."""
    warnings = warnings_for(card, geometry, profile)
    if not card.consistent:
        warnings += ("this model does without data consistency: degrading the result does not give the scan back",)
    return warnings


def _compared_with_scan(
    stack: Acquisition, data: NDArray[np.float32], consistent: bool, progress: ProgressCallback
) -> tuple[NDArray[np.float32], float, NDArray[np.float32]]:
    """Make a result consistent with the scan if this is wanted, and compare it with the scan.

    Returns:
        The result, the root-mean-square of the change in units of the scan's noise, and the residual.
    """
    change = 0.0
    if consistent:
        progress(0.98, "making the result consistent with the scan", 0.0)
        change = stack.make_consistent(data) / stack.noise
    progress(0.99, "comparing the result with the scan", 0.0)
    residual = stack.residual(data)
    progress(1.0, "comparing the result with the scan")
    return data, change, residual


def device_of(runs_on_torch: bool, name: str) -> str:
    """The device on which a run computes; torch is imported only if the run needs it.

    Raises:
        InputError: there is no device of that name, or it is not available here.
    """
    check_device(name)
    return choose_device(name).type if runs_on_torch else "cpu"
