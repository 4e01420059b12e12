"""Checkpoints: all that a run needs to go on where it was, in a file that is whole or not there."""

from __future__ import annotations

import pickle
from pathlib import Path
from time import monotonic

import torch

from ..errors import InputError
from ..image_io.files import replacing
from .step import State


class Checkpoints:
    """A folder's latest checkpoint, written aside and put in place whole: a run that is killed loses at most what was
    done since.

    Args:
        folder: where it lies; made where there is none.
        minutes: save whenever so many have passed; ``None`` does not look at the clock.
        iterations: save after every so many; ``None`` does not count them.
        name: of the file.
    """

    def __init__(
        self, folder: Path, minutes: float | None = 10.0, iterations: int | None = None, name: str = "checkpoint.pt"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._minutes = minutes
        self._iterations = iterations
        self._saved = monotonic()

    def due(self, iteration: int) -> bool:
        """Whether to save now that so many iterations are done."""
        if self._iterations is not None and iteration % self._iterations == 0:
            return True
        return self._minutes is not None and monotonic() - self._saved >= 60 * self._minutes

    def save(self, state: State) -> None:
        """Put a state in the place of the one before.

        Raises:
            InputError: the folder cannot be written to.
        """
        with replacing(self.path) as aside:
            torch.save(state, aside)
        self._saved = monotonic()

    def load(self) -> State | None:
        """The last state that was saved, on the CPU, or ``None``. Nothing but tensors and plain values is read.

        Raises:
            InputError: the file is no checkpoint.
        """
        if not self.path.exists():
            return None
        try:
            state: State = torch.load(self.path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
            raise InputError(f"{self.path} cannot be read as a checkpoint: delete it to start anew") from error
        return state
