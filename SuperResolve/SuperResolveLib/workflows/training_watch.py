"""What a training process tells in its work folder while it runs, and how it is asked to end."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from ..errors import Cancelled, InputError
from ..exits import exit_of
from ..progress import ProgressCallback, stage_name
from .training_state import (
    BEAT,
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    STATE,
    STOP,
    TRIES,
    TrainingState,
    read_state,
    write_state,
)

#: Over so many heartbeats the pace is measured that tells how long the rest takes, and over no fewer than the latter.
PACED, PACED_AT_LEAST = 300, 5


def refuse_busy(folder: Path) -> None:
    """Refuse a work folder in which another process trains.

    Raises:
        InputError: naming the folder.
    """
    earlier = read_state(folder)
    if earlier is not None and earlier.is_alive and earlier.pid != os.getpid():
        raise InputError(f"a training goes on in {folder}: stop it first, or choose another work folder")


class TrainingWatch:
    """A progress callback that keeps ``training.json`` up to date, and ends the run when it is asked to.

    A thread writes the file every few seconds, so that it tells that the process lives also while an update takes long,
    and looks for the file ``stop``. That file, and SIGTERM, let the next report raise ``Cancelled``, upon which the
    training saves a checkpoint.

    Args:
        folder: the work folder.
        model: the path of the model.
        progress: what is reported to besides.
        say: what sentences about the run go to besides.

    Raises:
        InputError: another process trains in that folder.
    """

    def __init__(self, folder: Path, model: Path, progress: ProgressCallback, say: Callable[[str], None]) -> None:
        refuse_busy(folder)
        now = time.time()
        self._folder, self._progress, self._say = folder, progress, say
        self._state = TrainingState(
            os.getpid(), platform.node(), now, now, 0.0, "", None, RUNNING, "", str(model.absolute())
        )
        self._paces: deque[tuple[float, float]] = deque(maxlen=PACED)
        self._stopped, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._signals = contextlib.ExitStack()

    def __enter__(self) -> Self:
        (self._folder / STOP).unlink(missing_ok=True)
        try:
            write_state(self._state, self._folder)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{self._folder / STATE} cannot be written: {reason}; choose another folder") from error
        self._signals.enter_context(self._stopping_on_signals())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._signals.close()
        (self._folder / STOP).unlink(missing_ok=True)
        self._state = _ended(self._state, error)
        for _ in range(TRIES):
            try:
                write_state(self._state, self._folder)
                return
            except OSError:
                time.sleep(0.1)

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        """Take note and hand on.

        Raises:
            Cancelled: the training was asked to end, or the callback raised it.
        """
        if stage_name(stage) != stage_name(self._state.stage):
            self._paces.clear()  # a run that is resumed leaps, and stages differ
        self._state = replace(self._state, fraction=fraction, stage=stage)
        if self._stopped.is_set():
            raise Cancelled
        self._progress(fraction, stage, stage_fraction)

    def say(self, sentence: str) -> None:
        """Write a sentence into the log and the state."""
        self._state = replace(self._state, message=sentence)
        self._say(sentence)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            if (self._folder / STOP).exists():
                self._stopped.set()
            now, state = time.time(), self._state
            self._paces.append((now, state.fraction))
            told = replace(state, heartbeat=now, seconds_left=self._seconds_left(now, state.fraction))
            with contextlib.suppress(OSError):  # the next one tells it
                write_state(told, self._folder)

    def _seconds_left(self, now: float, fraction: float) -> float | None:
        paces = list(self._paces)
        if len(paces) < PACED_AT_LEAST or fraction <= paces[0][1]:
            return None
        return (1.0 - fraction) * (now - paces[0][0]) / (fraction - paces[0][1])

    @contextlib.contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        """Let SIGTERM ask the run to end, instead of ending it at once, where this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self._stopped.set()

        earlier = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, earlier)


def _ended(state: TrainingState, error: BaseException | None) -> TrainingState:
    """A state with how the run ended."""
    state = replace(state, heartbeat=time.time(), seconds_left=None)
    if error is None:
        return replace(state, state=DONE, fraction=1.0, stage="done")
    if not isinstance(error, Exception) or isinstance(error, Cancelled):
        return replace(state, state=CANCELLED, message="")
    told = exit_of(error)
    unexpected = f"an unexpected {type(error).__name__} ended the run: what it printed tells more"
    return replace(state, state=FAILED, message=told[0] if told else unexpected)
