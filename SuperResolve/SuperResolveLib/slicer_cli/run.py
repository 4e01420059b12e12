"""Slicer's command line modules: their descriptions, arguments, progress and results.

The XML file beside each script is the one list of parameter names, ranges and defaults; everything here reads it.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..errors import Cancelled
from ..exits import CANCELLED, ending_of, quiet_libraries, unwinding_on_signals
from .arguments import parse_arguments
from .console import Console, complain, speak_utf8
from .description import read_description
from .results import Results, check_outputs, write_results


def run(script: str, module: str, arguments: Sequence[str] | None = None) -> int:
    """Run a module and return its exit code.

    0 it did what was asked; 2 the input or usage is wrong, or the output cannot be written, told in one sentence on
    stderr; 130 cancelled, also by the reader of stdout being gone; 128 + n ended by signal n; 1 an error that nobody
    foresaw, whose traceback goes to stdout. In every case but the first nothing is written.

    Args:
        script: the module's script, whose XML file lies beside it.
        module: the name of the Python module in this package whose ``compute`` does it.
        arguments: the command line; the process's own unless given.
    """
    speak_utf8()
    try:
        with unwinding_on_signals(), quiet_libraries():
            return _run(Path(script), module, arguments)
    except (Exception, KeyboardInterrupt) as error:
        known = ending_of(Cancelled() if isinstance(error, KeyboardInterrupt) else error)
        sentence, code = known or _unforeseen(error)
        complain(sentence if code == CANCELLED else f"error: {sentence}")
        return code


def _run(script: Path, module: str, arguments: Sequence[str] | None) -> int:
    description = read_description(script.with_suffix(".xml"))
    given = parse_arguments(description, script.stem, arguments)
    check_outputs(description, given)
    console = Console()
    with console.running(description.title):
        results: Results = importlib.import_module(f"{__package__}.{module}").compute(given, console)
        console(0.98, "writing the results", 0.0)
        write_results(results, description, given)
    return 0


def _unforeseen(error: BaseException) -> tuple[str, int]:
    """What to tell of an error that nobody foresaw; where it came from goes into the log."""
    traceback.print_exception(error, file=sys.stdout)
    return f"an unexpected {type(error).__name__} ended the run: report it, with the log of the run", 1
