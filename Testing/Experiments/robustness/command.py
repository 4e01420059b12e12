"""The subcommands ``fuzz`` and ``kill``: they count what was wrong, and leave a table."""

from __future__ import annotations

import argparse
import csv
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from SuperResolveLib.image_io.files import replacing

from ..cells import provenance
from ..report import Table
from . import fuzz, kills

NAMES = ("fuzz", "kill")


def add_to(commands: Any) -> None:
    """Add the two subcommands to a parser's."""
    fuzzing = commands.add_parser("fuzz", help="mutated headers, bytes, tables and names in every format")
    fuzzing.add_argument("--count", type=int, default=1000, help="how many mutated inputs")
    fuzzing.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the inputs that were handled wrongly")
    fuzzing.add_argument("--inputs", nargs="+", choices=[kind.name for kind in fuzz.KINDS], help="default: all kinds")
    killing = commands.add_parser("kill", help="runs that a signal ends at a random moment")
    killing.add_argument("--count", type=int, default=150, help="how many kills")
    for command in (fuzzing, killing):
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--first", type=int, default=0, help="number of the first, to repeat one")
        command.add_argument("--jobs", type=int, default=1, help="how many run at once")
        command.add_argument("--out", type=Path, required=True, help="folder for the table and the list")


def run(options: argparse.Namespace) -> int:
    """Run ``fuzz`` or ``kill``; 0 if nothing was wrong, else 1."""
    numbers = range(options.first, options.first + options.count)
    if options.experiment == "fuzz":
        outcomes: list[Any] = _all(numbers, fuzz.Fuzzer(options.seed, options.keep, options.inputs).run, options.jobs)
    else:
        with tempfile.TemporaryDirectory() as place:
            outcomes = _all(numbers, kills.Killer(options.seed, Path(place)).run, options.jobs)
    _write(outcomes, options)
    return 1 if any(outcome.wrong for outcome in outcomes) else 0


def _all(numbers: Sequence[int], run_one: Any, jobs: int) -> list[Any]:
    """All outcomes in order; those that are wrong are told at once."""
    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        for outcome in pool.map(run_one, numbers):
            outcomes.append(outcome)
            if outcome.wrong:
                print(outcome, file=sys.stderr, flush=True)
            if len(outcomes) % 50 == 0:
                print(f"{len(outcomes)} of {len(numbers)}", file=sys.stderr, flush=True)
    return outcomes


def _write(outcomes: Sequence[Any], options: argparse.Namespace) -> None:
    """Write ``NAME.csv``, an outcome a line, and ``NAME.md``, what they amount to."""
    name = options.experiment
    with replacing(options.out / f"{name}.csv") as path, path.open("w", newline="", errors="backslashreplace") as file:
        rows = [{**asdict(outcome), "wrong": "; ".join(outcome.wrong)} for outcome in outcomes]
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    table = _by_input(outcomes) if name == "fuzz" else _by_signal(outcomes)
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    command = shlex.join(["python", "Testing/Experiments", *(Path(word).name for word in options.words)])
    text = f"# {table.title}\n\n`{command}`\n\n{provenance()}; {wrong} of {len(outcomes)} handled wrongly.\n\n"
    with replacing(options.out / f"{name}.md") as path:
        path.write_text(text + table.markdown().partition("\n\n")[2])


def _by_input(outcomes: Iterable[fuzz.Outcome]) -> Table:
    groups = _grouped((outcome.input, outcome) for outcome in outcomes)
    lines = [
        [name, *map(str, (len(group), _count(group, 0), _count(group, 2), _found(group)))] for name, group in groups
    ]
    title = "Mutated inputs: every run succeeds, or refuses with one sentence and leaves nothing"
    return Table(title, ("input", "runs", "answered", "refused", "wrong"), lines)


def _by_signal(outcomes: Iterable[kills.Outcome]) -> Table:
    groups = _grouped((f"{outcome.job}, {outcome.signal}", outcome) for outcome in outcomes)
    lines = [[name, str(len(group)), str(_count(group, 0)), _found(group)] for name, group in sorted(groups)]
    title = "Killed runs: files are whole or absent, and the next run cleans up"
    return Table(title, ("run, signal", "kills", "done before", "wrong"), lines)


def _grouped(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for name, outcome in pairs:
        groups.setdefault(name, []).append(outcome)
    return iter(groups.items())


def _count(group: Sequence[Any], code: int) -> int:
    return sum(outcome.code == code for outcome in group)


def _found(group: Sequence[Any]) -> str:
    """What was wrong, and how often; 0 if nothing."""
    counts = Counter(word for outcome in group for word in outcome.wrong)
    return ", ".join(f"{count} {word}" for word, count in counts.items()) or "0"
