"""``slice-profile-sr demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.volume import Volume
    from ..workflows.demo import Demo

#: The square that the figure enlarges, in mm: folded cortex beside the midline
#: (:func:`~SuperResolveLib.workflows.figures.coronal_figure`).
DETAIL = (18.0, -2.0, 50.0)
#: What the figure calls the volumes that were made of the scan.
TITLES = {"bspline": "b-spline", "tikhonov": "Tikhonov", "result": "SMORE, quick"}


@click.command(short_help="The whole job on a simulated scan.")
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    default="slice-profile-sr-demo",
    show_default=True,
    metavar="FOLDER",
    help="Where to write; made if it does not exist.",
)
@options.device
@options.seed
@console_options
@click.pass_obj
def demo(console: Console, /, output: Path, device: str, seed: int) -> None:
    """Simulate a 5 mm scan of a head phantom, estimate its profile, super-resolve it, and compare with the truth.

    Writes the volumes, the profile, a report and one figure into FOLDER; no data are downloaded.
    """
    from ..workflows.demo import run_demo
    from ..workflows.texts import resolution_line, truth_line

    _check_folder(output)
    with console.progress() as progress:
        results = run_demo(seed, device, progress)
    console.warn(results.estimate.warnings)
    output.mkdir(exist_ok=True)
    _write(results, output)

    low, high = results.estimate.interval_mm
    console.say(f"scan       {results.scan.shape[2]} slices, {results.scan.spacing[2]:g} mm apart, of a 1 mm phantom")
    console.say(f"estimated  FWHM {results.estimate.fwhm_mm:.2f} mm ({low:.2f} to {high:.2f})")
    console.say(f"true       {truth_line(results.estimate, results.true_profile)}")
    for name, score in results.scores.items():
        console.say(f"{name:9}  PSNR {score.psnr:.2f} dB, SSIM {score.ssim:.4f}")
    console.say(f"detail     {resolution_line(results.resolution)}")
    console.say(f"wrote      {output / 'demo.png'} and what it shows, in {output}")


def _check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to.

    Raises:
        InputError: it is a file, or there is no permission.
    """
    from ..errors import InputError
    from ..image_io.files import check_target

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder with --output")
    check_target((folder if folder.exists() else folder.parent) / "demo.png")


def _write(results: Demo, folder: Path) -> None:
    """Write the volumes, the profile, the report and the figure."""
    from ..data.geometry import scan_geometry
    from ..image_io.files import replacing
    from ..image_io.profile_table import write_profile
    from ..image_io.volumes import write_volume
    from ..workflows.figures import coronal_figure
    from ..workflows.report import demo_report, write_report

    scan, truth = results.scan, results.truth
    made = {"bspline": results.interpolated, "tikhonov": results.tikhonov, "result": results.result}
    for name, volume in {"truth": truth, "scan": scan, **made}.items():
        write_volume(volume, folder / f"{name}.nii.gz")
    write_profile(results.estimate, folder / "profile.tsv")
    with replacing(folder / "report.json") as file:
        write_report(demo_report(results, scan_geometry(scan)), file)
    panels: list[tuple[str, Volume]] = [
        (f"scan, {scan.spacing[2]:g} mm slices", scan),
        *((f"{title}, {results.scores[name].psnr:.1f} dB", made[name]) for name, title in TITLES.items()),
        ("truth", truth),
    ]
    with replacing(folder / "demo.png") as file:
        coronal_figure(panels, file, results.estimate, results.true_profile, DETAIL)
