"""Processes in which scans are worked on, each apart from the others: one that dies takes a single scan along."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import FrameType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")

#: Seconds that a worker which is told to end has to remove unfinished files.
GRACE = 5.0
#: Environments are the whole process's: one worker is started at a time.
_STARTING = threading.Lock()


class Workers(Executor):
    """An executor of processes, each a pool of one.

    In a pool of several, a process that dies breaks the pool and every scan in it, and nobody knows which scan it was.
    Here a call whose process died raises ``BrokenProcessPool``, and the next call gets a new process. The processes
    end with this one, however that ends.

    Args:
        count: how many processes.
        threads: on how many threads each computes.
        cards: the graphics cards as ``CUDA_VISIBLE_DEVICES`` names them, one a process; empty to leave them alone.
    """

    def __init__(self, count: int, threads: int = 1, cards: Sequence[str] = ()) -> None:
        self._threads = ThreadPoolExecutor(count)
        self._workers = [_Worker(threads, cards[number % len(cards)] if cards else None) for number in range(count)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def submit(self, function: Callable[P, Result], /, *arguments: P.args, **named: P.kwargs) -> Future[Result]:
        """Call a function of a module in the next process that is idle."""
        return self._threads.submit(self._call, function, arguments, named)

    def _call(self, function: Callable[..., Result], arguments: Sequence[Any], named: Mapping[str, Any]) -> Result:
        worker = self._idle.get()  # there is one, as there are as many threads
        try:
            return worker.call(function, arguments, named)
        finally:
            self._idle.put(worker)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: when they are done, or at once with ``cancel_futures``."""
        self._threads.shutdown(wait=wait and not cancel_futures, cancel_futures=cancel_futures)
        for worker in self._workers:
            worker.end(at_once=cancel_futures)
        self._threads.shutdown(wait=wait)


class _Worker:
    """A process, started when it is needed."""

    def __init__(self, threads: int, card: str | None) -> None:
        self._threads, self._card = threads, card
        self._pool: ProcessPoolExecutor | None = None
        self._alive: Connection | None = None
        self._ended = False

    def call(self, function: Callable[..., Result], arguments: Sequence[Any], named: Mapping[str, Any]) -> Result:
        """Call a function in the process.

        Raises:
            BrokenProcessPool: the process died.
        """
        with _STARTING, _computing_on(self._threads):
            if self._ended:
                raise BrokenProcessPool("the workers were told to end")
            pool = self._pool or self._start()
            future = pool.submit(function, *arguments, **named)  # which starts the process where there is none yet
        try:
            return future.result()
        except BrokenProcessPool:
            self._stop(at_once=True)
            raise

    def end(self, at_once: bool) -> None:
        """End the process for good."""
        with _STARTING:
            self._ended = True
        self._stop(at_once)

    def _start(self) -> ProcessPoolExecutor:
        listening, self._alive = multiprocessing.Pipe(duplex=False)
        # Forking a process in which torch has started threads can hang; a spawned one starts clean.
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, spawn, _begin, (listening, self._card))
        return self._pool

    def _stop(self, at_once: bool) -> None:
        pool, alive = self._pool, self._alive
        self._pool = self._alive = None
        if at_once and alive is not None:
            alive.close()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        if not at_once and alive is not None:
            alive.close()


def _begin(alive: Connection, card: str | None) -> None:
    """Set up a new process: it ends when the other end of ``alive`` is closed, as by the parent's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends its workers
    signal.signal(signal.SIGTERM, _leave)
    if card is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = card
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _end_with(alive: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        alive.recv()
    os.kill(os.getpid(), signal.SIGTERM)  # unfinished files are removed as the call unwinds
    time.sleep(GRACE)
    os._exit(128 + signal.SIGTERM)


@contextlib.contextmanager
def _computing_on(threads: int) -> Iterator[None]:
    """Let processes started here compute on so many threads (torch and numpy read it when they are imported)."""
    told = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
