"""``slice-profile-sr measure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import options
from .console import Console, console_options


@click.command(short_help="The FWHM of the relative profile left in a volume.")
@click.argument("volume", type=options.PATH)
@click.option(
    "--scan",
    type=options.PATH,
    metavar="SCAN",
    help="The scan that VOLUME was made from: tell also what is left in it, interpolated on the planes of VOLUME.",
)
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
    scan: Path | None,
    series: str | None,
    fill_nonfinite: float | None,
    json: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Measure how much worse one axis of VOLUME still is than the two others: the FWHM of its relative profile.

    VOLUME may be isotropic, such as a result of super-resolve; unless --axis names one, the worst axis is then taken.
    Of a scan this is its slice thickness; what a result gained is told by comparing with --scan. A FWHM of one voxel or
    less is as good as in plane.
    """
    from ..data.geometry import AXIS_NAMES, scan_geometry, slice_geometry
    from ..image_io.files import check_paths
    from ..image_io.volumes import read_volume
    from ..workflows.estimate import measure_resolution
    from ..workflows.report import estimate_report, left_report, write_report
    from ..workflows.resolution_left import resolution_left
    from ..workflows.texts import left_line, width_line

    check_paths({"VOLUME": volume, "--scan": scan}, {"--json": json}, overwrite)
    console.stage(f"reading {volume}")
    image = read_volume(volume, series, fill_nonfinite)
    console.warn(image.warnings)
    with console.progress() as progress:
        profile = measure_resolution(image, progress=progress, **arguments)
    geometry = slice_geometry(image, AXIS_NAMES[profile.axis], arguments["acquired_resolution"])
    console.warn(profile.warnings)
    left = None
    if scan is not None:
        scanned = read_volume(scan)
        scan_axis = scan_geometry(scanned, AXIS_NAMES[profile.axis], arguments["acquired_resolution"])
        left = resolution_left(scanned, image, scan_axis, arguments["acquired_resolution"])
    if json is not None:
        report = estimate_report(profile, geometry, image.warnings)
        write_report({**report, "input": volume, "resolution_left": None if left is None else left_report(left)}, json)
    console.result(f"{width_line(profile, geometry)}, along {AXIS_NAMES[geometry.axis]}")
    if left is not None:
        console.result(left_line(left))
    console.wrote(json)
