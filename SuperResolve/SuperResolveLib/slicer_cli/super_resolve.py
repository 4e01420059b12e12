"""The module ``SuperResolve``."""

from __future__ import annotations

from functools import partial

from ..data.geometry import SliceGeometry, scan_geometry
from ..estimation.result import EstimatedProfile
from ..image_io.profile_table import parse_profile, read_profile, write_profile
from ..image_io.volumes import read_volume, write_volume
from ..methods.registry import METHODS
from ..physics.profile import SliceProfile
from ..progress import part_of
from ..workflows import super_resolve as super_resolution
from ..workflows.texts import scan_line, uncertainty_line, volume_line, width_line
from .arguments import Arguments
from .console import Console
from .results import SEPARATOR, Results, prior_share

#: The output images that hold maps of the uncertainty, and which.
UNCERTAINTY = {"uncertaintyVolume": "total", "inventedVolume": "invented"}


def compute(arguments: Arguments, console: Console) -> Results:
    """A scan brought to thin planes, with the profile that was used, the residual and the uncertainty."""
    console(0.0, "reading the scan")
    scan = read_volume(arguments["inputVolume"])
    geometry = scan_geometry(scan, arguments["axis"], arguments["acquiredResolution"])
    result = super_resolution.super_resolve(
        scan,
        profile=_given_profile(arguments, geometry),
        method=arguments["method"],
        preset=arguments.preset(METHODS.info(arguments["method"])),
        axis=arguments["axis"],
        spacing=arguments["outputSpacing"] or None,
        combine=arguments["combine"],
        consistent=not arguments["noDataConsistency"],
        device=arguments["device"],
        seed=arguments["seed"],
        acquired_resolution=arguments["acquiredResolution"],
        uncertainty=any(arguments[name] is not None for name in UNCERTAINTY),
        progress=part_of(console, 0.02, 0.98),
    )
    console.warn(result.warnings)
    console.say(width_line(result.profile, geometry))
    console.say(scan_line(result.profile, geometry))
    console.say(f"{volume_line(result)}; degraded, {result.data_consistency_rmse:.2f} x noise from the scan")
    if result.uncertainty is not None:
        console.say(uncertainty_line(result, result.uncertainty))
    low, high = _interval(result.profile)
    write = partial(write_volume, compress=False)  # what goes to another process is read at once
    return Results(
        writers={
            "outputVolume": lambda path: write(result, path),
            "usedProfileTable": lambda path: write_profile(result.profile, path),
            "residualVolume": lambda path: write(result.residual, path),
            **{
                name: partial(write, getattr(result.uncertainty, part))
                for name, part in UNCERTAINTY.items()
                if result.uncertainty is not None
            },
        },
        returned={
            "fwhm": result.profile.fwhm_mm,
            "fwhmLow": low,
            "fwhmHigh": high,
            "priorShare": prior_share(result.profile),
            "dataConsistencyRmse": result.data_consistency_rmse,
            "noise": result.noise,
            "warnings": SEPARATOR.join(result.warnings),
        },
    )


def _given_profile(arguments: Arguments, geometry: SliceGeometry) -> SliceProfile | None:
    """The profile in the table, else of the shape that was chosen; ``None`` where it is to be estimated."""
    if arguments["profileTable"] is not None:
        return read_profile(arguments["profileTable"], geometry.in_plane_voxel)
    shape, width = arguments["profileShape"], arguments["profileWidth"]
    return None if shape == "estimated" else parse_profile(f"{shape}:{width}", geometry.in_plane_voxel)


def _interval(profile: SliceProfile) -> tuple[float, float]:
    """The interval of the FWHM in mm; of a profile that was given, its width."""
    return profile.interval_mm if isinstance(profile, EstimatedProfile) else (profile.fwhm_mm, profile.fwhm_mm)
