"""Exclusive locks on open files. A lock ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
    import os

    #: A lock keeps others from the bytes under it, so that it is put far beyond any.
    _FAR = 2**40

    def try_lock(descriptor: int) -> bool:
        """Lock an open file, or tell that another has locked it or that it cannot be locked."""
        return _lock(descriptor, msvcrt.LK_NBLCK)

    def _lock(descriptor: int, how: int) -> bool:
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, how, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, position, os.SEEK_SET)
        return True

    @contextmanager
    def locked(file: IO[Any]) -> Iterator[None]:
        """Wait for the lock of an open file, and hold it."""
        while not _lock(file.fileno(), msvcrt.LK_LOCK):  # which gives up after ten seconds
            pass
        try:
            yield
        finally:
            _lock(file.fileno(), msvcrt.LK_UNLCK)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file, or tell that another has locked it or that it cannot be locked."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    @contextmanager
    def locked(file: IO[Any]) -> Iterator[None]:
        """Wait for the lock of an open file, and hold it."""
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
