"""What each stage of a run costs, from nothing but the reports of its progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from SuperResolveLib.errors import InputError
from SuperResolveLib.progress import stage_name

#: What a run does before its first report.
PREPARING = "preparing"
_FINISHED = "finished"


@dataclass(frozen=True)
class Report:
    """What had been spent by the time of a report, the stage that it names, and the fraction done of that stage."""

    spent: float
    stage: str
    done: float


class Meter:
    """A progress callback that reads a gauge at every report; make it when the run starts.

    Args:
        read: tells what has been spent so far: a clock, or a counter of operations.
    """

    def __init__(self, read: Callable[[], float] = time.perf_counter) -> None:
        self._read = read
        self.reports = [Report(read(), PREPARING, 0.0)]

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        """Note a report."""
        done = fraction if stage_fraction is None else stage_fraction
        self.reports.append(Report(self._read(), stage_name(stage), done))

    def finish(self) -> None:
        """Note that the run has returned."""
        self.reports.append(Report(self._read(), _FINISHED, 0.0))

    @property
    def total(self) -> float:
        """What the run has spent, as far as it was reported."""
        return self.reports[-1].spent - self.reports[0].spent

    def by_stage(self) -> dict[str, float]:
        """What each stage has spent, in order of appearance; together :attr:`total`.

        What is spent between two reports belongs to the stage that was under way at the first; where that was complete
        and the second tells of work done, to the second's.
        """
        spent: dict[str, float] = {}
        for earlier, later in pairwise(self.reports):
            stage = later.stage if earlier.done >= 1 and later.done > 0 else earlier.stage
            spent[stage] = spent.get(stage, 0.0) + later.spent - earlier.spent
        return spent

    def each(self, stage: str, iterations: int) -> float:
        """What one of a stage's ``iterations`` spends: the median over its reports, from the first to the last, since
        what comes before the first includes a start.

        Raises:
            InputError: the stage has reported less than twice.
        """
        reports = [report for report in self.reports if report.stage == stage]
        steps = [
            (later.spent - earlier.spent) / ((later.done - earlier.done) * iterations)
            for earlier, later in pairwise(reports)
            if later.done > earlier.done
        ]
        if not steps:
            raise InputError(f"{iterations} iterations are too few to tell what one costs: choose more")
        return float(np.median(steps))
