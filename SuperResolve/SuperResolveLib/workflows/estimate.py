"""From a scan to its slice profile, and from any volume to the resolution left in it, whatever the estimator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

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
from ..estimation.registry import AUTO, ESTIMATORS, chosen
from ..estimation.result import EstimatedProfile
from ..progress import ProgressCallback, part_of, silent

#: Spacings within this factor of each other count as alike.
ALIKE = 1.05


def estimate_profile(
    scan: Volume,
    method: str = AUTO,
    preset: str | None = None,
    axis: AxisName = "auto",
    device: str = "auto",
    seed: int = 0,
    acquired_resolution: Sequence[float] = (),
    progress: ProgressCallback = silent,
) -> EstimatedProfile:
    """The relative slice profile of a 2-D multi-slice scan, from nothing but the scan.

    Args:
        scan: at least 8 slices, spaced at least 1.2 in-plane voxels.
        method: a name in :data:`~SuperResolveLib.estimation.registry.ESTIMATORS`; ``"auto"`` leaves it to the program.
        preset: one of the method's presets; ``None`` takes its default.
        axis: the through-plane axis; ``"auto"`` takes the one with the largest spacing.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: the result is reproducible under it on one device.
        acquired_resolution: the acquired in-plane resolution in mm: one number, or one for each in-plane axis; found
            from the image unless told.
        progress: told how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the scan or a name cannot be used.
        Cancelled: raised by ``progress``.
    """
    return _run(scan, scan_geometry(scan, axis, acquired_resolution), method, preset, device, seed, part_of(progress))


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
    """The relative profile left in a volume, isotropic or not: how much worse one axis still is than the two others.

    Han et al., IPMI 2021, Sec. 3.3. Arguments and errors as in :func:`estimate_profile`, but any spacing will do. With
    ``axis`` "auto", the axis is the one with the largest spacing; where all are alike, each is measured and the worst
    is reported (:attr:`EstimatedProfile.axis` tells which).
    """
    check_content(volume)
    # What the header says of a scan's slices must not sway how sharp this volume reads.
    volume = replace(volume, header=replace(volume.header, slice_thickness_mm=None))
    finest, coarsest = min(volume.spacing), max(volume.spacing)
    every = axis == "auto" and coarsest < ALIKE * finest
    if every and len(acquired_resolution) > 1:
        raise InputError("a resolution for each in-plane axis was given: name the through-plane axis too")
    axes: tuple[AxisName, ...] = AXIS_NAMES if every else (axis,)
    geometries = [slice_geometry(volume, name, acquired_resolution) for name in axes]
    for geometry in geometries:
        check_slices(geometry)
    profiles = [
        _run(
            volume,
            geometry,
            method,
            preset,
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
    device: str,
    seed: int,
    progress: ProgressCallback,
) -> EstimatedProfile:
    estimator = ESTIMATORS[chosen(method)]
    check_device(device)
    settings = EstimatorSettings(estimator.info.preset(preset), device, seed)
    started = time.perf_counter()
    result = estimator(settings).estimate(volume, geometry, progress)
    return replace(result, warnings=volume.warnings + result.warnings, seconds=time.perf_counter() - started)
