"""One run of the command in a process of its own, and what was wrong with it."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A run that takes longer than this, in seconds, has no end.
PATIENCE = 120.0
#: More memory than this, in bytes beyond what a run of the whole input takes, is a violation for so small a file.
MEMORY = 500 * 2**20

#: What a process imports before it runs the command, once for all that are forked from it.
PRELOADED = [
    "SuperResolveLib.command.main",
    "SuperResolveLib.image_io.volumes",
    "SuperResolveLib.workflows.super_resolve",
    "SuperResolveLib.estimation.spectral",
    "nibabel",
    "pydicom",
    "scipy.optimize",
]


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        code: its exit code; below 0 the number of the signal that ended it; ``None`` if it had to be stopped.
        message: what it wrote on stderr.
        memory: the most memory that it held, in bytes.
    """

    code: int | None
    message: str
    memory: int


def run(arguments: Sequence[str], folder: Path) -> Ending:
    """Run the command in ``folder``, whose files ``stderr`` and ``memory`` it leaves behind in the folder above."""
    context: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(PRELOADED)
    notes = folder.parent / "notes"
    notes.mkdir(exist_ok=True)
    process = context.Process(target=_command, args=(list(arguments), folder, notes))
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
        code = None
    else:
        code = process.exitcode
    message = (notes / "stderr").read_bytes().decode("utf-8", "replace") if (notes / "stderr").exists() else ""
    memory = int((notes / "memory").read_text()) if (notes / "memory").exists() else 0
    return Ending(code, message, memory)


def _command(arguments: list[str], folder: Path, notes: Path) -> None:
    """The command, in this process."""
    os.chdir(folder)
    (notes / "memory").unlink(missing_ok=True)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(notes / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    from SuperResolveLib.command.main import main

    try:
        code = main(arguments)
    finally:
        (notes / "memory").write_text(str(_memory()))
    sys.exit(code)


def _memory() -> int:
    """The most memory in bytes that this process and its children held."""
    if sys.platform == "win32":
        return 0
    import resource

    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(peaks) * (1 if sys.platform == "darwin" else 1024)


def violations(ending: Ending, allowed: set[str], folder: Path, usual_memory: int) -> list[str]:
    """What was wrong with a run that should have given its outputs, or refused with one sentence.

    Args:
        ending: how it ended.
        allowed: the files that may lie in ``folder`` after a success.
        folder: where it wrote.
        usual_memory: what a run of the whole input takes, in bytes.
    """
    wrong = []
    if ending.code is None:
        wrong.append("no end")
    elif ending.code < 0:
        wrong.append(f"signal {-ending.code}")
    elif "Traceback" in ending.message:
        wrong.append("traceback")
    elif ending.code not in (0, 2):
        wrong.append(f"exit code {ending.code}")
    found = {path.name for path in folder.iterdir()}
    if found - (allowed if ending.code == 0 else set()):
        wrong.append("partial file")
    if ending.code == 0 and found != allowed:
        wrong.append("output missing")
    if ending.code == 2 and not _is_sentence(ending.message):
        wrong.append("no sentence")
    if usual_memory and ending.memory > usual_memory + MEMORY:
        wrong.append(f"memory {ending.memory / 2**20:.0f} MB")
    return wrong


def _is_sentence(message: str) -> bool:
    """Whether a refusal is told in one line, beside warnings and click's usage."""
    lines = [
        line for line in message.splitlines() if line.strip() and not line.startswith(("warning:", "Usage:", "Try "))
    ]
    return len(lines) == 1 and 20 < len(lines[0]) < 1000
