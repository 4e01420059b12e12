"""``slice-profile-sr methods``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .console import Console, console_options

if TYPE_CHECKING:
    from ..registry import Info


@click.command(short_help="What there is, and what each needs and can tell.")
@console_options
@click.pass_obj
def methods(console: Console, /) -> None:
    """List the methods: what each learns from, needs and can tell, and its presets, the default first."""
    from ..estimation.registry import ESTIMATORS
    from ..methods.registry import METHODS, automatic
    from ..methods.trainables import TRAINABLES
    from ..registry import AUTO

    console.result("Estimating the slice profile (--method of estimate and measure; auto takes the first)\n")
    console.result(_table(ESTIMATORS.infos()))
    console.result("\nSuper-resolving (--method of super-resolve, by default auto)\n")
    console.result(f"  {AUTO}\n{click.wrap_text(automatic().summary, 100, '      ', '      ')}")
    console.result(_table(METHODS.infos()))
    console.result("\nLearning from a collection (train; super-resolve by --model)\n")
    console.result(_table(TRAINABLES.infos()))


def _table(infos: Iterable[Info]) -> str:
    """A table with a row for each method, and its summary below the row."""
    infos = list(infos)
    rows = [("name", "learns from", "torch", "tells", "presets")]
    rows += [(info.name, info.learns_from, _torch(info), _tells(info), _presets(info)) for info in infos]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    summaries = ["", *(click.wrap_text(info.summary, 100, "      ", "      ") for info in infos)]
    return "\n".join(f"  {line}\n{summary}".rstrip() for line, summary in zip(lines, summaries, strict=True))


def _torch(info: Info) -> str:
    if info.needs_torch:
        return "yes" if info.also_runs_on is None else f"yes, or {info.also_runs_on}"
    on_torch = [preset.name for preset in info.presets if preset.needs_torch]
    return f"for {', '.join(on_torch)}" if on_torch else "no"


def _tells(info: Info) -> str:
    return ", ".join(info.tells) or "-"


def _presets(info: Info) -> str:
    return ", ".join(preset.name for preset in info.presets) or "-"
