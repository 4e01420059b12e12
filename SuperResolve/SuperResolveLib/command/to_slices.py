"""``slice-profile-sr to-slices``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.volume import Volume
    from ..workflows.to_slices import Fractions, OnSlices


@click.command("to-slices", short_help="An image or a segmentation on thin planes, brought back to the scan's slices.")
@click.argument("volume", type=options.PATH)
@click.option("--like", type=options.PATH, required=True, metavar="SCAN", help="The scan on whose slices OUT lies.")
@click.option("-o", "--output", type=options.PATH, required=True, metavar="OUT", help="What the slices show of VOLUME.")
@click.option(
    "--profile",
    metavar="FILE.tsv|gaussian:MM|rect:MM",
    help="SCAN's slice profile: a table, or a shape and its FWHM; estimated from SCAN unless given.",
)
@click.option(
    "--labels", is_flag=True, help="VOLUME is a label map: each voxel gets the label that fills most of the profile."
)
@click.option(
    "--fraction",
    is_flag=True,
    help="VOLUME is a label map: write how much of the profile each label fills, from 0 to 1, in OUT_1, OUT_2, ...",
)
@options.axis
@options.acquired_resolution
@options.reading
@options.json
@options.overwrite
@console_options
@click.pass_obj
def to_slices(
    console: Console,
    /,
    volume: Path,
    like: Path,
    output: Path,
    profile: str | None,
    labels: bool,
    fraction: bool,
    series: str | None,
    fill_nonfinite: float | None,
    json: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Bring VOLUME, on thin planes, back to the slices of SCAN, as the scanner would have seen it.

    VOLUME is what super-resolve made of SCAN, or was drawn on that: its planes are parallel to the slices, and its
    in-plane voxels are SCAN's. --axis and --acquired-resolution are SCAN's, and so are --series and --fill-nonfinite.
    """
    from ..data.geometry import slice_geometry
    from ..data.labels import labels_of
    from ..image_io.files import check_paths, replacing
    from ..image_io.label_maps import read_labels
    from ..image_io.profile_table import parse_profile
    from ..image_io.volumes import check_output, path_beside, read_volume, write_volume
    from ..workflows.report import to_slices_report, write_report
    from ..workflows.texts import labels_lines, volume_line, width_line
    from ..workflows.to_slices import fractions_on_slices
    from ..workflows.to_slices import to_slices as run

    if labels and fraction:
        raise click.UsageError("--labels and --fraction both say what becomes of a label map: give one of them.")
    check_output(output)
    table = Path(profile) if profile is not None and Path(profile).is_file() else None
    inputs = {"VOLUME": volume, "--like": like, "--profile": table}
    check_paths(inputs, {"--output": None if fraction else output, "--json": json}, overwrite)

    console.stage(f"reading {volume}")
    thin = read_labels(volume) if labels or fraction else read_volume(volume)
    scan = read_volume(like, series, fill_nonfinite)
    console.warn(thin.warnings + scan.warnings)
    geometry = slice_geometry(scan, arguments["axis"], arguments["acquired_resolution"])
    arguments["profile"] = None if profile is None else parse_profile(profile, geometry.in_plane_voxel)
    result: OnSlices | Fractions
    images: dict[Path, Volume]
    with console.progress() as progress:
        arguments["progress"] = progress
        if fraction:
            paths = {label: path_beside(output, str(label)) for label in labels_of(thin)}
            check_paths(inputs, {f"the fraction of label {label}": path for label, path in paths.items()}, overwrite)
            result = fractions = fractions_on_slices(thin, scan, **arguments)
            images = {paths[label]: part for label, part in fractions.maps.items()}
        else:
            result = sliced = run(thin, scan, labels=labels, **arguments)
            images = {output: sliced}
    console.warn(result.warnings)

    with ExitStack() as files:
        if json is not None:
            report = to_slices_report(result, geometry)
            told = {"input": volume, "like": like, "output": list(images), "profile_from": profile or "the scan"}
            write_report({**report, **told}, files.enter_context(replacing(json)))
        for path, part in images.items():
            write_volume(part, files.enter_context(replacing(path)), keep_type=labels)
    console.say(f"profile  {width_line(result.profile, geometry)}")
    console.say(f"result   {volume_line(next(iter(images.values())))}")
    for line in labels_lines(result.volumes):
        console.say(f"label    {line}")
    console.wrote(*images, json)
