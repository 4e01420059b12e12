"""``slice-profile-sr simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from . import options
from .console import Console, console_options


@click.command(short_help="A scan with thick slices, simulated from a high-resolution volume.")
@click.argument("volume", metavar="HR", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, required=True, metavar="LR", help="The simulated scan.")
@click.option(
    "--profile",
    required=True,
    metavar="gaussian:MM|rect:MM|FILE.tsv",
    help="The slice profile: a shape and its FWHM in mm, or a table.",
)
@click.option("--ratio", type=float, required=True, metavar="S", help="Slice spacing in planes of HR, also a fraction.")
@click.option("--axis", type=click.Choice(["i", "j", "k"]), required=True, help="The through-plane axis.")
@options.reading
@options.overwrite
@console_options
@click.pass_obj
def simulate(
    console: Console,
    /,
    volume: Path,
    output: Path,
    profile: str,
    ratio: float,
    axis: Literal["i", "j", "k"],
    series: str | None,
    fill_nonfinite: float | None,
    overwrite: bool,
) -> None:
    """Simulate a scan from the high-resolution volume HR: blurred with the profile, sampled by the ratio.

    As in Han et al. (IPMI 2021, Sec. 3.1), slice n of LR sits on plane S*n of HR.
    """
    from ..data.geometry import slice_geometry
    from ..image_io.files import check_paths
    from ..image_io.profile_table import parse_profile
    from ..image_io.volumes import check_output, read_volume, write_volume
    from ..physics import simulation
    from ..workflows.plausibility import check_profile, check_ratio
    from ..workflows.texts import volume_line

    check_output(output)
    table = Path(profile) if Path(profile).is_file() else None
    check_paths({"HR": volume, "--profile": table}, {"--output": output}, overwrite)
    high_resolution = read_volume(volume, series, fill_nonfinite)
    console.warn(high_resolution.warnings)
    geometry = slice_geometry(high_resolution, axis)
    check_ratio(geometry.slice_count, ratio)
    slice_profile = parse_profile(profile, geometry.slice_spacing)
    console.warn(check_profile(slice_profile, ratio * geometry.slice_spacing, geometry.slice_spacing))
    scan = simulation.simulate(high_resolution, slice_profile, ratio, axis)
    write_volume(scan, output)
    console.say(f"scan     {volume_line(scan)}")
    console.wrote(output)
