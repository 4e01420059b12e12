r"""When a learning rate is to fall: when a line through the last errors no longer falls (Shocher et al., CVPR 2018).

Through the last errors, evenly spaced, a line is laid by least squares. With b its slope and s the standard error of b,
the error still falls where :math:`-1.5\,b \ge s` and b is negative.
"""

from __future__ import annotations

import numpy as np

from .step import State

#: How much larger the fall must be than this part of its standard error.
FACTOR = 1.5


class SlopeTest:
    """Keeps the last scores, and tells where they no longer rise.

    Args:
        window: how many scores the line is laid through; counting begins anew after every division.
        divisor: of the learning rate then.
    """

    def __init__(self, window: int, divisor: float) -> None:
        self.divisor = divisor
        self._window = window
        self._scores: list[float] = []

    def is_over(self, score: float) -> bool:
        """Take note of a score, of which higher is better, and say whether the learning rate is to fall now."""
        self._scores = [*self._scores, score][-self._window :]
        if len(self._scores) < self._window or _still_rises(np.array(self._scores)):
            return False
        self._scores = []
        return True

    def state(self) -> State:
        """The last scores."""
        return {"scores": list(self._scores)}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._scores = list(state["scores"])


def _still_rises(scores: np.ndarray) -> bool:
    """Whether the slope of the line through evenly spaced scores stands out from its standard error."""
    steps = np.arange(len(scores)) - (len(scores) - 1) / 2
    spread = float(steps @ steps)
    slope = float(steps @ scores) / spread
    left = scores - scores.mean() - slope * steps
    error = np.sqrt(float(left @ left) / (len(scores) - 2) / spread)
    return bool(slope > 0 and FACTOR * slope >= error)
