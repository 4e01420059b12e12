"""Running an experiment cell by cell, so that it can be stopped at any time and goes on where it was.

Each finished cell is one line of JSON, appended and flushed to disk; a cell that has its line is not run again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from SuperResolveLib.image_io.locks import locked

Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One thing to run: what, on which volume, along which axis, with which method, preset and seed."""

    volume: str
    axis: str
    cell: str
    method: str
    preset: str
    seed: int

    def __str__(self) -> str:
        preset = f"/{self.preset}" if self.preset else ""
        return f"{self.volume} {self.axis} {self.cell} {self.method}{preset} seed {self.seed}"


#: Runs a cell and returns its figures; must be picklable where several run at once.
CellRunner = Callable[[Cell], Row]


class Record:
    """The finished cells in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[Row]:
        """All finished cells, each once; a line that was cut off when a run was killed does not count."""
        if not self.path.exists():
            return []
        lines = [line for line in self.path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        rows: dict[Cell, Row] = {}
        for row in map(json.loads, lines):
            rows.setdefault(_cell_of(row), row)  # two runs may have run the same
        return list(rows.values())

    def finished(self) -> set[Cell]:
        """Which cells are there."""
        return set(map(_cell_of, self.rows()))

    def append(self, row: Row) -> None:
        """Add a finished cell; another run on the same folder waits meanwhile."""
        with self.path.open("ab+") as file, locked(file):
            self._drop_cut_off_line(file)
            file.write(json.dumps(row).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _drop_cut_off_line(file: Any) -> None:
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def _cell_of(row: Row) -> Cell:
    return Cell(**{name: row[name] for name in Cell.__dataclass_fields__})


def run_cells(cells: Sequence[Cell], run: CellRunner, record: Record, jobs: int, report: Callable[[str], None]) -> int:
    """Run the cells that the record lacks.

    Args:
        cells: what to run.
        run: runs one.
        record: where finished cells go.
        jobs: how many run at once, each in a process of its own with its share of the processor's cores.
        report: told a line a cell.

    Returns:
        How many cells failed; they are left out of the record, so that the next run tries them again.
    """
    finished = record.finished()
    waiting = [cell for cell in cells if cell not in finished]
    report(f"{len(cells)} cells, {len(cells) - len(waiting)} of them finished already")
    failures = 0
    for number, (cell, outcome) in enumerate(_outcomes(waiting, run, jobs), start=1):
        if isinstance(outcome, Exception):
            failures += 1
            report(f"[{number}/{len(waiting)}] {cell}: failed: {outcome!r}")
        else:
            record.append(outcome)
            report(f"[{number}/{len(waiting)}] {cell}: {outcome['seconds']:.0f} s")
    return failures


def _outcomes(cells: Sequence[Cell], run: CellRunner, jobs: int) -> Iterator[tuple[Cell, Row | Exception]]:
    if jobs == 1:
        for cell in cells:
            yield cell, _outcome(cell, run)
        return
    # Forking a process in which torch has started threads can hang; a spawned one starts clean.
    spawn = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with threads_a_process(threads), ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        futures = {pool.submit(_outcome, cell, run): cell for cell in cells}
        for future in as_completed(futures):
            yield futures[future], _result(future)


def _result(future: Future[Row | Exception]) -> Row | Exception:
    """The outcome, or that the process which ran the cell died."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        return error


def _outcome(cell: Cell, run: CellRunner) -> Row | Exception:
    """The cell's row, or what went wrong."""
    started, cpu_started = time.perf_counter(), time.process_time()
    try:
        figures = run(cell)
    except Exception as error:  # one cell's failure must not end the others
        return error
    seconds = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu_started}
    now = datetime.now(UTC).isoformat("T", "seconds")
    return {**asdict(cell), **seconds, **figures, "machine": _machine(), "finished": now}


@contextmanager
def threads_a_process(count: int) -> Iterator[None]:
    """Let processes started here compute on so many threads (torch and numpy read it when they are imported)."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def provenance() -> str:
    """Today's date and the machine, as a page tells them."""
    return f"{datetime.now(UTC).date()}, on {_machine()}"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
