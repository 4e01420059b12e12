"""A cluster's scheduler as an executor, by submitit (https://github.com/facebookincubator/submitit)."""

from __future__ import annotations

import ast
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ...errors import InputError

P = ParamSpec("P")
Result = TypeVar("Result")

#: The folder of the jobs' scripts and logs, in that of the results.
LOGS = "cluster-logs"
#: The most scans in one array of jobs; schedulers allow a thousand or so.
ARRAY = 500
#: Seconds between two looks at the jobs.
LOOK = 2.0


class Cluster(Executor):
    """Jobs of a scheduler, a scan each, in arrays.

    Args:
        scheduler: its name as submitit has it, such as ``slurm``.
        folder: for the jobs' scripts and logs, which all nodes see.
        options: ``KEY=VALUE`` each, as submitit's ``update_parameters`` takes them.

    Raises:
        InputError: submitit is not installed, there is no such scheduler here, or it does not know an option.
    """

    def __init__(self, scheduler: str, folder: Path, options: Iterable[str] = ()) -> None:
        try:
            import submitit
        except ImportError:
            raise InputError(
                "a cluster needs the package submitit, which is not installed: pip install 'slice-profile-sr[cluster]'"
            ) from None
        named = dict(_option(text) for text in options)
        try:
            self._scheduler = submitit.AutoExecutor(folder, cluster=scheduler)
            self._scheduler.update_parameters(**named)
        except Exception as error:  # submitit raises almost anything, a RuntimeError where there is no sbatch
            reason = " ".join(str(error).split())
            raise InputError(f"the cluster {scheduler} cannot be used ({reason}): check it and its options") from error
        self._folder = folder
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._jobs: list[tuple[Future[Any], Any]] = []
        self._ended_well = True
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[P, Result], /, *arguments: P.args, **named: P.kwargs) -> Future[Result]:
        """Call a function of a module in a job, which is submitted with the next array."""
        future: Future[Result] = Future()
        with self._lock:
            self._waiting.append((future, partial(function, *arguments, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the watch, cancel the jobs that are left, and remove the logs where all ended well."""
        self._ended.set()
        self._thread.join()
        for _, job in self._jobs:
            with suppress(Exception):
                job.cancel(check=False)
        if self._ended_well and not self._jobs:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK):
            with self._lock:
                array, self._waiting = self._waiting[:ARRAY], self._waiting[ARRAY:]
            self._start([each for each in array if each[0].set_running_or_notify_cancel()])
            self._jobs = [(future, job) for future, job in self._jobs if not self._settled(future, job)]

    def _start(self, array: Sequence[tuple[Future[Any], Callable[[], Any]]]) -> None:
        """Submit an array of jobs."""
        try:
            jobs = self._scheduler.submit_array([call for _, call in array]) if array else []
        except Exception as error:  # as when the scheduler does not answer
            self._ended_well = False
            for future, _ in array:
                future.set_exception(error)
            return
        self._jobs += [(future, job) for (future, _), job in zip(array, jobs, strict=True)]

    def _settled(self, future: Future[Any], job: Any) -> bool:
        """Whether a job has ended; its future is then told how."""
        try:
            if not job.done():
                return False
            error = job.exception()
            result = None if error is not None else job.result()
        except Exception as unreadable:
            error, result = unreadable, None
        if error is None:
            future.set_result(result)
        else:
            self._ended_well = False
            future.set_exception(error)
        return True


def _option(text: str) -> tuple[str, Any]:
    """The name and value of an option; a number or a list as Python writes it, else a text."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise InputError(f"{text!r} is no option of a cluster: give KEY=VALUE, such as timeout_min=60")
    try:
        return name.strip(), ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name.strip(), value
