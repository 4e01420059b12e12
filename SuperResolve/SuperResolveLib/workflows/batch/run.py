"""A cohort: every scan of the sources to its profile or super-resolved volume, with a table and a page of all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...errors import InputError
from ...image_io.aside import sweep
from ...image_io.files import PathLike, check_target
from ...progress import ProgressCallback, silent
from . import bids
from .carry_out import carry_out, empty_row
from .cluster import LOGS
from .fingerprint import fingerprint
from .folder_lock import NAME as LOCK
from .folder_lock import only_run_in
from .options import BatchOptions
from .page import write_page
from .resources import crew_for
from .row import DONE, FAILED, Row, in_a_cell
from .schedule import outcomes, told
from .sources import find_tasks
from .table import NAME as TABLE
from .table import ResultsTable, in_order
from .task import Task
from .workers import Workers

Say = Callable[[str], None]

#: What is asked of every scan unless told.
FOR_ALL = BatchOptions()

#: A scan costs as much as so many bytes of voxels, besides its own.
COST_OF_ANY = 2**20


@dataclass(frozen=True)
class Batch:
    """What came of a cohort.

    Attributes:
        rows: of every scan, in the order of their outputs.
        skipped: how many of them had been done before.
    """

    rows: tuple[Row, ...]
    skipped: int

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows of scans that could not be done."""
        return tuple(row for row in self.rows if row.status == FAILED)


def batch(
    sources: Sequence[PathLike],
    folder: PathLike,
    options: BatchOptions = FOR_ALL,
    *,
    series: str | None = None,
    in_bids: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = silent,
    say: Say = lambda sentence: None,
) -> Batch:
    """Do all scans that are not done yet, the largest first; one that fails costs its row and nothing else.

    The folder takes what comes of each scan, ``results.tsv``, which grows a row a scan, and in the end ``report.html``.
    A scan is done where its row says so, its files are there, and its contents, its options and the version of this
    program are those of its row's hash. A run that was killed leaves whole files, and the next goes on from there.

    Args:
        sources: files, folders, patterns, ``.txt`` lists and ``.tsv`` lists with a column for each option.
        folder: takes the results; made if its parent exists.
        options: for every scan.
        series: which series of DICOM folders, by UID, number or description; ``None`` for every one.
        in_bids: whether the sources are of a BIDS dataset and the results become a derivative of it.
        workers: how many processes; ``None`` chooses by cores, memory, graphics cards and the largest scan.
        executor: does the work instead, such as that of a cluster; the caller shuts it down. Its workers must see the
            same files and have the same packages.
        overwrite: whether a folder that holds other files may take the results.
        progress: receives how far the run is; what it raises ends the run, and what is done stays.
        say: receives a sentence for every scan that fails.

    Raises:
        InputError: a source or option cannot be used, the folder cannot, or another run works in it.
        Cancelled: raised by ``progress``.
    """
    results = Path(folder)
    options = options.absolute()
    options.check()
    progress(0.0, "looking for scans")
    tasks = find_tasks(sources, results, options, series, in_bids)
    for asked in {task.options: None for task in tasks}:
        asked.check()
    made = _make(results, overwrite)
    with only_run_in(results):
        if made:
            check_target(results / TABLE)
        _sweep(results)
        if in_bids:
            roots = {root for task in tasks if (root := bids.dataset_of(task.scan)) is not None}
            bids.write_description(bids.check_one_dataset(roots), results)
        table = ResultsTable(results)
        earlier = table.read()
        done = _done_before(tasks, earlier, results, progress)
        others = {output: row for output, row in earlier.items() if output not in {_key(task) for task in tasks}}
        rows = {**others, **done}
        table.begin(rows.values())
        pending = sorted((task for task in tasks if _key(task) not in done), key=lambda task: (-task.size, task.stem))
        work = partial(carry_out, folder=results.absolute())
        with _executor(executor, tasks, len(pending), workers) as running:
            for row in _rows(running, work, pending, progress):
                rows[row.output] = row
                table.add(row)
                if row.status == FAILED:
                    say(f"failed   {row.scan}: {row.error}")
        _sweep(results)
        outputs = [_key(task) for task in tasks]
        table.begin(in_order(rows.values(), outputs))
        # of figures as the table has them: a run that was killed and went on draws the same page
        write_page(list(table.read().values()), results, {_key(task): task for task in tasks})
    return Batch(tuple(rows[output] for output in outputs), len(done))


