"""What was asked of a training and how it stands, as they are kept in its work folder, for others to read there.

Only the standard library is imported, so that the panel can use this without loading the computation.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Of the files in a work folder: the state, what was asked, what asks the process to end, and the validations.
STATE, CALL, STOP, METRICS = "training.json", "call.json", "stop", "metrics.jsonl"
#: Seconds between heartbeats, and after how many without one a process counts as ended.
BEAT, STALE = 2.0, 30.0

#: How often a file is tried that another program may have open.
TRIES = 5

RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"


@dataclass(frozen=True)
class TrainingState:
    """How a training stands.

    Attributes:
        pid, host: of its process.
        started, heartbeat: when it began and when it was last heard of, in seconds since 1970.
        fraction: how much of it is done, from 0 to 1.
        stage: what it does now, in words.
        seconds_left: about how long it still takes; ``None`` while that is not known.
        state: ``"running"``, ``"done"``, ``"failed"`` or ``"cancelled"``.
        message: what it said last, or why it failed, in a sentence.
        model: the path of the model that it makes.
    """

    pid: int
    host: str
    started: float
    heartbeat: float
    fraction: float
    stage: str
    seconds_left: float | None
    state: str
    message: str
    model: str

    @property
    def is_alive(self) -> bool:
        """Whether its process is at work: it said so lately, and is not known to be gone."""
        if self.state != RUNNING or time.time() - self.heartbeat > STALE:
            return False
        return self.host != platform.node() or not is_gone(self.pid)


def write_state(state: TrainingState, folder: Path) -> None:
    """Write a state, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    _write(asdict(state), folder / STATE)


def read_state(folder: Path) -> TrainingState | None:
    """The state in a work folder; ``None`` where there is none that can be read."""
    try:
        told: Mapping[str, Any] = json.loads(_text_of(folder / STATE))
        return TrainingState(
            pid=int(told["pid"]),
            host=str(told["host"]),
            started=float(told["started"]),
            heartbeat=float(told["heartbeat"]),
            fraction=min(max(float(told["fraction"]), 0.0), 1.0),
            stage=str(told["stage"]),
            seconds_left=None if told["seconds_left"] is None else float(told["seconds_left"]),
            state=str(told["state"]),
            message=str(told["message"]),
            model=str(told["model"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_call(values: Mapping[str, Any], folder: Path) -> None:
    """Write what was asked of a training, by which it is resumed, whole or not at all.

    Args:
        values: by the names of the CLI module ``TrainSuperResolution``.
        folder: the work folder.

    Raises:
        OSError: it cannot be written.
    """
    _write(values, folder / CALL)


def read_call(folder: Path) -> dict[str, Any] | None:
    """What was asked of the training in a work folder; ``None`` where there is none that can be read."""
    try:
        return dict(json.loads(_text_of(folder / CALL)))
    except (OSError, ValueError, TypeError):
        return None


def _write(values: Mapping[str, Any], path: Path) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(values), encoding="utf-8")
    os.replace(beside, path)


def _text_of(path: Path) -> str:
    """What a file holds; Windows refuses to open one that is being replaced, so it is tried again."""
    for _ in range(TRIES):
        try:
            return path.read_text(encoding="utf-8")
        except PermissionError:
            time.sleep(0.02)
    return path.read_text(encoding="utf-8")


def ask_to_stop(folder: Path) -> None:
    """Ask the process to save a checkpoint and end: a file, since not every system has signals for that.

    Raises:
        OSError: the file cannot be written.
    """
    (folder / STOP).touch()


def is_gone(pid: int) -> bool:
    """Whether no process of this machine has that number; on Windows, where asking would end it, never known."""
    if sys.platform == "win32" or pid <= 0:
        return pid <= 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is another user's
        return False
    return False
