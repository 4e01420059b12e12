"""Ways to estimate a scan's relative slice profile, each a file, found through :data:`ESTIMATORS`."""

from __future__ import annotations

import time
from dataclasses import replace

from ..geometry import AxisName, SliceGeometry, check_content, scan_geometry, slice_geometry
from ..progress import ProgressCallback, silent
from ..registry import Entry, choose
from ..volume import Volume
from .result import EstimatedProfile

__all__ = ["ESTIMATORS", "EstimatedProfile", "estimate_profile", "measure_resolution"]

ESTIMATORS: dict[str, Entry] = {
    "espreso": Entry(
        summary="matches in-plane and through-plane patches (Han et al., IPMI 2021); the preset 'paper' needs torch",
        needs="the scan itself",
        needs_torch=False,
        presets=("default", "paper"),
        implementation="estimation.espreso:estimate",
    ),
}


def estimate_profile(
    scan: Volume,
    method: str = "espreso",
    preset: str | None = None,
    axis: AxisName = "auto",
    device: str = "auto",
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> EstimatedProfile:
    """The relative slice profile of a 2-D multi-slice scan, from nothing but the scan.

    Args:
        scan: at least 8 slices, spaced at least 1.2 in-plane voxels.
        method: a name in :data:`ESTIMATORS`.
        preset: one of the method's presets; ``None`` takes its default.
        axis: the through-plane axis; ``"auto"`` takes the one with the largest spacing.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: the result is reproducible under it on one device.
        progress: called with the fraction done and the stage.

    Raises:
        InputError: the scan or a name cannot be used.
        Cancelled: raised by ``progress``.
    """
    return _run(scan, scan_geometry(scan, axis), method, preset, device, seed, progress)


def measure_resolution(
    volume: Volume,
    method: str = "espreso",
    preset: str | None = None,
    axis: AxisName = "auto",
    device: str = "auto",
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> EstimatedProfile:
    """The relative profile left in a volume, isotropic or not: how much worse one axis still is than the two others.

    Han et al., IPMI 2021, Sec. 3.3. Arguments and errors as in :func:`estimate_profile`, but any spacing will do.
    """
    check_content(volume)
    return _run(volume, slice_geometry(volume, axis), method, preset, device, seed, progress)


def _run(
    volume: Volume,
    geometry: SliceGeometry,
    method: str,
    preset: str | None,
    device: str,
    seed: int,
    progress: ProgressCallback,
) -> EstimatedProfile:
    entry = choose(ESTIMATORS, method, "estimation method")
    started = time.perf_counter()
    result: EstimatedProfile = entry.load()(volume, geometry, entry.preset(preset), device, seed, progress)
    return replace(result, warnings=volume.warnings + result.warnings, seconds=time.perf_counter() - started)
