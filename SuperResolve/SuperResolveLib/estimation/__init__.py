"""Ways to estimate a scan's relative slice profile, each a file, found through :data:`ESTIMATORS`."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ..geometry import AxisName, check_content, scan_geometry, slice_geometry
from ..profile import SliceProfile
from ..progress import ProgressCallback, silent
from ..registry import Entry, choose
from ..volume import Volume

ESTIMATORS: dict[str, Entry] = {
    "espreso": Entry(
        summary="adversarial matching of in-plane and through-plane patches (Han et al., IPMI 2021)",
        needs="the scan itself",
        needs_torch=True,
        presets=("default", "paper"),
        implementation="estimation.espreso:estimate",
    ),
}


@dataclass(frozen=True, kw_only=True)
class EstimatedProfile(SliceProfile):
    """A slice profile with what is known about its making.

    Attributes:
        fwhm_interval_mm: spread of the FWHM over restarts or the tail of training, in mm.
        method, preset, device, seed: how it was estimated.
        loss_history: each loss over the iterations.
        warnings: what the user should know before trusting it, a sentence each.
        seconds: wall time.
    """

    fwhm_interval_mm: tuple[float, float]
    method: str
    preset: str
    device: str
    seed: int
    loss_history: dict[str, list[float]]
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


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


def _run(scan, geometry, method, preset, device, seed, progress):  # type: ignore[no-untyped-def]
    entry = choose(ESTIMATORS, method, "estimation method")
    started = time.perf_counter()
    result = entry.load()(scan, geometry, entry.preset(preset), device, seed, progress)
    return replace(result, seconds=time.perf_counter() - started)
