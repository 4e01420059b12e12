"""The subcommand ``soup``: one held-out volume and one seed a sitting; further folds join the same files."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.errors import InputError

from ..case import KINDS
from ..cells import Cell, Record, Row, run_cells
from ..report import Presentation
from . import figure3, figure8, leak, over_ratios
from .kevinsr import ABSENT, is_there
from .plan import Plan
from .rows import PUBLIC, preset_of

if TYPE_CHECKING:
    from .trained import Fold

NAME = "soup"


@dataclass(frozen=True)
class Part:
    """What there is to run.

    Attributes:
        presentation: how it is shown.
        rows: what is compared.
        run: runs a cell.
        ratios: slice spacings over voxel; none where scans are real.
        kinds: of slices.
        judged: files in the shared data that are judged beside the held-out volume, or where that is not judged,
            instead of it.
        pattern: of the names of volumes that are trained on.
    """

    presentation: Presentation
    rows: tuple[str, ...]
    run: Callable[[Fold, Cell], Row]
    ratios: tuple[float, ...]
    kinds: tuple[str, ...] = ("thick",)
    judged: tuple[str, ...] = ()
    pattern: str = "*"


#: Those of Fig. 8 in the shared data: another contrast, CT, and the real scan.
OTHERS = ("iso/openms_p07_flair_mni.nii.gz", "ct/philips_phantom_pair_1mm.nii.gz")
SCAN = ("aniso/chris_pd.nii.gz",)
T1 = "*_t1*"

PARTS: dict[str, Part] = {
    "figure2": Part(over_ratios.FIGURE2, over_ratios.METHODS, over_ratios.run, over_ratios.RATIOS, KINDS),
    "figure3": Part(figure3.PRESENTATION, figure3.METHODS, figure3.run, figure3.RATIOS),
    "figure4": Part(over_ratios.FIGURE4, over_ratios.SINGLE_OR_MULTI, over_ratios.run, over_ratios.RATIOS, KINDS),
    "figure8": Part(figure8.PRESENTATION, figure8.METHODS, figure8.run, figure8.RATIOS, judged=OTHERS, pattern=T1),
    "figure8-scan": Part(figure8.REAL, figure8.REAL_METHODS, figure8.run_real, (), judged=SCAN, pattern=T1),
    "mixing": Part(over_ratios.MIXING, over_ratios.MIXINGS, over_ratios.run, over_ratios.FRACTIONAL),
    "leak": Part(leak.PRESENTATION, leak.METHODS, leak.run, leak.RATIOS),
}
NUMBERS = ("size", "channels", "layers", "batch", "patch", "iterations", "fast", "tuning")


def add_to(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    usual = Plan({}, {}, Path())
    command = commands.add_parser(NAME, help="Figs. 2 to 5 and 8 of SOUP-GAN, the mixing of scales, and the leak")
    command.add_argument("part", choices=list(PARTS))
    command.add_argument(
        "--volumes", nargs="+", type=Path, metavar="FILE", help="default: the isotropic ones, for figure8 those of T1"
    )
    command.add_argument("--held-out", nargs="+", metavar="NAME", help="each in turn; default: the first")
    command.add_argument("--judged", nargs="+", type=Path, metavar="FILE", help="what figure8 applies models to")
    command.add_argument("--rows", nargs="+", metavar="NAME", help="of the table; default: all")
    command.add_argument("--kinds", nargs="+", choices=KINDS, help="of slices; default: the part's")
    command.add_argument("--ratios", nargs="+", type=float, metavar="S", help="default: the part's")
    command.add_argument("--axis", choices=AXIS_NAMES, default="k", help="through plane")
    command.add_argument("--seed", type=int, default=0)
    for name in NUMBERS:
        command.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    command.add_argument("--rate", type=float, default=usual.rate, help="Adam's, of networks as published")
    command.add_argument("--features", default=usual.features, help="that the second stage compares")
    command.add_argument("--device", choices=("cpu", "cuda"), default=usual.device)
    command.add_argument("--out", type=Path, required=True, help="folder for the results")
    command.add_argument("--work", type=Path, help="folder for checkpoints, which parts share; default: OUT/soup-work")


def run(volumes: Mapping[str, Path], judged: Mapping[str, Path], options: argparse.Namespace) -> int:
    """Run a part; 0 if every cell ran, else 1.

    Args:
        volumes: what may be trained on, by name.
        judged: what figure8 applies models to, by name.
        options: of the subcommand.

    Raises:
        InputError: a held-out volume or a row is not there, or a ratio is not possible.
    """
    part = PARTS[options.part]
    held_out = options.held_out or [min(volumes)]
    unknown = [name for name in held_out if name not in volumes]
    if unknown or len(volumes) < 2:
        name = unknown[0] if unknown else held_out[0]
        raise InputError(f"{name} cannot be held out: name one of at least two volumes, {', '.join(volumes)}")
    foreign = [name for name in options.rows or () if name not in part.rows]
    if foreign:
        raise InputError(f"there is no row {foreign[0]!r}: choose of {', '.join(part.rows)}")
    if options.ratios and not min(options.ratios) > 1:
        raise InputError(f"a ratio of {min(options.ratios):g} is not possible: choose ratios above 1")
    numbers = {name: getattr(options, name) for name in (*NUMBERS, "rate", "features", "device")}
    plan = Plan(dict(volumes), dict(judged), options.work or options.out / f"{NAME}-work", **numbers)
    rows = _rows(part, options)
    name = f"{NAME}-{options.part}"
    record = Record(options.out / f"{name}.jsonl")
    failures = sum(_run_fold(part, plan, each, rows, options, record) for each in held_out)
    found = record.rows()
    if found:
        words = [Path(word).name if os.sep in word else word for word in options.words]
        part.presentation.write(found, name, options.out, shlex.join(["python", "Testing/Experiments", *words]))
    return 1 if failures else 0


def _rows(part: Part, options: argparse.Namespace) -> list[str]:
    """The rows that can be run; why others cannot is said."""
    rows = list(options.rows or part.rows)
    if PUBLIC in rows and not is_there():
        _say(ABSENT)
        rows.remove(PUBLIC)
    if "perceptual" in rows and options.features == "none":
        _say("the row perceptual is left out: there are no features to compare (--features none)")
        rows.remove("perceptual")
    return rows


def _run_fold(
    part: Part, plan: Plan, held_out: str, rows: list[str], options: argparse.Namespace, record: Record
) -> int:
    """Run what is asked for with one volume held out; how many cells failed."""
    from .trained import Fold

    fold = Fold(plan, held_out, options.seed)
    texts = [f"{kind}@{ratio:g}" for kind in options.kinds or part.kinds for ratio in options.ratios or part.ratios]
    shown = [held_out, *plan.judged] if part.ratios else list(plan.judged)
    axis = "auto" if part.judged else options.axis
    cells = [
        Cell(volume, axis, text, row, preset_of(plan, row), options.seed)
        for volume in shown
        for text in (texts if part.ratios else ["as acquired"])
        for row in rows
    ]
    return run_cells(cells, lambda cell: part.run(fold, cell), record, 1, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
