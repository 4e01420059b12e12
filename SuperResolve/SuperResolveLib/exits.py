"""How a run ends: the sentence and exit code of each way, and what unwinds on a signal."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .errors import Cancelled, InputError

#: Exit codes: the input cannot be used; the user cancelled.
REFUSED, CANCELLED = 2, 130

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def ending_of(error: Exception) -> tuple[str, int] | None:
    """What to tell the user and the exit code; ``None`` for an error that nobody foresaw."""
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
    """Whether Python, numpy or torch (told by name, as it may not be loaded) ran out of memory."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
    )


@contextmanager
def unwinding_on_signals() -> Iterator[None]:
    """Within, being told to end raises ``SystemExit``, so that what is being written is removed on the way out."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    mine = [number for number, handler in before.items() if handler == signal.SIG_DFL]
    for number in mine:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Within, Python warnings of libraries are not shown unless the user asked for them with ``python -W``.

    OpenMP's threads then sleep where they wait, instead of a busy loop that is several times slower where others use
    the processors too, and numpy's matrices, which are small here, are multiplied by one thread, since several double
    the processor time; this must come before the libraries are loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield
