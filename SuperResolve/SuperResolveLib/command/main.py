"""The command ``slice-profile-sr``.

Each subcommand has a file of its own and imports what it needs only when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Sequence

import click

from ..errors import Cancelled
from ..exits import REFUSED, exit_of, mend_streams, quiet_libraries, silence, unwinding_on_signals, written
from ..version import __version__
from .batch import batch
from .compare import compare
from .console import PROGRAM, Console, console_options
from .demo import demo
from .estimate import estimate
from .evaluate import evaluate
from .measure import measure
from .methods import methods
from .models import models
from .simulate import simulate
from .super_resolve import super_resolve
from .to_slices import to_slices
from .train import train


class _InOrder(click.Group):
    """A group that lists its subcommands in the order in which they were added, not alphabetically."""

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name=PROGRAM)
@console_options
def cli() -> None:
    """Measure a 2-D multi-slice scan's slice profile from the scan itself, and super-resolve it to isotropic voxels.

    A scan is a NIfTI, NRRD, MetaImage or MGZ file or a DICOM folder; an output's ending chooses its format.
    """


for subcommand in (
    demo, estimate, super_resolve, to_slices, measure, simulate, compare, evaluate, methods, train, models, batch,
):  # fmt: skip
    cli.add_command(subcommand)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    The code is 0 after success; 2 if the input or usage is wrong or the output cannot be written, with a message of one
    sentence on stderr; 3 if part of a cohort failed; 130 if cancelled (Ctrl-C); 128 + n if ended by signal n. Unless it
    is 0, or 3, nothing is written but what batch had done before.
    """
    mend_streams()
    console = Console()
    try:
        with unwinding_on_signals(), quiet_libraries():
            code = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=console)
            return code if isinstance(code, int) else 0
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return error.exit_code
    except SystemExit as end:
        if end.code != 1:
            raise
        silence(sys.stdout)  # click ends so where whoever reads the help has seen enough of it
        return 0
    except Exception as error:
        known = exit_of(Cancelled() if isinstance(error, click.Abort) else error)
        if known is None:
            raise
        message, code = known
        trace = traceback.format_exc() if console.verbose else ""
        written(f"{trace}{PROGRAM}: {'error: ' if code == REFUSED else ''}{message}\n", sys.stderr)
        return code
    finally:
        for stream in (sys.stdout, sys.stderr):
            written("", stream)  # what a stream still holds must not fail as the process ends
