"""The output of a module while it runs: progress in Slicer's format and a log on stdout, an error on stderr.

Slicer reads ``<filter-progress>`` (0 to 1) for the whole run and ``<filter-stage-progress>`` and ``<filter-comment>``
for the current stage from the module's output; the other lines are the log of the run.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from ..errors import Cancelled
from ..exits import written
from ..progress import stage_name

#: Least time between reports of one stage, in seconds.
LEAST_SECONDS = 0.1
#: Least progress between reports of one stage, since Slicer keeps every report until the run ends.
LEAST_PROGRESS = 0.001


class Console:
    """A progress callback and a log; both raise ``Cancelled`` if nobody reads stdout any longer."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._stage = ""
        self._reported = (0.0, 0.0)

    @contextlib.contextmanager
    def running(self, title: str) -> Iterator[None]:
        """Tell Slicer that the run begins and, unless it fails, that it has ended."""
        _print(f"<filter-start>\n{_tag('filter-name', title)}{_tag('filter-comment', title)}</filter-start>\n")
        yield
        self(1.0, "done", 1.0)
        _print(f"<filter-end>\n{_tag('filter-name', title)}{_tag('filter-time', self._seconds)}</filter-end>\n")

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        """Report how far the run is, and write a line into the log as each stage begins.

        Raises:
            Cancelled: nobody reads stdout any longer.
        """
        now, done = time.monotonic(), fraction if stage_fraction is None else stage_fraction
        if stage_name(stage) != self._stage:
            self._stage = stage_name(stage)
            self.say(f"{self._seconds:7.1f} s  {self._stage}")
        elif now - self._reported[0] < LEAST_SECONDS or abs(done - self._reported[1]) < LEAST_PROGRESS:
            return
        self._reported = now, done
        _print(_tag("filter-progress", fraction) + _tag("filter-comment", stage) + _tag("filter-stage-progress", done))

    def say(self, line: str) -> None:
        """Write a line into the log."""
        _print(f"{line}\n")

    def warn(self, sentences: Iterable[str]) -> None:
        """Write a line for each warning, on stdout since Slicer takes text on stderr for an error."""
        for sentence in sentences:
            self.say(f"warning: {sentence}")

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started


def complain(message: str) -> None:
    """Write to stderr why the run ended, if anybody reads it."""
    written(f"{message}\n", sys.stderr)


def _print(text: str) -> None:
    """Write to stdout at once.

    Raises:
        Cancelled: nobody reads stdout any longer: the process that started the run has ended or been stopped.
    """
    if written(text, sys.stdout):
        raise Cancelled


def _tag(name: str, value: float | str) -> str:
    text = value if isinstance(value, str) else f"{value:.4f}"
    return f"<{name}>{escape(text)}</{name}>\n"
