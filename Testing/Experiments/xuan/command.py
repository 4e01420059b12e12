"""The subcommand ``xuan``: one held-out volume and one seed a sitting; further folds join the same files."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from SuperResolveLib.errors import InputError

from ..cells import Cell, Record, Row, run_cells
from ..report import Presentation
from . import figures, table1, thick
from .plan import Plan

NAME = "xuan"

#: What there is: how it is shown, what is compared, and what runs a cell.
PARTS: dict[str, tuple[Presentation, tuple[str, ...], Callable[[Plan, Cell], Row]]] = {
    "table1": (table1.PRESENTATION, tuple(table1.METHODS), table1.run),
    "figure7": (figures.FIGURE7, ("without L_adv", "with L_adv"), figures.run_figure7),
    "figure8": (figures.FIGURE8, ("synthesis",), figures.run_figure8),
    "figure9": (figures.FIGURE9, figures.COMPARED, figures.run_figure9),
    "thick": (thick.PRESENTATION, tuple(thick.METHODS), thick.run),
}
#: Folders of the shared data that are used unless volumes are named: isotropic ones, for the last part thick ones.
FOLDERS = dict.fromkeys(PARTS, ("iso",)) | {"thick": ("aniso", "stacks")}


def add_to(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    usual = Plan({}, Path())
    command = commands.add_parser(NAME, help="Table 1 and Figs. 7 to 9 of Xuan et al., and real thick scans")
    command.add_argument("part", choices=list(PARTS))
    command.add_argument(
        "--volumes",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="default: the isotropic ones, for thick those with thick slices",
    )
    command.add_argument("--held-out", metavar="NAME", help="the volume not trained on; default: the first")
    command.add_argument("--rows", nargs="+", metavar="NAME", help="of the table; default: all")
    command.add_argument("--seed", type=int, default=0)
    for name in ("size", "ratio", "start", "branch", "generator", "patch"):
        command.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    command.add_argument("--edssr", default=usual.edssr, help="EDSSR's preset")
    command.add_argument("--device", choices=("cpu", "cuda"), default=usual.device)
    command.add_argument("--out", type=Path, required=True, help="folder for the results")
    command.add_argument("--work", type=Path, help="folder for checkpoints; default: OUT/xuan-work")


def run(volumes: dict[str, Path], options: argparse.Namespace) -> int:
    """Run a part; 0 if every cell ran, else 1.

    Raises:
        InputError: the held-out volume or a row is not there, or no volume is left to train on.
    """
    held_out = options.held_out or min(volumes)
    if held_out not in volumes or len(volumes) < 2:
        raise InputError(f"{held_out} cannot be held out: name one of at least two volumes, {', '.join(volumes)}")
    names = ("size", "ratio", "start", "branch", "generator", "patch", "edssr", "device")
    plan = Plan(volumes, options.work or options.out / "xuan-work", **{name: getattr(options, name) for name in names})
    presentation, methods, run_one = PARTS[options.part]
    unknown = [name for name in options.rows or () if name not in methods]
    if unknown:
        raise InputError(f"there is no row {unknown[0]!r}: choose of {', '.join(methods)}")
    preset = f"{plan.start}+{plan.branch}+{plan.generator} iterations"
    cells = [
        Cell(held_out, "k", f"select@{plan.ratio}", method, preset, options.seed) for method in options.rows or methods
    ]
    name = f"{NAME}-{options.part}"
    record = Record(options.out / f"{name}.jsonl")
    failures = run_cells(
        cells, partial(run_one, plan), record, 1, lambda line: print(line, file=sys.stderr, flush=True)
    )
    rows = record.rows()
    if rows:
        words = [Path(word).name if os.sep in word else word for word in options.words]
        presentation.write(rows, name, options.out, shlex.join(["python", "Testing/Experiments", *words]))
    return 1 if failures else 0
