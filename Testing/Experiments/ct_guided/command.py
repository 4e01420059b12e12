"""The subcommand ``ct-guided``: one held-out head and one seed a sitting; further folds join the same files."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.errors import InputError
from SuperResolveLib.workflows.features import NONE, usual_source

from ..case import KINDS
from ..cells import Cell, Record, Row, run_cells
from ..condition import Axis
from ..report import Presentation
from . import anatomy, figure4, table1, table2
from .plan import Plan
from .rows import preset_of

if TYPE_CHECKING:
    from .trained import Fold

NAME = "ct-guided"


@dataclass(frozen=True)
class Part:
    """What there is to run.

    Attributes:
        presentation: how it is shown.
        rows: what is compared.
        run: runs a cell.
    """

    presentation: Presentation
    rows: tuple[str, ...]
    run: Callable[[Fold, Cell], Row]


PARTS: dict[str, Part] = {
    "table1": Part(table1.PRESENTATION, table1.ROWS, table1.run),
    "table2": Part(table2.PRESENTATION, table2.ROWS, table2.run),
    "anatomy": Part(anatomy.PRESENTATION, anatomy.ROWS, anatomy.run),
    "figure4": Part(figure4.PRESENTATION, figure4.ROWS, figure4.run),
}
NUMBERS = (
    "size",
    "ratio",
    "iterations",
    "pseudo",
    "joint",
    "blocks",
    "layers",
    "channels",
    "width",
    "batch",
    "patch",
    "joint_patch",
    "learned",
    "synthetic",
)


def add_to(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    usual = Plan({}, {}, Path())
    command = commands.add_parser(NAME, help="Tables 1 and 2 and Fig. 4 of the CT-guided method, and which guide helps")
    command.add_argument("part", choices=list(PARTS))
    command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help="of MR; default: the isotropic ones")
    command.add_argument("--ct", nargs=2, type=Path, metavar="FILE", help="of a head and of something else")
    command.add_argument("--held-out", nargs="+", metavar="NAME", help="each in turn; default: the first")
    command.add_argument("--rows", nargs="+", metavar="NAME", help="of the table; default: all")
    command.add_argument("--kinds", nargs="+", choices=KINDS, default=["thick"], help="of slices")
    command.add_argument("--axis", choices=AXIS_NAMES, default="k", help="through plane")
    command.add_argument("--seed", type=int, default=0)
    for name in NUMBERS:
        command.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    command.add_argument("--rate", type=float, default=usual.rate, help="the largest, of networks as published")
    command.add_argument(
        "--mr", choices=("others", "own"), default=usual.mr, help="whose thick slices are learned from"
    )
    command.add_argument("--features", help="that stage 3 and the tables compare; default: those of a package, or none")
    command.add_argument("--device", choices=("cpu", "cuda"), default=usual.device)
    command.add_argument("--out", type=Path, required=True, help="folder for the results")
    command.add_argument(
        "--work", type=Path, help="folder for checkpoints, which parts share; default: OUT/ct-guided-work"
    )


def run(volumes: Mapping[str, Path], guides: Mapping[str, Path], options: argparse.Namespace) -> int:
    """Run a part; 0 if every cell ran, else 1.

    Args:
        volumes: heads by name.
        guides: files of CT by the name of the guide.
        options: of the subcommand.

    Raises:
        InputError: a held-out volume or a row is not there, or the ratio is not possible.
    """
    part = PARTS[options.part]
    held_out = options.held_out or [min(volumes)]
    unknown = [name for name in held_out if name not in volumes]
    if unknown or len(volumes) < 2:
        name = unknown[0] if unknown else held_out[0]
        raise InputError(f"{name} cannot be held out: name one of at least two volumes, {', '.join(volumes)}")
    rows: list[str] = list(options.rows or part.rows)
    foreign = [name for name in rows if name not in part.rows]
    if foreign:
        raise InputError(f"there is no row {foreign[0]!r}: choose of {', '.join(part.rows)}")
    if options.ratio < 2:
        raise InputError(f"a ratio of {options.ratio} is not possible: choose one from 2")
    numbers = {name: getattr(options, name) for name in (*NUMBERS, "rate", "mr", "device")}
    features = options.features or usual_source()
    if features == NONE:
        _say("there are no features to compare: stage 3 and the tables do without (--features)")
    work = options.work or options.out / f"{NAME}-work"
    plan = Plan(dict(volumes), dict(guides), work, features=features, **numbers)
    name = f"{NAME}-{options.part}"
    record = Record(options.out / f"{name}.jsonl")
    failures = sum(_run_fold(part, plan, each, rows, options, record) for each in held_out)
    found = record.rows()
    if found:
        words = [Path(word).name if os.sep in word else word for word in options.words]
        part.presentation.write(found, name, options.out, shlex.join(["python", "Testing/Experiments", *words]))
    return 1 if failures else 0


def _run_fold(
    part: Part, plan: Plan, held_out: str, rows: list[str], options: argparse.Namespace, record: Record
) -> int:
    """Run what is asked for with one head held out; how many cells failed."""
    from .trained import Fold

    fold = Fold(plan, held_out, cast(Axis, options.axis), options.seed)
    cells = [
        Cell(held_out, options.axis, f"{kind}@{plan.ratio}", row, preset_of(plan, row), options.seed)
        for kind in options.kinds
        for row in rows
    ]
    return run_cells(cells, lambda cell: part.run(fold, cell), record, 1, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
