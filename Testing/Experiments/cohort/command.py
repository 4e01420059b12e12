"""The subcommand ``cohort``: undisturbed, killed in the middle and resumed, and resumed with nothing left to do."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SuperResolveLib
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.files import replacing

from ..cells import provenance
from ..report import Table
from .simulated import save_cohort

NAME = "cohort"
TABLE = "results.tsv"
TITLE = "A cohort: what its bookkeeping costs, and what is left of a run that was killed"


@dataclass(frozen=True)
class Run:
    """A run: wall seconds, exit code, and of its own process, without its workers, resident memory in MiB at a quarter
    of the time and at the end, and CPU seconds.
    """

    seconds: float
    code: int
    early: float
    late: float
    cpu: float


def add_to(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    command = commands.add_parser(NAME, help="overhead, memory and exactness of batch")
    command.add_argument("--scans", type=int, default=10_000, metavar="N")
    command.add_argument("--workers", type=int, default=4)
    command.add_argument("--out", type=Path, required=True, help="folder for the table")


def run(options: argparse.Namespace) -> int:
    """Run the cohort three times and write ``cohort.md``; 0 if the table and the results are exact, else 1."""
    with tempfile.TemporaryDirectory() as place:
        scans = Path(place) / "scans"
        poisoned = save_cohort(scans, options.scans)
        whole, killed = Path(place) / "whole", Path(place) / "killed"
        undisturbed = _run(scans, whole, options.workers)
        done_before = _killed_half_way(scans, killed, options)
        resumed = _run(scans, killed, options.workers)
        again = _run(scans, whole, options.workers)
        worked = sum(float(row["seconds"]) for row in _rows(whole))
        wrong = _wrong(whole, killed, options.scans, poisoned)
    lines = [
        ["scans, of which poisoned", f"{options.scans}, {poisoned}"],
        ["workers", str(options.workers)],
        ["undisturbed: wall s", f"{undisturbed.seconds:.1f}"],
        ["wall ms a scan", f"{1e3 * undisturbed.seconds / options.scans:.1f}"],
        ["CPU ms of the parent a scan, its start and the page included", f"{_milliseconds(undisturbed.cpu, options)}"],
        [
            "wall ms a scan beyond the workers' own, starts and the page included",
            _milliseconds(undisturbed.seconds - worked / options.workers, options),
        ],
        [
            "memory of the parent, MiB, at a quarter of the time, and in the end as it draws the page",
            f"{undisturbed.early:.0f}, {undisturbed.late:.0f}",
        ],
        ["done before the kill", str(done_before)],
        ["resumed: wall s, exit code", f"{resumed.seconds:.1f}, {resumed.code}"],
        [
            "again with nothing new: wall s, ms a scan",
            f"{again.seconds:.1f}, {1e3 * again.seconds / options.scans:.1f}",
        ],
        ["wrong", "; ".join(wrong) or "nothing"],
    ]
    _write(Table(TITLE, ("figure", "value"), lines), options)
    return 1 if wrong else 0


def _milliseconds(seconds: float, options: argparse.Namespace) -> str:
    """Of each scan."""
    return f"{1e3 * seconds / options.scans:.1f}"


def _start(scans: Path, folder: Path, workers: int) -> subprocess.Popen[bytes]:
    words = ["batch", scans, "-o", folder, "--method=tikhonov", "--profile=gaussian:3", f"--workers={workers}", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(Path(SuperResolveLib.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "SuperResolveLib", *map(str, words)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _run(scans: Path, folder: Path, workers: int) -> Run:
    started = time.monotonic()
    process = _start(scans, folder, workers)
    seen: list[tuple[float, float]] = []
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, seen, ended))
    watch.start()
    code = process.wait()
    ended.set()
    watch.join()
    known = seen or [(0.0, 0.0)]
    return Run(time.monotonic() - started, code, known[len(known) // 4][0], known[-1][0], known[-1][1])


def _watch(pid: int, seen: list[tuple[float, float]], ended: threading.Event) -> None:
    """Note the resident memory and the CPU seconds of a process (Linux) until it ends."""
    while not ended.wait(0.2):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        except (OSError, IndexError):
            return
        if pages:
            seen.append((pages * os.sysconf("SC_PAGE_SIZE") / 2**20, sum(map(int, times)) / os.sysconf("SC_CLK_TCK")))


def _killed_half_way(scans: Path, folder: Path, options: argparse.Namespace) -> int:
    """Kill a run when half of its rows are there; returns how many are."""
    process = _start(scans, folder, options.workers)
    while process.poll() is None and _count(folder) < options.scans // 2:
        time.sleep(0.05)
    if process.poll() is not None:
        raise InputError("the run ended before it was killed: choose more --scans")
    process.kill()
    process.wait()
    return _count(folder)


def _count(folder: Path) -> int:
    path = folder / TABLE
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


def _rows(folder: Path) -> list[dict[str, str]]:
    first, *lines = (folder / TABLE).read_text().splitlines()
    return [dict(zip(first.split("\t"), line.split("\t"), strict=True)) for line in lines]


def _wrong(whole: Path, killed: Path, count: int, poisoned: int) -> list[str]:
    """What is not as it must be, in words."""
    rows = _rows(whole)
    untimed = [[{**row, "seconds": ""} for row in each] for each in (rows, _rows(killed))]
    files = [{path.relative_to(each) for path in each.rglob("*") if path.is_file()} for each in (whole, killed)]
    complaints = {
        "rows missing or twice": len(rows) != count or len({row["output"] for row in rows}) != count,
        "other scans failed than the poisoned": sum(row["status"] == "failed" for row in rows) != poisoned,
        "the tables differ": untimed[0] != untimed[1],
        "files are missing or left over": files[0] != files[1],
        "hidden files are left": any(path.name.startswith(".") for each in files for path in each),
        "files differ": any(
            (whole / path).read_bytes() != (killed / path).read_bytes()
            for path in files[0] & files[1]
            if path.name != TABLE
        ),
    }
    return [words for words, is_so in complaints.items() if is_so]


def _write(table: Table, options: argparse.Namespace) -> None:
    command = shlex.join(["python", "Testing/Experiments", *(Path(word).name for word in options.words)])
    body = table.markdown().partition("\n\n")[2]
    text = f"# {table.title}\n\n`{command}`\n\n{provenance()}.\n\n{body}"
    with replacing(options.out / f"{NAME}.md") as path:
        path.write_text(text)
