"""The CLI module ``EstimateSliceProfile``."""

from __future__ import annotations

from functools import partial

from ..data.geometry import AXIS_NAMES, slice_geometry
from ..estimation.registry import ESTIMATORS, chosen
from ..image_io.profile_table import write_profile
from ..image_io.volumes import read_volume
from ..progress import part_of
from ..workflows.estimate import estimate_profile, measure_resolution
from ..workflows.texts import width_line
from .arguments import Arguments
from .console import Console
from .results import SEPARATOR, Results, prior_share


def compute(arguments: Arguments, console: Console) -> Results:
    """Estimate the slice profile of a scan, or measure the resolution left in a volume."""
    console(0.0, "reading the volume")
    volume = read_volume(arguments["inputVolume"])
    info = ESTIMATORS[chosen(arguments["method"])].info
    estimate = measure_resolution if arguments["measure"] else partial(estimate_profile, prior=arguments.prior(info))
    profile = estimate(
        volume,
        method=arguments["method"],
        preset=arguments.preset(info),
        axis=arguments["axis"],
        device=arguments.device(info),
        seed=arguments["seed"],
        acquired_resolution=arguments["acquiredResolution"],
        progress=part_of(console, 0.02, 0.98),
    )
    geometry = slice_geometry(volume, AXIS_NAMES[profile.axis])
    console.warn(profile.warnings)
    console.say(f"{width_line(profile, geometry)}, along {AXIS_NAMES[profile.axis]}")
    low, high = profile.interval_mm
    return Results(
        writers={"profileTable": lambda path: write_profile(profile, path)},
        returned={
            "fwhm": profile.fwhm_mm,
            "fwhmLow": low,
            "fwhmHigh": high,
            "priorShare": prior_share(profile),
            "fwhmRatio": profile.fwhm_mm / geometry.in_plane_voxel,
            "measuredAxis": AXIS_NAMES[profile.axis],
            "warnings": SEPARATOR.join(profile.warnings),
        },
    )
