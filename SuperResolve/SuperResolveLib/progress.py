"""How the computation tells how far it is: a callback that is handed in.

A callback takes the fraction done of the whole run (0 to 1), the stage in words, and the fraction done of that stage.
What follows a comma in the words changes within a stage. To cancel, the callback raises
:class:`~SuperResolveLib.errors.Cancelled`; long loops report several times a second, so that it takes effect at once.
"""

from __future__ import annotations

from typing import Protocol

#: Seconds without which a pace is not known: what comes first takes longer than what comes later.
SETTLED = 5.0


class ProgressCallback(Protocol):
    """What is told how far a run is."""

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        """Take note; where ``stage_fraction`` is left out, the run is one stage."""


def silent(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
    """Report to nobody: the default callback."""


def stage_name(stage: str) -> str:
    """The words for a stage without what changes within it."""
    return stage.partition(",")[0]


def part_of(progress: ProgressCallback, start: float = 0.0, end: float = 1.0) -> ProgressCallback:
    """A callback for the part of a longer run from ``start`` to ``end`` (fractions of it)."""

    def report(fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        progress(start + (end - start) * fraction, stage, fraction if stage_fraction is None else stage_fraction)

    return report


def parts_of(progress: ProgressCallback, count: int, start: float = 0.0, end: float = 1.0) -> list[ProgressCallback]:
    """Callbacks for so many equal parts, one after the other, of the part from ``start`` to ``end``."""
    width = (end - start) / count
    return [part_of(progress, start + number * width, start + (number + 1) * width) for number in range(count)]


def time_left(seconds: float, fraction: float) -> list[str]:
    """``["about 4 minutes left"]``, or nothing where too little was done in these ``seconds`` to tell."""
    if seconds < SETTLED or not 0 < fraction < 1:
        return []
    left = seconds / fraction * (1 - fraction)
    if left < 60:
        return ["less than a minute left"]
    if left < 90 * 60:
        return [f"about {_count(left / 60, 'minute')} left"]
    return [f"about {_count(left / 3600, 'hour')} left"]


def _count(number: float, unit: str) -> str:
    whole = round(number)
    return f"{whole} {unit}" if whole == 1 else f"{whole} {unit}s"
