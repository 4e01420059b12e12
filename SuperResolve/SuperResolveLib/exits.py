"""Exit codes and their messages, clean-up on signals, streams that do not fail, and quiet libraries.

For the command and the CLI modules alike.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from .errors import Cancelled, InputError

#: Exit codes: the input or usage is wrong, or the output cannot be written; part of a cohort failed; cancelled.
REFUSED, PARTLY, CANCELLED = 2, 3, 130

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def exit_of(error: Exception) -> tuple[str, int] | None:
    """The message for the user and the exit code that belong to an error; ``None`` for an unexpected error."""
    if isinstance(error, Cancelled):
        return "cancelled", CANCELLED
    if isinstance(error, InputError):
        return str(error), REFUSED
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}", REFUSED
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"this needs the package {error.name.partition('.')[0]}, which is not installed: install it", REFUSED
    if _is_out_of_memory(error):
        advice = "crop it, choose a coarser output spacing, or compute on the cpu"
        return f"there is not enough memory for this volume: {advice}", REFUSED
    return None


def _is_out_of_memory(error: Exception) -> bool:
    """Whether Python, numpy or torch ran out of memory; torch's error is known by its name, as torch may be missing."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
    )


@contextmanager
def unwinding_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into ``SystemExit``, so that unfinished files are removed before the process ends.

    A signal for which the caller has set its own handler is left alone.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    unhandled = [number for number in _SIGNALS if signal.getsignal(number) == signal.SIG_DFL]
    for number in unhandled:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)


def mend_streams(encoding: str | None = None) -> None:
    """Make stdout and stderr accept any text, also where they are closed.

    A closed stream leads nowhere from now on: its number would else be that of the next file that is opened, into which
    libraries would then write their messages. Characters that cannot be encoded are escaped.

    Args:
        encoding: of both streams; as the environment says unless given.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115  # as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def written(text: str, stream: TextIO) -> OSError | None:
    """Write text at once; where this fails, the stream leads nowhere from now on, and the error is returned."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        silence(stream)
        return error
    return None


def silence(stream: TextIO) -> None:
    """Let a stream lead nowhere, so that what it still holds does not fail again as the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hide Python warnings of libraries unless the user asked for them with ``python -W``, and tame their threads.

    Threads of OpenMP sleep while they wait: their busy loop is several times slower where others use the processors
    too. numpy multiplies matrices with one thread, since they are small here and several threads double the processor
    time. Both take effect only if set before the libraries are loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield
