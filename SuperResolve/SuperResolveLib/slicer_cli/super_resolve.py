"""The CLI module ``SuperResolve``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..data.geometry import SliceGeometry, scan_geometry
from ..estimation.registry import ESTIMATORS, chosen
from ..estimation.result import EstimatedProfile
from ..image_io.profile_table import parse_profile, read_profile, write_profile
from ..image_io.volumes import read_volume, write_volume
from ..methods.learned import info_of
from ..methods.registry import METHODS, automatic
from ..model import Model
from ..physics.profile import SliceProfile
from ..progress import part_of
from ..registry import AUTO
from ..workflows import super_resolve as super_resolution
from ..workflows.super_resolve import SuperResolved
from ..workflows.texts import model_line, scan_line, uncertainty_line, volume_line, width_line
from .arguments import Arguments
from .console import Console
from .parameter import Value
from .results import SEPARATOR, Results, interval, prior_share

#: The outputs that are maps of the uncertainty, and the name of each map.
UNCERTAINTY = {"uncertaintyVolume": "total", "inventedVolume": "invented"}


def compute(arguments: Arguments, console: Console) -> Results:
    """Super-resolve a scan; the results are the volume, the profile, the residual and maps of the uncertainty."""
    console(0.0, "reading the scan")
    scan = read_volume(arguments["inputVolume"])
    geometry = scan_geometry(scan, arguments["axis"], arguments["acquiredResolution"])
    model = _model(arguments)
    method = AUTO if model is not None else arguments["method"]
    info = info_of(model) if model is not None else automatic() if method == AUTO else METHODS[method].info
    profile = _given_profile(arguments, geometry)
    # Slicer hands over every parameter, also those that do not matter to the method or model.
    result = super_resolution.super_resolve(
        scan,
        profile=profile,
        method=method,
        preset=arguments.preset(info),
        axis=arguments["axis"],
        spacing=arguments["outputSpacing"] or None,
        combine=arguments["combine"] if info.combines else "average",
        consistent=info.operator is None or not arguments["noDataConsistency"],
        device=arguments.device(info),
        seed=arguments["seed"],
        acquired_resolution=arguments["acquiredResolution"],
        prior=arguments.prior(ESTIMATORS[chosen(AUTO)].info) if profile is None else None,
        uncertainty=any(arguments[name] is not None for name in UNCERTAINTY),
        model=model,
        progress=part_of(console, 0.02, 0.98),
    )
    console.warn(result.warnings)
    console.say(width_line(result.profile, geometry))
    if result.choice is not None:
        console.say(result.choice)
    if result.model is not None:
        console.say(model_line(result.model))
    console.say(scan_line(result.profile, geometry))
    console.say(f"{volume_line(result)}; degraded, {result.data_consistency_rmse:.2f} x noise from the scan")
    if result.uncertainty is not None:
        console.say(uncertainty_line(result, result.uncertainty))
    return Results(_writers(result), _returned(result))


def _writers(result: SuperResolved) -> dict[str, Callable[[Path], None]]:
    """What writes each output file; maps of the uncertainty only if they were computed."""
    write = partial(write_volume, compress=False)  # the process that started this one reads the files at once
    maps = {} if result.uncertainty is None else UNCERTAINTY
    return {
        "outputVolume": partial(write, result),
        "usedProfileTable": partial(write_profile, result.profile),
        "residualVolume": partial(write, result.residual),
        **{name: partial(write, getattr(result.uncertainty, part)) for name, part in maps.items()},
    }


def _returned(result: SuperResolved) -> dict[str, Value]:
    """The values of the returned parameters."""
    profile = result.profile
    low, high = interval(profile)
    return {
        "fwhm": profile.fwhm_mm,
        "fwhmLow": low,
        "fwhmHigh": high,
        "priorShare": prior_share(profile),
        "dataConsistencyRmse": result.data_consistency_rmse,
        "noise": result.noise,
        "profileWarnings": SEPARATOR.join(profile.warnings if isinstance(profile, EstimatedProfile) else ()),
        "choice": result.choice or "",
        "warnings": SEPARATOR.join(result.warnings),
    }


def _model(arguments: Arguments) -> Model | None:
    """The model in the given file."""
    if arguments["model"] is None:
        return None
    from ..workflows.models import load_model

    return load_model(arguments["model"])


def _given_profile(arguments: Arguments, geometry: SliceGeometry) -> SliceProfile | None:
    """The profile in the given table, or of the chosen shape; ``None`` if it is to be estimated."""
    if arguments["profileTable"] is not None:
        return read_profile(arguments["profileTable"], geometry.in_plane_voxel)
    shape, width = arguments["profileShape"], arguments["profileWidth"]
    return None if shape == "estimated" else parse_profile(f"{shape}:{width}", geometry.in_plane_voxel)
