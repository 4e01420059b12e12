"""Running one of Slicer's command line (CLI) modules, from its arguments to its results.

The XML file beside a module's script is the only list of its parameters, ranges and defaults; all else is read from it.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..errors import Cancelled
from ..exits import CANCELLED, exit_of, mend_streams, quiet_libraries, unwinding_on_signals
from .arguments import parse_arguments
from .console import Console, complain
from .description import read_description
from .results import Results, check_outputs, write_results


def run(script: str, module: str, arguments: Sequence[str] | None = None) -> int:
    """Run a module and return its exit code.

    The code is 0 after success; 2 if the input or usage is wrong or the output cannot be written, with a message of one
    sentence on stderr; 130 if cancelled, also when nobody reads stdout any longer; 128 + n if ended by signal n; 1
    after an unexpected error, whose traceback goes to stdout. Unless it is 0, nothing is written.

    Args:
        script: path of the module's script, beside which its XML file lies.
        module: name of the Python module in this package whose ``compute`` does the work.
        arguments: the command line; by default that of the process.
    """
    mend_streams("utf-8")  # which Slicer expects on Windows too
    try:
        with unwinding_on_signals(), quiet_libraries():
            return _run(Path(script), module, arguments)
    except (Exception, KeyboardInterrupt) as error:
        message, code = exit_of(Cancelled() if isinstance(error, KeyboardInterrupt) else error) or _unexpected(error)
        complain(message if code == CANCELLED else f"error: {message}")
        return code


def _run(script: Path, module: str, command_line: Sequence[str] | None) -> int:
    description = read_description(script.with_suffix(".xml"))
    arguments = parse_arguments(description, script.stem, command_line)
    check_outputs(description, arguments)
    console = Console()
    with console.running(description.title):
        results: Results = importlib.import_module(f"{__package__}.{module}").compute(arguments, console)
        console(0.98, "writing the results", 0.0)
        write_results(results, description, arguments)
    return 0


def _unexpected(error: BaseException) -> tuple[str, int]:
    """The message and exit code for an unexpected error, whose traceback is printed into the log."""
    traceback.print_exception(error, file=sys.stdout)
    return f"an unexpected {type(error).__name__} ended the run: report it, with the log of the run", 1
