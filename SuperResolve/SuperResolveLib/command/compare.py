"""``slice-profile-sr compare``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.volume import Volume


@click.command(short_help="PSNR, SSIM, RMSE and HFEN of a result.")
@click.argument("truth", type=options.PATH)
@click.argument("result", type=options.PATH)
@click.option(
    "--mask",
    default="auto",
    show_default=True,
    metavar="auto|none|FILE",
    help="Where to compare: the head, found in TRUTH; everywhere; or where a volume is not zero.",
)
@options.json
@options.overwrite
@console_options
@click.pass_obj
def compare(console: Console, /, truth: Path, result: Path, mask: str, json: Path | None, overwrite: bool) -> None:
    """Compare RESULT with TRUTH on the grid of TRUTH, to which RESULT is brought by affine."""
    from ..image_io.files import check_paths
    from ..image_io.volumes import read_volume
    from ..metrics import image_quality as metrics
    from ..workflows.report import compare_report, write_report

    started = time.perf_counter()
    check_paths({"TRUTH": truth, "RESULT": result, "--mask": Path(mask)}, {"--json": json}, overwrite)
    true_volume, result_volume = read_volume(truth), read_volume(result)
    warnings = true_volume.warnings + result_volume.warnings
    console.warn(warnings)
    comparison = metrics.compare(true_volume, result_volume, _mask(mask))
    warnings += comparison.warnings
    console.warn(warnings)
    if json is not None:
        report = compare_report(comparison, warnings, time.perf_counter() - started)
        write_report({**report, "truth": truth, "result": result, "mask": mask}, json)
    console.result(
        f"PSNR {comparison.psnr:.2f} dB   SSIM {comparison.ssim:.4f}   RMSE {comparison.rmse:.4g}   "
        f"HFEN {comparison.hfen:.4f}   over {comparison.voxels} voxels"
    )
    console.wrote(json)


def _mask(text: str) -> Volume | Literal["auto"] | None:
    """The mask that the text of ``--mask`` stands for."""
    from ..image_io.volumes import read_volume

    if text == "auto":
        return "auto"
    return None if text == "none" else read_volume(text)
