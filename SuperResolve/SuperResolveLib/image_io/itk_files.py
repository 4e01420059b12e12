"""Keeping ITK quiet, which reads DICOM slices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .stored import LPS_TO_RAS as LPS_TO_RAS


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Hide messages that ITK and GDCM write from C++ to the stderr of the process."""
    try:
        terminal = os.dup(2)
    except OSError:  # a windowed process has no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