def _key(task: Task) -> str:
    """By which a task's row is known."""
    return in_a_cell(task.stem)


def _make(folder: Path, overwrite: bool) -> bool:
    """Make the folder of the results, or see that it may take them.

    Returns:
        Whether it holds no table of results yet.

    Raises:
        InputError: it cannot be made or written to, or holds other files.
    """
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder} is a file: give a folder for the results") from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"the folder {folder} cannot be made: {reason}; make its parent, or choose another") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder} cannot be written to: there is no permission; choose another folder")
    if (folder / TABLE).exists():
        return False
    if not overwrite and any(entry.name not in (LOCK, LOGS) for entry in folder.iterdir()):
        raise InputError(
            f"{folder} holds other files than results of batch: choose another, or allow it by --overwrite"
        )
    return True


def _sweep(folder: Path) -> None:
    """Remove the hidden files of runs that were killed."""
    for name, _, _ in os.walk(folder):
        sweep(Path(name))


def _done_before(
    tasks: Sequence[Task], rows: Mapping[str, Row], folder: Path, progress: ProgressCallback
) -> dict[str, Row]:
    """The rows of tasks that are done already, with the name by which the scans go now."""
    done = {}
    for number, task in enumerate(tasks):
        row = rows.get(_key(task))
        if row is not None and row.status == DONE and task.is_complete(folder):
            progress(0.0, f"looking what is done, {number} of {len(tasks)} scans")
            if _fingerprint(task) == row.hash:
                done[row.output] = replace(row, scan=in_a_cell(task.label))
    return done


def _fingerprint(task: Task) -> str | None:
    try:
        return fingerprint(task)
    except (InputError, OSError):  # as the scan is read again, its row will tell
        return None


@contextmanager
def _executor(
    given: Executor | None, tasks: Sequence[Task], pending: int, workers: int | None
) -> Iterator[Executor | None]:
    """What does the work: the executor that was given, or processes of this computer; nothing where nothing is left."""
    if given is not None or pending == 0:
        yield given
        return
    crew = crew_for(tasks, workers)
    own = Workers(min(crew.workers, pending), crew.threads, crew.cards)
    try:
        yield own
    except BaseException:
        own.shutdown(cancel_futures=True)
        raise
    own.shutdown()


def _rows(
    executor: Executor | None, work: Callable[[Task], Row], tasks: Sequence[Task], progress: ProgressCallback
) -> Iterator[Row]:
    """The rows of tasks as they come."""
    if executor is None or not tasks:
        return
    whole, done, failed, cost = sum(map(_cost, tasks)), 0, 0, 0

    def tick() -> None:
        told_failed = f", {failed} failed" if failed else ""
        progress(cost / whole, f"working, {done} of {len(tasks)} scans{told_failed}")

    for task, outcome in outcomes(executor, work, tasks, tick):
        row = outcome if isinstance(outcome, Row) else replace(empty_row(task), error=_lost(outcome))
        done, failed, cost = done + 1, failed + (row.status == FAILED), cost + _cost(task)
        yield row
    tick()


def _lost(error: Exception) -> str:
    """Why there is no row of a task, in a sentence."""
    if isinstance(error, BrokenProcessPool):
        return f"{told(error)}, twice: try it alone by super-resolve, or with fewer workers"
    return f"its worker ended without an answer, twice: {told(error)}"


def _cost(task: Task) -> int:
    return task.size + COST_OF_ANY
