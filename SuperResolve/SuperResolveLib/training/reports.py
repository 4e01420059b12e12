"""What a training run says of itself: its losses, and how long it still takes."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import torch

from ..progress import ProgressCallback

#: On an accelerator a report waits for all that is queued: iterations between two, at most, and about how many seconds.
FEWEST_REPORTS, SECONDS = 20, 0.25
#: Seconds without which a pace is not known: the first iterations take longer than later ones.
SETTLED = 5.0


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
        words += time_left(now - self._started, iteration - self._first, self._total - self._first)
        self._next = iteration + (self._pause(now, iteration) if self._is_queued else 1)
        self._last, self._reported = iteration, now
        self._progress(iteration / self._total, ", ".join(words))

    def _pause(self, now: float, iteration: int) -> int:
        """Iterations until the next report."""
        each = max(now - self._reported, 1e-9) / (iteration - self._last)
        return max(1, min(FEWEST_REPORTS, int(SECONDS / each)))


def time_left(seconds: float, done: int, total: int) -> list[str]:
    """``["about 4 minutes left"]``, or nothing where too little was done in these ``seconds`` to tell."""
    if seconds < SETTLED or not 0 < done < total:
        return []
    left = seconds / done * (total - done)
    if left < 60:
        return ["less than a minute left"]
    if left < 90 * 60:
        return [f"about {_count(left / 60, 'minute')} left"]
    return [f"about {_count(left / 3600, 'hour')} left"]


def _count(number: float, unit: str) -> str:
    whole = round(number)
    return f"{whole} {unit}" if whole == 1 else f"{whole} {unit}s"
