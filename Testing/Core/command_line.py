"""Running the command in a process of its own, from the source tree or the installed package alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import SuperResolveLib

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(SuperResolveLib.__file__).parents[1]),
    "OMP_NUM_THREADS": "1",
    "COLUMNS": "120",
}


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """``slice-profile-sr`` with the given arguments, its output in pipes."""
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": ENVIRONMENT}
    command = [sys.executable, "-m", "SuperResolveLib", *map(str, arguments)]
    return subprocess.Popen(command, **{**piped, **options})


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, check=True, capture_output=True, text=True
    ).stdout
