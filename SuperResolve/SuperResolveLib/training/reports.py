"""What a training run says of itself: its losses, and how long it still takes."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import torch

from ..progress import ProgressCallback, time_left

#: On an accelerator a report waits for all that is queued: iterations between two, at most, and about how many seconds.
FEWEST_REPORTS, SECONDS = 20, 0.25


class Reports:
    """Reports of a training run: after every iteration on a CPU, every few on an accelerator.

    Args:
        progress: what is told.
        stage: what is done, in words.
        done: iterations done before this run.
        total: iterations in all.
        device: where they run.
    """

    def __init__(self, progress: ProgressCallback, stage: str, done: int, total: int, device: torch.device) -> None:
        self._progress = progress
        self._stage = stage
        self._first, self._total = done, total
        self._is_queued = device.type != "cpu"
        self._next = done + (FEWEST_REPORTS if self._is_queued else 1)
        self._last = done
        self._started = self._reported = monotonic()

    def after(self, iteration: int, losses: Mapping[str, torch.Tensor]) -> None:
        """Report if it is time to, now that so many iterations are done.

        Raises:
            Cancelled: raised by the callback.
        """
        if iteration < self._next and iteration < self._total:
            return
        words = [self._stage, *(f"{name} {float(loss):.5f}" for name, loss in losses.items())]  # waits for the losses
        now = monotonic()
        words += time_left(now - self._started, (iteration - self._first) / (self._total - self._first))
        self._next = iteration + (self._pause(now, iteration) if self._is_queued else 1)
        self._last, self._reported = iteration, now
        self._progress(iteration / self._total, ", ".join(words))

    def _pause(self, now: float, iteration: int) -> int:
        """Iterations until the next report."""
        each = max(now - self._reported, 1e-9) / (iteration - self._last)
        return max(1, min(FEWEST_REPORTS, int(SECONDS / each)))
