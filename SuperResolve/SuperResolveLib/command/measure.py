"""``slice-profile-sr measure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import options
from .console import Console, console_options


@click.command(short_help="The FWHM of the relative profile left in a volume.")
@click.argument("volume", type=options.PATH)
@options.estimation
@options.run
@options.reading
@options.json
@options.overwrite
@console_options
@click.pass_obj
def measure(
    console: Console,
    /,
    volume: Path,
    series: str | None,
    fill_nonfinite: float | None,
    json: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Measure how much worse one axis of VOLUME still is than the two others: the FWHM of its relative profile.

    VOLUME may be isotropic, such as a result of super-resolve; unless --axis names one, the worst axis is then taken.
    A FWHM of one voxel or less is as good as in plane.
    """
    from ..data.geometry import AXIS_NAMES, slice_geometry
    from ..image_io.files import check_paths
    from ..image_io.volumes import read_volume
    from ..workflows.estimate import measure_resolution
    from ..workflows.report import estimate_report, write_report
    from ..workflows.texts import width_line

    check_paths({"VOLUME": volume}, {"--json": json}, overwrite)
    console.stage(f"reading {volume}")
    image = read_volume(volume, series, fill_nonfinite)
    console.warn(image.warnings)
    with console.progress() as progress:
        profile = measure_resolution(image, progress=progress, **arguments)
    geometry = slice_geometry(image, AXIS_NAMES[profile.axis], arguments["acquired_resolution"])
    console.warn(profile.warnings)
    if json is not None:
        write_report({**estimate_report(profile, geometry, image.warnings), "input": volume}, json)
    console.result(f"{width_line(profile, geometry)}, along {AXIS_NAMES[geometry.axis]}")
    console.wrote(json)
