"""``slice-profile-sr measure``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.geometry import SliceGeometry
    from ..data.volume import Volume
    from ..estimation.result import EstimatedProfile
    from ..progress import ProgressCallback


@click.command(short_help="The FWHM of the relative profile left in a volume.")
@click.argument("volume", type=options.PATH)
@click.option("--scan", type=options.PATH, metavar="SCAN", help="What VOLUME was made from, to measure it alike.")
@options.estimation
@options.run
@options.reading
@options.json
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
    **arguments: Any,
) -> None:
    """Measure how much worse one axis of VOLUME still is than the two others: the FWHM of its relative profile.

    VOLUME may be isotropic, such as a result of super-resolve; unless --axis names one, the worst axis is then taken.
    A FWHM of one voxel or less is as good as in plane. Of a scan, this is the slice thickness, which cannot be compared
    with what is left in a result; so the figure left after interpolation is told as well, and with --scan both.
    """
    from ..data.geometry import AXIS_NAMES, slice_geometry
    from ..image_io.files import check_paths, replacing
    from ..image_io.volumes import read_volume
    from ..progress import part_of
    from ..workflows.estimate import measure_resolution
    from ..workflows.report import estimate_report, write_report
    from ..workflows.resolution import resolution_change
    from ..workflows.texts import resolution_line, width_line

    check_paths({"VOLUME": volume, "--scan": scan}, {"--json": json})
    console.stage(f"reading {volume}")
    image = read_volume(volume, series, fill_nonfinite)
    console.warn(image.warnings)
    source = None if scan is None else read_volume(scan)
    with console.progress() as progress:
        profile = measure_resolution(image, progress=part_of(progress, 0.0, 0.5), **arguments)
        axis = AXIS_NAMES[profile.axis]
        geometry = slice_geometry(image, axis, arguments["acquired_resolution"])
        change = None if source is None else resolution_change(source, image, progress=part_of(progress, 0.5, 1.0))
        interpolated = change.interpolated if change else _interpolated(image, geometry, part_of(progress, 0.5, 1.0))
    console.warn(profile.warnings)
    if json is not None:
        report = {**estimate_report(profile, geometry, image.warnings), "input": volume, "scan": scan}
        report["interpolated_fwhm_mm"] = interpolated.fwhm_mm if interpolated else None
        with replacing(json) as file:
            write_report(report, file)
    click.echo(f"{width_line(profile, geometry)}, along {axis}")
    if change is not None:
        click.echo(resolution_line(change))
    elif interpolated is not None:
        click.echo(f"interpolated to isotropic voxels {interpolated.fwhm_mm:.2f} mm, to compare with a result's figure")


def _interpolated(image: Volume, geometry: SliceGeometry, progress: ProgressCallback) -> EstimatedProfile | None:
    """What is left in a scan once it is interpolated; ``None`` for a volume that needs no interpolation."""
    from ..data.geometry import AXIS_NAMES, SMALLEST_RATIO
    from ..workflows.resolution import left_after_interpolation

    if geometry.separation_ratio < SMALLEST_RATIO:
        return None
    return left_after_interpolation(image, AXIS_NAMES[geometry.axis], progress)
