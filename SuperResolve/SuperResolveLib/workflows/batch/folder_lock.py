"""The lock of a folder of results, so that two runs never work in one; a run that died does not hold it.

The file tells the run's process and computer, and its time of change is the run's heartbeat: other computers may not
see the lock itself on a network's file system, nor a process of this one that was stopped the heartbeat.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import InputError
from ...image_io.locks import try_lock
from ..training_state import is_gone

NAME = "batch.lock"
#: Seconds between heartbeats, and after how many without one a run counts as dead.
BEAT, STALE = 2.0, 30.0


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; the file is removed in the end.

    Raises:
        InputError: another run works in the folder, or the file cannot be written.
    """
    path = folder / NAME
    try:
        descriptor = _taken(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; choose another folder") from error
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(path, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if sys.platform == "win32":  # where an open file cannot be removed
            os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):
            os.close(descriptor)


def _taken(path: Path) -> int:
    """The open, locked file with this process in it.

    Raises:
        InputError: another run holds it.
        OSError: it cannot be written.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            is_held = not try_lock(descriptor)
            if not _is_same(path, descriptor):  # another run removed it meanwhile
                os.close(descriptor)
                continue
            _refuse_living(path, descriptor, is_held)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "host": platform.node()}).encode())
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _refuse_living(path: Path, descriptor: int, is_held: bool) -> None:
    """Refuse where the run that the file tells of is alive.

    Raises:
        InputError: naming it.
    """
    try:
        told = json.loads(os.pread(descriptor, 4096, 0) if hasattr(os, "pread") else os.read(descriptor, 4096))
        pid, host = int(told["pid"]), str(told["host"])
    except (ValueError, KeyError, TypeError):
        if is_held:  # and has not written yet who holds it
            raise InputError(f"another run works in {path.parent}: wait for it, or choose another folder") from None
        return
    is_here = host == platform.node()
    is_fresh = time.time() - os.fstat(descriptor).st_mtime < STALE
    if (is_held and not is_gone(pid)) if is_here else is_fresh:
        raise InputError(
            f"another run, process {pid} on {host}, works in {path.parent}: wait for it, or choose another folder"
        )


def _beat(path: Path, ended: threading.Event) -> None:
    while not ended.wait(BEAT):
        with suppress(OSError):
            os.utime(path)
