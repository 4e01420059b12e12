"""``slice-profile-sr super-resolve``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..errors import InputError
from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.geometry import SliceGeometry
    from ..data.volume import Volume
    from ..model import Model
    from ..progress import ProgressCallback
    from ..workflows.resolution_left import ResolutionLeft
    from ..workflows.super_resolve import SuperResolved


@click.command("super-resolve", short_help="A scan with thin planes instead of thick slices.")
@click.argument("scan", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, required=True, metavar="OUT", help="The super-resolved volume.")
@options.restoring
@click.option(
    "--residual", type=options.PATH, metavar="FILE", help="Also write the scan minus the degraded result, on its grid."
)
@click.option(
    "--uncertainty",
    type=options.PATH,
    metavar="FILE",
    help="Also write how far the result may be off, as a standard deviation, and beside it, in FILE_seen and "
    "FILE_invented, the parts of it that the scan can and cannot check. It takes longer, with smore two "
    "to three times as long; 'slice-profile-sr methods' says which methods can tell.",
)
@click.option(
    "--masks",
    type=options.PATH,
    multiple=True,
    metavar="FILE",
    help="Also bring a mask or label map that was drawn on SCAN's slices to the planes of OUT, by interpolating its "
    "outlines, as OUT_NAME with the name of FILE; as often as there are files.",
)
@options.run
@options.reading
@options.json
@options.overwrite
@console_options
@click.pass_obj
def super_resolve(
    console: Console,
    /,
    scan: Path,
    output: Path,
    profile: str | None,
    model: Path | None,
    spacing: float | None,
    like: Path | None,
    residual: Path | None,
    uncertainty: Path | None,
    masks: tuple[Path, ...],
    keep_type: bool,
    series: str | None,
    fill_nonfinite: float | None,
    json: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Super-resolve SCAN through plane, to isotropic voxels unless told otherwise.

    The field of view stays where it is; in-plane voxels are left alone.
    """
    from ..data.geometry import AXIS_NAMES, scan_geometry
    from ..image_io.profile_table import parse_profile
    from ..image_io.volumes import path_beside, read_volume, stem
    from ..progress import part_of
    from ..workflows.choice import Request, choose
    from ..workflows.masks import mask_on_planes
    from ..workflows.report import left_report, masks_report, super_resolve_report
    from ..workflows.resolution_left import share_of_run
    from ..workflows.super_resolve import super_resolve as run
    from ..workflows.super_resolve_outputs import Outputs, map_paths
    from ..workflows.texts import labels_lines

    if spacing is not None and like is not None:
        raise click.UsageError("--spacing and --like both say where the output planes lie: give one of them.")
    if model is not None:
        _check_with_model()
    maps = {} if uncertainty is None else map_paths(uncertainty)
    outputs = Outputs(output, residual, maps, json, {mask: path_beside(output, stem(mask)) for mask in masks})
    table = Path(profile) if profile is not None and Path(profile).is_file() else None
    inputs = {"SCAN": scan, "--like": like, "--profile": table, "--model": model}
    outputs.check({**inputs, **{f"--masks {mask}": mask for mask in masks}}, overwrite)
    trained, model_hash = (None, None) if model is None else _loaded(model, console)

    console.stage(f"reading {scan}")
    volume = read_volume(scan, series, fill_nonfinite)
    console.warn(volume.warnings)
    geometry = scan_geometry(volume, arguments["axis"], arguments["acquired_resolution"])
    like_volume = None if like is None else read_volume(like)
    console.warn(like_volume.warnings if like_volume else ())
    drawn = _drawn(console, masks, volume, geometry)
    asked: dict[str, Any] = {"uncertainty": uncertainty is not None, "model": trained}
    named = {name: arguments[name] for name in ("method", "preset", "device", "seed", "combine", "consistent")}
    likely = choose(Request(**asked, **named), geometry)
    with console.progress() as progress:
        share = share_of_run(likely.cost(arguments["device"]))
        result = run(
            volume,
            profile=None if profile is None else parse_profile(profile, geometry.in_plane_voxel),
            spacing=spacing,
            like=like_volume,
            progress=part_of(progress, 0.0, share),
            **asked,
            **arguments,
        )
        left = _left(volume, result, geometry, arguments["acquired_resolution"], part_of(progress, share))
    console.warn(result.warnings)

    name = AXIS_NAMES[geometry.axis]
    brought = {mask: mask_on_planes(label_map, volume, result, name) for mask, label_map in drawn.items()}
    console.stage(f"writing {output}")
    paths: dict[str, Any] = {"input": scan, "output": output, "profile_from": profile or "the scan itself"}
    paths["resolution_left"] = None if left is None else left_report(left)
    paths["masks"] = [masks_report(mask, outputs.masks[mask], each.volumes) for mask, each in brought.items()]
    outputs.write(result, keep_type, {**super_resolve_report(result, geometry, model_hash), **paths}, brought)
    _say(console, result, geometry, left)
    for mask, on_planes in brought.items():
        for line in labels_lines(on_planes.volumes):
            console.say(f"mask     {mask.name}, {line}")
    console.wrote(output, residual, *outputs.maps.values(), *outputs.masks.values(), json)


def _check_with_model() -> None:
    """Refuse options that a model takes the place of."""
    context = click.get_current_context()
    for name in ("method", "preset", "combine"):
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--model and --{name} both say how the scan is super-resolved: give one of them.")


def _loaded(path: Path, console: Console) -> tuple[Model, str]:
    """The model in a file, and the SHA-256 of the file."""
    from ..workflows.models import load_model

    console.stage(f"reading {path}")
    model = load_model(path)
    with path.open("rb") as file:
        return model, hashlib.file_digest(file, "sha256").hexdigest()


def _drawn(console: Console, masks: Sequence[Path], scan: Volume, geometry: SliceGeometry) -> dict[Path, Volume]:
    """The masks, each of which can be brought to other planes."""
    from ..image_io.label_maps import read_labels
    from ..workflows.masks import slices_of_mask

    drawn = {mask: read_labels(mask) for mask in masks}
    for mask, volume in drawn.items():
        console.warn(volume.warnings)
        slices_of_mask(volume, scan, geometry, str(mask))
    return drawn


def _left(
    scan: Volume,
    result: SuperResolved,
    geometry: SliceGeometry,
    acquired_resolution: tuple[float, ...],
    progress: ProgressCallback,
) -> ResolutionLeft | None:
    """What is left of the slices; ``None`` where it cannot be measured, as in a small volume."""
    from ..workflows.resolution_left import resolution_left

    try:
        return resolution_left(scan, result, geometry, acquired_resolution, progress)
    except InputError:
        return None


def _say(console: Console, result: SuperResolved, geometry: SliceGeometry, left: ResolutionLeft | None) -> None:
    """Write a line each about the profile, method, model, scan, result, what is left of it, and the uncertainty."""
    from ..workflows.texts import left_line, model_line, scan_line, uncertainty_line, volume_line, width_line

    console.say(f"profile  {width_line(result.profile, geometry)}")
    if result.choice is not None:
        console.say(f"method   {result.choice}")
    if result.model is not None:
        console.say(f"model    {model_line(result.model)}")
    console.say(f"scan     {scan_line(result.profile, geometry)}")
    console.say(f"result   {volume_line(result)}; degraded, {result.data_consistency_rmse:.2f} x noise from the scan")
    if left is not None:
        console.say(f"left     {left_line(left)}")
    if result.uncertainty is not None:
        console.say(f"error    {uncertainty_line(result, result.uncertainty)}")
