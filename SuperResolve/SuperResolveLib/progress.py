"""How the core tells how far it is: a callback that is handed in.

A callback takes the fraction done (0 to 1) of the whole run, the stage in words, and the fraction done of that stage.
One that takes only the first two is not told the third. What follows a comma in the words changes within a stage. To
cancel, the callback raises :class:`~SuperResolveLib.errors.Cancelled`; the core reports often enough (several times a
second in long loops) for that to feel immediate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Protocol, cast


class ProgressCallback(Protocol):
    """What is told how far a run is."""

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        """Take note; where ``stage_fraction`` is left out, what is run is one stage."""


#: What callers may hand in.
Listener = ProgressCallback | Callable[[float, str], None]


def silent(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
    """Report to nobody: the default callback."""


def stage_name(stage: str) -> str:
    """The words for a stage without what changes within it."""
    return stage.partition(",")[0]


def part_of(progress: Listener, start: float = 0.0, end: float = 1.0) -> ProgressCallback:
    """A callback for what is the part from ``start`` to ``end`` of a longer run, whatever ``progress`` takes."""
    told = _three_arguments(progress)

    def report(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        told(start + (end - start) * fraction, stage, fraction if stage_fraction is None else stage_fraction)

    return report


def _three_arguments(callback: Listener) -> ProgressCallback:
    """The callback as the core calls it, also one that takes but fraction and stage."""
    try:
        inspect.signature(callback).bind(0.0, "", 0.0)
    except TypeError:
        return lambda fraction, stage, stage_fraction=None: callback(fraction, stage)
    except ValueError:  # a built-in function that does not tell
        pass
    return cast(ProgressCallback, callback)
