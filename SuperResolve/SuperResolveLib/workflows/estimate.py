"""Estimation of a scan's slice profile, and of the resolution left in any volume, with any estimator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from ..data.doubts import doubts_of
from ..data.geometry import (
    AXIS_NAMES,
    AxisName,
    SliceGeometry,
    check_content,
    check_slices,
    scan_geometry,
    slice_geometry,
)
from ..data.volume import Volume
from ..device import check_device
from ..errors import InputError
from ..estimation.estimator import EstimatorSettings
from ..estimation.registry import ESTIMATORS, chosen
from ..estimation.result import EstimatedProfile
from ..progress import ProgressCallback, part_of, silent
from ..registry import AUTO

#: Voxel sizes within this factor of each other count as equal.
ALIKE = 1.05


def estimate_profile(
    scan: Volume,
    method: str = AUTO,
    preset: str | None = None,
    axis: AxisName = "auto",
    device: str = "auto",
    seed: int = 0,
    acquired_resolution: Sequence[float] = (),
    prior: str | None = None,
    progress: ProgressCallback = silent,
) -> EstimatedProfile:
    """Estimate the relative slice profile of a 2-D multi-slice scan from the scan alone.

    Args:
        scan: at least 8 slices, spaced at least 1.2 in-plane voxels.
        method: a name in :data:`~SuperResolveLib.estimation.registry.ESTIMATORS`; ``"auto"`` takes the first of them.
        preset: one of the method's presets; ``None`` takes its default.
        axis: the through-plane axis; ``"auto"`` takes the one with the largest spacing.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: random seed; on one device, equal seeds give equal results.
        acquired_resolution: acquired in-plane resolution in mm: one number, or one for each in-plane axis; empty to
            find it from the image.
        prior: which profiles the method takes for probable beforehand, one of its priors
            (:mod:`~SuperResolveLib.estimation.spectral.prior`); ``None`` takes its default.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the scan or a name cannot be used.
        Cancelled: raised by ``progress``.
    """
    geometry = scan_geometry(scan, axis, acquired_resolution)
    return _run(scan, geometry, method, preset, prior, device, seed, part_of(progress))


def measure_resolution(
    volume: Volume,
    method: str = AUTO,
    preset: str | None = None,
    axis: AxisName = "auto",
    device: str = "auto",
    seed: int = 0,
    acquired_resolution: Sequence[float] = (),
    progress: ProgressCallback = silent,
) -> EstimatedProfile:
    """Measure how much worse the resolution of a volume is along one axis than along the other two.

    The result is the relative profile of that axis, as in Han et al., IPMI 2021, Sec. 3.3. The volume may be isotropic,
    such as a super-resolved one; otherwise arguments and errors are those of :func:`estimate_profile`. With ``axis``
    "auto", the axis is the one with the largest voxel size; if all three are within 5 % of each other, every axis is
    measured and the worst is returned (:attr:`EstimatedProfile.axis`).
    """
    check_content(volume)
    # The header's slice thickness is that of the scan, and must not enter the prior of a volume made from it.
    volume = replace(volume, header=replace(volume.header, slice_thickness_mm=None))
    finest, coarsest = min(volume.spacing), max(volume.spacing)
    measure_all = axis == "auto" and coarsest < ALIKE * finest
    if measure_all and len(acquired_resolution) > 1:
        raise InputError("a resolution for each in-plane axis was given: name the through-plane axis too")
    axes: tuple[AxisName, ...] = AXIS_NAMES if measure_all else (axis,)
    geometries = [slice_geometry(volume, name, acquired_resolution) for name in axes]
    for geometry in geometries:
        check_slices(geometry)
    # What is left in a volume need not be like a scanner's profile.
    prior = ESTIMATORS[chosen(method)].info.broadest_prior
    profiles = [
        _run(
            volume,
            geometry,
            method,
            preset,
            prior,
            device,
            seed,
            part_of(progress, n / len(geometries), (n + 1) / len(geometries)),
        )
        for n, geometry in enumerate(geometries)
    ]
    return max(profiles, key=lambda profile: profile.fwhm_mm)


def _run(
    volume: Volume,
    geometry: SliceGeometry,
    method: str,
    preset: str | None,
    prior: str | None,
    device: str,
    seed: int,
    progress: ProgressCallback,
) -> EstimatedProfile:
    """Run an estimator; the result also has the volume's warnings and the wall time."""
    estimator_class = ESTIMATORS[chosen(method)]
    check_device(device)
    info = estimator_class.info
    settings = EstimatorSettings(info.preset(preset), info.prior(prior), device, seed)
    info.check_device(settings.preset, device)
    started = time.perf_counter()
    result = estimator_class(settings).estimate(volume, geometry, progress)
    doubts = doubts_of(volume, geometry)
    return replace(
        result,
        explains_scan=result.explains_scan and not doubts,
        warnings=volume.warnings + doubts + result.warnings,
        seconds=time.perf_counter() - started,
    )
