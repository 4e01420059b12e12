"""What a module says while it runs: progress and its log on stdout, in Slicer's form, and one sentence on stderr.

Slicer takes ``<filter-progress>`` (0 to 1) for the whole run and, for its current stage, ``<filter-stage-progress>``
and ``<filter-comment>`` out of the module's output; what is left is the run's log.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from ..errors import Cancelled
from ..progress import stage_name

#: Least time between reports of one stage, in seconds.
INTERVAL = 0.1
#: Least progress between reports of one stage: Slicer keeps every report until the run ends.
STEP = 0.001


class Console:
    """A progress callback and a log; either ends the run by ``Cancelled`` where nobody listens any longer."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._stage = ""
        self._reported = (0.0, 0.0)

    @contextlib.contextmanager
    def running(self, title: str) -> Iterator[None]:
        """Around the run: tell Slicer that it begins and, unless it fails, that it is over."""
        _print(f"<filter-start>\n{_tag('filter-name', title)}{_tag('filter-comment', title)}</filter-start>\n")
        yield
        self(1.0, "done", 1.0)
        _print(f"<filter-end>\n{_tag('filter-name', title)}{_tag('filter-time', self._seconds)}</filter-end>\n")

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        """Report how far the run is, and a line for the log as each stage begins.

        Raises:
            Cancelled: nobody listens.
        """
        now, done = time.monotonic(), fraction if stage_fraction is None else stage_fraction
        if stage_name(stage) != self._stage:
            self._stage = stage_name(stage)
            self.say(f"{self._seconds:7.1f} s  {self._stage}")
        elif now - self._reported[0] < INTERVAL or abs(done - self._reported[1]) < STEP:
            return
        self._reported = now, done
        _print(_tag("filter-progress", fraction) + _tag("filter-comment", stage) + _tag("filter-stage-progress", done))

    def say(self, line: str) -> None:
        """A line for the log."""
        _print(f"{line}\n")

    def warn(self, sentences: Iterable[str]) -> None:
        """A line for each warning: on stdout, as Slicer takes what is on stderr for an error."""
        for sentence in sentences:
            self.say(f"warning: {sentence}")

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started


def complain(sentence: str) -> None:
    """The sentence that tells why the run ended, on stderr, if anybody listens."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


def speak_utf8() -> None:
    """Write UTF-8, as Slicer reads it, also on Windows; a path that is no text does not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _print(text: str) -> None:
    """Write to stdout at once, or end the run: whoever started it is gone, and with it the use of a result."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left unwritten would fail again
        raise Cancelled from None


def _tag(name: str, value: float | str) -> str:
    text = value if isinstance(value, str) else f"{value:.4f}"
    return f"<{name}>{escape(text)}</{name}>\n"
