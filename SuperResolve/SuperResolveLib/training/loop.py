"""The one training loop: a step does one update, the loop runs it, reports, validates, saves and can be cancelled."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..errors import Cancelled
from ..progress import ProgressCallback
from .checkpoint import Checkpoints
from .reports import Reports
from .step import State, TrainingStep
from .validation import Validation


class TrainingLoop:
    """A number of updates of a step.

    Args:
        step: what does one update.
        iterations: how many updates.
        device: where the step computes.
        stage: what the step does, in words, for the reports.
        checkpoints: where and how often to save; ``None`` saves nothing.
        validation: how often to ask whether learning still helps; ``None`` runs all iterations.
        until: asked before every update; ends training where it says so.
        agree: makes a decision that of all processes that share the training.

    Attributes:
        iteration: updates done so far.
    """

    def __init__(
        self,
        step: TrainingStep,
        iterations: int,
        device: torch.device,
        stage: str = "training",
        *,
        checkpoints: Checkpoints | None = None,
        validation: Validation | None = None,
        until: Callable[[], bool] = lambda: False,
        agree: Callable[[bool], bool] = bool,
    ) -> None:
        self.iteration = 0
        self._step = step
        self._iterations = iterations
        self._device = device
        self._stage = stage
        self._checkpoints = checkpoints
        self._validation = validation
        self._until = until
        self._agree = agree

    def resume(self) -> bool:
        """Go on from the checkpoint, and say whether there was one.

        Raises:
            InputError: it cannot be read.
        """
        state = self._checkpoints.load() if self._checkpoints is not None else None
        if state is None:
            return False
        self.load_state(state)
        return True

    def load_state(self, state: State) -> None:
        """Go on from what was saved."""
        self.iteration = state["iteration"]
        self._step.load_state(state["step"])
        if self._validation is not None and state["validation"] is not None:
            self._validation.load_state(state["validation"])

    def run(self, progress: ProgressCallback) -> None:
        """Update until all iterations are done, validation finds no more gain, or ``until`` says so; with validation,
        go back to the best state then.

        Raises:
            Cancelled: raised by ``progress``; the state is saved first.
        """
        try:
            self._run(progress)
        except Cancelled:
            self._save()
            raise
        self._save()
        if self._validation is not None:
            self._validation.restore(self._step)

    def _run(self, progress: ProgressCallback) -> None:
        reports = Reports(progress, self._stage, self.iteration, self._iterations, self._device)
        while self.iteration < self._iterations and not self._is_over():
            losses = self._step.update(self.iteration)
            self.iteration += 1
            if self._validation is not None:
                self._validation.after(self.iteration, self._step, losses)
            reports.after(self.iteration, losses)
            if self._checkpoints is not None and self._checkpoints.due(self.iteration):
                self._save()

    def _is_over(self) -> bool:
        return self._agree((self._validation is not None and self._validation.is_over) or self._until())

    def _save(self) -> None:
        if self._checkpoints is not None:
            validation = None if self._validation is None else self._validation.state()
            state: State = {"iteration": self.iteration, "step": self._step.state(), "validation": validation}
            self._checkpoints.save(state)
