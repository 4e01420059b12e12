"""The subcommand ``thickness``: given a few volumes, parts or methods at a time, they join the same files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.errors import InputError

from ..cells import Cell
from ..volumes import data_folder
from .plan import METHODS, measured_cells, retest_cells, simulated_cells
from .rows import PRESENTATION

NAME = "thickness"
PARTS = ("measured", "retest", "simulated")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(NAME, help=PRESENTATION.title)
    command.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help="isotropic heads; default: all there")
    command.add_argument("--axes", nargs="+", choices=AXIS_NAMES, default=["j", "k"], help="through-plane axes")
    command.add_argument("--profiles", nargs="+", type=Path, metavar="FILE.tsv", help="measured; default: all there")
    command.add_argument(
        "--each", type=int, default=3, help="measured profiles at each spacing on each volume and axis"
    )
    command.add_argument("--stacks", nargs="+", type=Path, metavar="FILE", help="real, of one head; default: all there")
    command.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    command.add_argument("--jobs", type=int, default=1, help="cells that run at once, in processes of their own")
    command.add_argument("--out", type=Path, required=True, help="folder for the results")


def files_of(options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, Path], dict[str, Path]]:
    """Heads, measured profiles and stacks by name: those given, or those of the shared data."""
    given = (options.volumes, options.profiles, options.stacks)
    patterns = ("iso/*.nii.gz", "profiles/*.tsv", "stacks/decubitus_*.nii.gz")
    found = (own or sorted(data_folder().glob(pattern)) for own, pattern in zip(given, patterns, strict=True))
    volumes, profiles, stacks = (
        {path.name.split(".nii")[0].removesuffix(".tsv"): path for path in each} for each in found
    )
    return volumes, profiles, stacks


def cells(
    options: argparse.Namespace, volumes: Mapping[str, Path], profiles: Mapping[str, Path], stacks: Mapping[str, Path]
) -> list[Cell]:
    """What is to be run.

    Raises:
        InputError: there are no measured profiles to lay over the volumes.
    """
    if "measured" in options.parts and not profiles:
        raise InputError("there are no measured profiles: name tables with --profiles")
    of = {
        "measured": lambda: measured_cells(list(volumes), options.axes, list(profiles), options.each, options.methods),
        "retest": lambda: retest_cells(stacks, options.methods),
        "simulated": lambda: simulated_cells(volumes, options.axes, options.methods),
    }
    return [cell for part in PARTS if part in options.parts for cell in of[part]()]
