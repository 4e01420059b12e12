"""Tasks whose worker dies; in a file of their own, which a worker imports in no time."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def square_or_die(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number**2


def die_once(path: Path) -> str:
    if path.exists():
        return "done"
    path.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"
