"""Whether learning still helps, on what is not learned from."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping

import torch

from .step import State, TrainingStep

Losses = Mapping[str, torch.Tensor]
Score = Callable[[int, Losses], float]


class Validation:
    """A score every so many iterations, with early stopping (Prechelt 1998): training ends once ``patience``
    scores in a row were no better than the best, and the best state is gone back to.

    Args:
        score: of what the step has learned so far, told the iterations done and the last losses; lower is better.
        every: iterations between scores.
        patience: scores in a row that may be no better; ``None`` never ends training early.

    Attributes:
        best: the best score so far, infinite before the first.
    """

    def __init__(self, score: Score, every: int, patience: int | None = None) -> None:
        self.best = math.inf
        self._score = score
        self._every = every
        self._patience = patience
        self._misses = 0
        self._best_state: State | None = None

    @property
    def is_over(self) -> bool:
        """Whether patience has run out."""
        return self._patience is not None and self._misses >= self._patience

    def after(self, iteration: int, step: TrainingStep, losses: Losses) -> None:
        """Score the step where that is due after so many iterations, and keep its state if none was better."""
        if iteration % self._every:
            return
        score = self._score(iteration, losses)
        if score < self.best:
            self.best, self._misses, self._best_state = score, 0, copy.deepcopy(step.state())
        else:
            self._misses += 1

    def restore(self, step: TrainingStep) -> None:
        """Bring the step back to its best state, if any was scored."""
        if self._best_state is not None:
            step.load_state(self._best_state)

    def state(self) -> State:
        """The best score and state, and how often in a row the score was no better."""
        return {"best": self.best, "misses": self._misses, "best_state": self._best_state}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self.best, self._misses, self._best_state = state["best"], state["misses"], state["best_state"]
