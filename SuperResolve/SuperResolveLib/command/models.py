"""``slice-profile-sr models``."""

from __future__ import annotations

from pathlib import Path

import click

from . import options
from .console import Console, console_options


@click.command(short_help="A model's card in words.")
@click.argument("model", type=options.PATH)
@click.option(
    "--onnx",
    type=options.PATH,
    metavar="FILE",
    help="Also write its network as an ONNX file, for ONNX Runtime; only gated-edsr, the network of instant.",
)
@options.json
@options.overwrite
@console_options
@click.pass_obj
def models(console: Console, /, model: Path, onnx: Path | None, json: Path | None, overwrite: bool) -> None:
    """Tell what MODEL is, which train wrote: its network, what it learned from, what it is good for, how good it is.

    Where torch is installed, the file is also checked against the network that it names.
    """
    from ..image_io.files import check_ending, check_paths
    from ..workflows.model_texts import card_lines
    from ..workflows.models import can_check, load_model, model_report, write_onnx
    from ..workflows.report import write_report

    check_ending(onnx, "the network", [".onnx"])
    check_paths({"MODEL": model}, {"--onnx": onnx, "--json": json}, overwrite)
    console.stage(f"reading {model}")
    loaded = load_model(model)
    if not can_check():
        console.warn(["torch is not installed, so the model was not checked against its network"])
    if onnx is not None:
        console.stage("writing its network as ONNX")
        write_onnx(model, onnx)
    if json is not None:
        write_report({**model_report(loaded), "input": model}, json)
    console.result("\n".join(card_lines(loaded)))
    console.wrote(onnx, json)
