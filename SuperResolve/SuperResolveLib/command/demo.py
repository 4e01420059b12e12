"""``slice-profile-sr demo``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..workflows.demo import Demo

#: The square that the figure enlarges, in mm: folded cortex beside the midline
#: (:func:`~SuperResolveLib.workflows.figures.coronal_figure`).
DETAIL = (18.0, -2.0, 50.0)


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
@options.overwrite
@console_options
@click.pass_obj
def demo(console: Console, /, output: Path, device: str, seed: int, overwrite: bool) -> None:
    """Simulate a 5 mm scan of a head phantom, estimate its profile, super-resolve it, and compare with the truth.

    Takes about half a minute. Writes the volumes, the profile, a report and one figure into FOLDER;
    no data are downloaded.
    """
    from ..workflows.demo import run_demo

    files = {name: output / name for name in (*_volume_names(), "profile.tsv", "report.json", "demo.png")}
    _check_folder(output, files, overwrite)
    with console.progress() as progress:
        results = run_demo(seed, device, progress)
    console.warn(results.estimate.warnings)
    output.mkdir(exist_ok=True)
    _write(results, output)
    for line in _lines(results):
        console.say(line)
    console.wrote(*files.values())


def _lines(results: Demo) -> list[str]:
    """What came out, the truth beside each estimate."""
    scan, (low, high) = results.scan, results.estimate.interval_mm
    where = "inside the interval" if results.truth_is_inside else "OUTSIDE the interval, as in one of five scans"
    names = {**{name: f"{name:10s}" for name in results.baselines}, "result": f"{results.result.method:10s}"}
    return [
        f"scan       {scan.shape[2]} slices, {scan.spacing[2]:g} mm apart, of a 1 mm phantom",
        f"estimated  FWHM {results.estimate.fwhm_mm:.2f} mm ({low:.2f} to {high:.2f})",
        f"true       FWHM {results.true_profile.fwhm_mm:.2f} mm: {where}",
        *(f"{names[name]} PSNR {score.psnr:.2f} dB, SSIM {score.ssim:.4f}" for name, score in results.scores.items()),
    ]


def _volume_names() -> list[str]:
    """The files of volumes."""
    from ..workflows.demo import BASELINES

    return [f"{name}.nii.gz" for name in ("truth", "scan", *BASELINES, "result")]


def _check_folder(folder: Path, files: Mapping[str, Path], overwrite: bool) -> None:
    """Refuse, before the run, a folder that cannot be made or written to, or in which files would be replaced.

    Raises:
        InputError: it is a file, a file in it exists already, or there is no permission or space.
    """
    from ..errors import InputError
    from ..image_io.files import check_paths

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder with --output")
    if not folder.parent.is_dir():
        raise InputError(f"{folder} cannot be made: the folder {folder.parent} does not exist; make it first")
    made = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        check_paths({}, files, overwrite)
    finally:
        if made:
            folder.rmdir()


def _write(results: Demo, folder: Path) -> None:
    """Write the volumes, the profile, the report and the figure."""
    from ..data.geometry import scan_geometry
    from ..image_io.profile_table import write_profile
    from ..image_io.volumes import write_volume
    from ..workflows.figures import coronal_figure
    from ..workflows.report import demo_report, write_report

    scan, scores = results.scan, results.scores
    volumes = [results.truth, scan, *results.baselines.values(), results.result]
    for name, volume in zip(_volume_names(), volumes, strict=True):
        write_volume(volume, folder / name)
    write_profile(results.estimate, folder / "profile.tsv")
    write_report(demo_report(results, scan_geometry(scan)), folder / "report.json")
    panels = [
        (f"scan, {scan.spacing[2]:g} mm slices", scan),
        *((f"{name}, {scores[name].psnr:.1f} dB", volume) for name, volume in results.baselines.items()),
        (f"{results.result.method}, {scores['result'].psnr:.1f} dB", results.result),
        ("truth", results.truth),
    ]
    coronal_figure(panels, folder / "demo.png", results.estimate, results.true_profile, DETAIL)
