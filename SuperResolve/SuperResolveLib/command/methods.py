"""``slice-profile-sr methods``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .console import console_options

if TYPE_CHECKING:
    from ..registry import Entry


@click.command(short_help="What there is, and what each needs.")
@console_options
def methods() -> None:
    """List the methods: what each needs, and its presets, the default first."""
    from ..estimation.registry import ESTIMATORS
    from ..methods.registry import METHODS

    click.echo("Estimating the slice profile (--method of estimate and measure)\n")
    click.echo(_table(ESTIMATORS))
    click.echo("\nSuper-resolving (--method of super-resolve)\n")
    click.echo(_table(METHODS))


def _table(entries: Mapping[str, Entry]) -> str:
    """A row a method under a heading, in columns, and below each row what the method does."""
    rows = [("name", "needs", "torch", "presets")]
    for name, entry in entries.items():
        rows.append((name, entry.needs, "yes" if entry.needs_torch else "no", ", ".join(entry.presets) or "-"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    summaries = ["", *(click.wrap_text(entry.summary, 100, "      ", "      ") for entry in entries.values())]
    return "\n".join(f"  {line}\n{summary}".rstrip() for line, summary in zip(lines, summaries, strict=True))
