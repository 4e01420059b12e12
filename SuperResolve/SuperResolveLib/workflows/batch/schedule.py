"""Handing tasks to an executor, any of ``concurrent.futures``, and taking what comes back as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

from ...errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

#: So many tasks from the first on whose workers all died tell that no worker can do any.
HOPELESS = 20
#: Seconds between two looks at whether the run was cancelled.
TICK = 0.5


def outcomes(
    executor: Executor, work: Callable[[Task], Result], tasks: Sequence[Task], tick: Callable[[], None]
) -> Iterator[tuple[Task, Result | Exception]]:
    """The result of each task, or why there is none, as they come.

    A task whose worker died may have fallen to another's hunger for memory, or to a node that went away: in the end it
    is tried once more, with no other beside it.

    Args:
        executor: is handed all tasks at once, the first ones first.
        work: never raises; what is raised was the worker's end.
        tasks: the longest first, so that none is left alone in the end.
        tick: called every half second; what it raises cancels the rest.

    Raises:
        InputError: the executor can take no more tasks, or no worker can do any.
    """
    lost, came_back = [], False
    for task, future in _finished(executor, work, tasks, tick):
        error = _error(future)
        if error is None:
            came_back = True
            yield task, future.result()
            continue
        lost.append(task)
        if len(lost) == HOPELESS and not came_back:
            raise InputError(f"no worker could do any of the first {HOPELESS} scans: {told(error)}") from error
    for task in lost:
        for _, future in _finished(executor, work, [task], tick):
            yield task, _error(future) or future.result()


def told(error: Exception) -> str:
    """Why a worker ended, in words."""
    if isinstance(error, BrokenProcessPool):
        return "its process died, as when memory runs out or a library crashes"
    return " ".join(str(error).split())[:300] or type(error).__name__


def _finished(
    executor: Executor, work: Callable[[Task], Result], tasks: Sequence[Task], tick: Callable[[], None]
) -> Iterator[tuple[Task, Future[Result]]]:
    done: SimpleQueue[int] = SimpleQueue()
    running: dict[int, Future[Result]] = {}
    try:
        for number, task in enumerate(tasks):
            running[number] = _submitted(executor, work, task)
            running[number].add_done_callback(partial(_note, done, number))
        while running:
            tick()
            try:
                number = done.get(timeout=TICK)
            except Empty:
                continue
            yield tasks[number], running.pop(number)
    finally:
        for future in running.values():
            future.cancel()


def _note(done: SimpleQueue[int], number: int, future: Future[Result]) -> None:
    done.put(number)


def _submitted(executor: Executor, work: Callable[[Task], Result], task: Task) -> Future[Result]:
    try:
        return executor.submit(work, task)
    except RuntimeError as error:  # it is broken, or was shut down
        reason = " ".join(str(error).split())
        raise InputError(f"the executor takes no more scans ({reason}): run again, which goes on from here") from error


def _error(future: Future[Result]) -> Exception | None:
    """Why a future has no result; ``None`` if it has one."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        return cancelled
    if error is None or isinstance(error, Exception):
        return error
    return RuntimeError(f"its worker was told to end ({type(error).__name__})")
