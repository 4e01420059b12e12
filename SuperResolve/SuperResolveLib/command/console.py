"""The output of the command: results on stdout, progress and warnings on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import InputError
from ..exits import written
from ..progress import ProgressCallback, silent, stage_name

PROGRAM = "slice-profile-sr"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass
class Console:
    """Writes results, warnings and progress for the user.

    Where nobody reads them or the disk that they go to is full, what was done stays done: only :meth:`result` minds.

    Attributes:
        quiet: whether to write only errors and measurements.
        verbose: whether to write also each stage as it begins, and the traceback of an error.
    """

    quiet: bool = False
    verbose: bool = False
    _started: float = field(default_factory=time.perf_counter)
    _warned: set[str] = field(default_factory=set)

    def result(self, text: str) -> None:
        """Write what was asked for.

        Raises:
            InputError: it cannot be written, though somebody reads it.
        """
        error = written(f"{text}\n", sys.stdout)
        if error is not None and not isinstance(error, BrokenPipeError):
            raise InputError(f"the result cannot be written to stdout: {error.strerror}; send it elsewhere") from error

    def say(self, text: str) -> None:
        """Write a line about what was done."""
        if not self.quiet:
            written(f"{text}\n", sys.stdout)

    def wrote(self, *paths: Path | None) -> None:
        """Write a line for each file that was written; ``None`` stands for one that was not asked for."""
        for path in paths:
            if path is not None:
                self.say(f"wrote    {path}")

    def stage(self, text: str) -> None:
        """Write a line about what begins now, with the seconds since the start."""
        if self.verbose and not self.quiet:
            from tqdm import tqdm

            with tqdm.external_write_mode(sys.stderr):
                written(f"{time.perf_counter() - self._started:7.1f} s  {text}\n", sys.stderr)

    def warn(self, sentences: Iterable[str]) -> None:
        """Write a line for each warning that was not written before."""
        for sentence in sentences:
            if sentence not in self._warned and not self.quiet:
                written(f"warning: {sentence}\n", sys.stderr)
            self._warned.add(sentence)

    @contextmanager
    def progress(self) -> Iterator[ProgressCallback]:
        """A callback that moves a progress bar if stderr is a terminal."""
        if self.quiet:
            yield silent
            return
        from tqdm import tqdm

        with tqdm(
            total=1.0,
            file=sys.stderr,
            disable=None,  # where stderr is not a terminal
            leave=False,
            miniters=0,
            smoothing=0,  # stages are weighted by their cost, so that the mean speed foretells the rest best
            dynamic_ncols=True,
            bar_format="{percentage:3.0f}% {bar:30} {elapsed}<{remaining} {desc}",
        ) as bar:
            yield _Bar(bar, self)


class _Bar:
    """A progress callback that moves a tqdm bar, as long as its terminal is there."""

    def __init__(self, bar: Any, console: Console) -> None:
        self._bar = bar
        self._console = console
        self._stage = ""

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        name = stage_name(stage)
        if name != self._stage:
            self._stage = name
            self._console.stage(name)
        try:
            self._bar.set_description_str(stage, refresh=False)
            self._bar.update(fraction - self._bar.n)
        except OSError:
            self._bar.disable = True


def console_options(command: Decorated) -> Decorated:
    """Add ``--quiet`` and ``--verbose``, which are allowed before and after the subcommand."""
    for decorate in (
        click.option("-v", "--verbose", is_flag=True, expose_value=False, callback=_set, help="Also tell each stage."),
        click.option(
            "-q", "--quiet", is_flag=True, expose_value=False, callback=_set, help="Tell only errors and measurements."
        ),
    ):
        command = decorate(command)
    return command


def _set(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and parameter.name:
        setattr(context.ensure_object(Console), parameter.name, True)
