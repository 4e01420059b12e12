"""What a training run leaves behind of itself: a line a validation, in a file that only grows."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class MetricsLog:
    """``metrics.jsonl``: a JSON object a line. A line that a killed run left unfinished is dropped.

    Args:
        path: of the file; ``None`` keeps the entries in memory alone.

    Attributes:
        entries: all so far.
    """

    def __init__(self, path: Path | None) -> None:
        self.entries: list[Entry] = []
        self._path = path

    def begin(self, stage: str | None = None, iteration: int = 0) -> None:
        """Keep the entries of earlier runs up to an iteration of a stage, and none without a stage."""
        kept = []
        if stage is not None and self._path is not None and self._path.exists():
            for entry in read_entries(self._path):
                if entry.get("stage") == stage and entry.get("iteration", 0) > iteration:
                    break
                kept.append(entry)
        self.entries = kept
        if self._path is not None:
            self._path.write_text("".join(f"{_line(entry)}\n" for entry in kept), encoding="utf-8")

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add an entry; it is on the disk when this returns."""
        self.entries.append(dict(entry))
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{_line(entry)}\n")
                file.flush()
                os.fsync(file.fileno())


def _line(entry: Mapping[str, Any]) -> str:
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in entry.items()
    }
    return json.dumps(finite, allow_nan=False)


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a file, without what is no JSON object."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
