"""When a learning rate is to fall: when validation has not improved for a while."""

from __future__ import annotations

import math

from .step import State


class Plateau:
    """Counts validations in a row whose score was no better than the best.

    Args:
        patience: after so many the plateau is over, and counting begins anew.
        divisor: of the learning rate then.
    """

    def __init__(self, patience: int, divisor: float) -> None:
        self.divisor = divisor
        self._patience = patience
        self._best = -math.inf
        self._misses = 0

    def is_over(self, score: float) -> bool:
        """Take note of a score, of which higher is better, and say whether the learning rate is to fall now."""
        if score > self._best:
            self._best, self._misses = score, 0
            return False
        self._misses = (self._misses + 1) % self._patience
        return self._misses == 0

    def state(self) -> State:
        """The best score and how often in a row the score was no better."""
        return {"best": self._best, "misses": self._misses}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._best, self._misses = state["best"], state["misses"]
