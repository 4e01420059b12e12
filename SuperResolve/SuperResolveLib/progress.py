"""How the core tells how far it is: a callback that is handed in.

A callback takes the fraction done (0 to 1) and the stage in words. To cancel, it raises
:class:`~SuperResolveLib.errors.Cancelled`; the core reports often enough (several times a second
in long loops) for that to feel immediate.
"""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[float, str], None]


def silent(fraction: float, stage: str) -> None:
    """Report to nobody: the default callback."""


def part_of(progress: ProgressCallback, start: float, end: float) -> ProgressCallback:
    """A callback for a stage that is the part from ``start`` to ``end`` of a longer run."""

    def report(fraction: float, stage: str) -> None:
        progress(start + (end - start) * fraction, stage)

    return report
