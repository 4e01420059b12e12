"""Checkpoints: all that a run needs to go on where it was, in files that are whole or do not count."""

from __future__ import annotations

import re
from pathlib import Path
from time import monotonic
from typing import Any

from ..errors import InputError
from ..image_io.files import checksum, write_whole
from ..image_io.safetensors_file import read_tensors, write_tensors
from ..image_io.strict_json import format_json, parse_json
from .state_parts import put_together, take_apart
from .step import State

#: Of the files' format; those of another version are not read.
FORMAT_VERSION = 1
#: How many checkpoints are kept: the one that a disk may lose, and the one before.
KEPT = 2

_TENSORS, _STATE = ".safetensors", ".json"
_NAME = re.compile(rf"checkpoint-(\d{{6,18}})({re.escape(_TENSORS)}|{re.escape(_STATE)})")


class Checkpoints:
    """The last two checkpoints of a run, in a folder: a run that is killed loses at most what was done since.

    A checkpoint is a pair of files, ``checkpoint-NUMBER.safetensors`` with the tensors and ``checkpoint-NUMBER.json``
    with the rest, which is written last and holds the size and hash of the first. One that was not finished, or that
    the disk does not give back as it was, does not count, and the one before it does.

    Args:
        folder: where they lie; made where there is none.
        minutes: save whenever so many have passed; ``None`` does not look at the clock.
        iterations: save after every so many; ``None`` does not count them.
    """

    def __init__(self, folder: Path, minutes: float | None = 10.0, iterations: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._minutes = minutes
        self._iterations = iterations
        self._saved = monotonic()

    def due(self, iteration: int) -> bool:
        """Whether to save now that so many iterations are done."""
        if self._iterations is not None and iteration % self._iterations == 0:
            return True
        return self._minutes is not None and monotonic() - self._saved >= 60 * self._minutes

    def save(self, state: State) -> None:
        """Save a state, and remove all but the two newest.

        Raises:
            InputError: the folder cannot be written to; what was saved before is still there.
            TypeError: the state holds what no state may.
        """
        told, arrays = take_apart(state)
        self._remove_old()
        path = self._path(max(self._numbers(_TENSORS) | self._numbers(_STATE), default=0) + 1, _TENSORS)
        digest = write_tensors(path, arrays, {})
        tensors = {"bytes": path.stat().st_size, "blake2b": digest}
        whole = {"format_version": FORMAT_VERSION, "tensors": tensors, "state": told}
        write_whole(path.with_suffix(_STATE), f"{format_json(whole)}\n".encode())
        self._remove_old()
        self._saved = monotonic()

    def load(self) -> State | None:
        """The last state that was saved and is whole, on the CPU, or ``None`` where none was saved.

        Raises:
            InputError: some were, and none of them can be read.
        """
        failure: ValueError | None = None
        for number in sorted(self._numbers(_STATE), reverse=True):
            try:
                return self._read(number)
            except (ValueError, OSError) as error:
                failure = failure or ValueError(str(error))
        if failure is not None:
            raise InputError(
                f"no checkpoint in {self.folder} can be read ({failure}): delete them to start anew"
            ) from failure
        return None

    def _read(self, number: int) -> State:
        """The state with that number.

        Raises:
            InputError, OSError, ValueError: its files are not what was written.
        """
        path = self._path(number, _TENSORS)
        told_in = path.with_suffix(_STATE)
        match parse_json(told_in.read_bytes()):
            case {"format_version": int(version)} if version != FORMAT_VERSION:
                raise ValueError(f"{told_in.name} is of format version {version}")
            case {"format_version": _, "tensors": {"bytes": int(size), "blake2b": str(digest)}, "state": told}:
                return put_together(told, self._tensors(path, size, digest))
        raise ValueError(f"{told_in.name} is no checkpoint")

    @staticmethod
    def _tensors(path: Path, size: int, digest: str) -> dict[str, Any]:
        if path.stat().st_size != size or checksum(path) != digest:
            raise ValueError(f"{path.name} is not as it was written")
        return dict(read_tensors(path)[0])

    def _path(self, number: int, ending: str) -> Path:
        return self.folder / f"checkpoint-{number:06d}{ending}"

    def _numbers(self, ending: str) -> set[int]:
        """The numbers of the checkpoints of which there is a file with that ending."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return {int(match[1]) for match in found if match is not None and match[2] == ending}

    def _remove_old(self) -> None:
        """Remove all but the two newest checkpoints, and what belongs to none."""
        kept = sorted(self._numbers(_STATE))[-KEPT:]
        for ending in (_STATE, _TENSORS):  # in this order: tensors without their state do not count
            for number in self._numbers(ending) - set(kept):
                self._path(number, ending).unlink(missing_ok=True)
