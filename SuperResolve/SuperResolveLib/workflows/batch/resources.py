"""How many workers, and threads of each: from the cores, the memory, graphics cards, and the largest scan."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .task import Task

#: Bytes that a worker takes with its packages, and for each byte of a scan's voxels (two a voxel, as most are stored);
#: of SMORE, which takes the most, at ratio 7: docs/experiments/large.md. A map of uncertainty takes twice as much.
OWN_BYTES, BYTES_A_BYTE, UNCERTAIN = 700 * 2**20, 40, 2
#: The share of the memory that workers may take.
SHARE = 0.8


@dataclass(frozen=True)
class Crew:
    """Workers.

    Attributes:
        workers: how many.
        threads: of each.
        cards: graphics cards, one a worker; empty where none computes.
    """

    workers: int
    threads: int
    cards: tuple[str, ...] = ()


def crew_for(tasks: Sequence[Task], wanted: int | None = None) -> Crew:
    """The workers for tasks: all of a folder's, so that a run that goes on computes as the one before it.

    Args:
        tasks: at least one.
        wanted: how many workers; ``None`` to choose.
    """
    cores = core_count()
    cards = _cards() if any(_uses_card(task) for task in tasks) else ()
    workers = wanted or _chosen(tasks, cores, cards)
    told = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(told) if told.isdecimal() and int(told) else max(1, cores // workers)
    return Crew(workers, threads, cards)


def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bytes_for(task: Task) -> int:
    """The memory that a scan takes, roughly."""
    return OWN_BYTES + BYTES_A_BYTE * task.size * (UNCERTAIN if task.options.uncertainty else 1)


def _chosen(tasks: Sequence[Task], cores: int, cards: Sequence[str]) -> int:
    most = min(len(tasks), len(cards) or cores)
    memory = _memory()
    fitting = most if memory is None else int(SHARE * memory) // max(bytes_for(task) for task in tasks)
    return max(1, min(most, fitting))


def _uses_card(task: Task) -> bool:
    return task.options.device not in ("cpu", "mps") and task.options.runs_on_torch


def _cards() -> tuple[str, ...]:
    """The names of the graphics cards; found without loading torch."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        return tuple(name.strip() for name in told.split(",") if name.strip() not in ("", "-1"))
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listed = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(str(number) for number in range(sum(line.startswith("GPU") for line in listed.splitlines())))


def _memory() -> int | None:
    """The memory of this computer, or of the container, in bytes; ``None`` where it is not known."""
    known = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text().strip()
        except OSError:
            continue
        known += [int(text)] if text.isdecimal() else []
    return min(known, default=None)
