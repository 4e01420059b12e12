"""``slice-profile-sr estimate``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from . import options
from .console import Console, console_options


@click.command(short_help="The relative slice profile of a scan.")
@click.argument("scan", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, required=True, metavar="PROFILE.tsv", help="The profile's table.")
@options.estimation
@options.prior
@options.run
@options.reading
@options.json
@click.option("--plot", type=options.PATH, metavar="P.png", help="Also draw the profile in mm (.png, .pdf or .svg).")
@options.overwrite
@console_options
@click.pass_obj
def estimate(
    console: Console,
    /,
    scan: Path,
    output: Path,
    series: str | None,
    fill_nonfinite: float | None,
    json: Path | None,
    plot: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Estimate the relative slice profile of SCAN from nothing but the scan.

    It is written as a table with the columns offset_mm and weight, one row a tap.
    """
    from ..data.geometry import scan_geometry
    from ..image_io.files import check_ending, check_paths, replacing
    from ..image_io.profile_table import write_profile
    from ..image_io.volumes import read_volume
    from ..workflows.estimate import estimate_profile
    from ..workflows.figures import FIGURE_ENDINGS, plot_profile
    from ..workflows.report import estimate_report, write_report
    from ..workflows.texts import scan_line, width_line

    check_ending(output, "a profile table", [".tsv"])
    check_ending(plot, "the plot", FIGURE_ENDINGS)
    check_paths({"SCAN": scan}, {"--output": output, "--json": json, "--plot": plot}, overwrite)

    console.stage(f"reading {scan}")
    volume = read_volume(scan, series, fill_nonfinite)
    console.warn(volume.warnings)
    geometry = scan_geometry(volume, arguments["axis"], arguments["acquired_resolution"])
    with console.progress() as progress:
        profile = estimate_profile(volume, progress=progress, **arguments)
    console.warn(profile.warnings)

    with ExitStack() as files:
        if json is not None:
            report = estimate_report(profile, geometry, volume.warnings)
            write_report({**report, "input": scan, "output": output}, files.enter_context(replacing(json)))
        if plot is not None:
            plot_profile(profile, files.enter_context(replacing(plot)), title=scan.name)
        write_profile(profile, output)

    console.say(f"profile  {width_line(profile, geometry)}")
    console.say(f"scan     {scan_line(profile, geometry)}")
    console.wrote(output, json, plot)
