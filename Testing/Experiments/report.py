"""An experiment's tables and figure as files: all cells as CSV, means as Markdown, a figure as PNG."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.image_io.files import replacing

from .cells import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Table:
    """A table of texts; its first column tells what a line is of."""

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as it stands in Markdown, numbers to the right."""
        rule = ["---"] + ["---:"] * (len(self.header) - 1)
        rows = [self.header, rule, *self.lines]
        return f"## {self.title}\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


@dataclass(frozen=True)
class Presentation:
    """How finished cells are shown.

    Attributes:
        title: what they show.
        tables: their means, beside the publication's.
        draw: their figure.
    """

    title: str
    tables: Callable[[Sequence[Row]], list[Table]]
    draw: Callable[[Sequence[Row], Axes], None]

    def write(self, rows: Sequence[Row], name: str, folder: Path, command: str) -> None:
        """Write ``name``.csv, .md and .png, each whole or not at all."""
        with replacing(folder / f"{name}.csv") as path:
            _write_csv(rows, path)
        with replacing(folder / f"{name}.png") as path:
            self._write_figure(rows, path)
        tables = (table.markdown() for table in self.tables(rows))
        text = [f"# {self.title}\n", _provenance(rows, command), f"![{self.title}]({name}.png)\n", *tables]
        with replacing(folder / f"{name}.md") as path:
            path.write_text("\n".join(text))

    def _write_figure(self, rows: Sequence[Row], path: Path) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(self.title, fontsize="medium")
        axes.spines[["top", "right"]].set_visible(False)
        self.draw(rows, axes)
        figure.savefig(path)


def _provenance(rows: Sequence[Row], command: str) -> str:
    dates = sorted({str(row["finished"])[:10] for row in rows})
    machines = ", ".join(sorted({f"{row['machine']}, {row['device']}" for row in rows}))
    return f"`{command}`\n\n{len(rows)} cells, {' to '.join(dates[:: max(1, len(dates) - 1)])}, on {machines}.\n"


def _write_csv(rows: Sequence[Row], path: Path) -> None:
    """Every cell on a line; lists (the taps) stay in the record."""
    columns = list(dict.fromkeys(name for row in rows for name, value in row.items() if not isinstance(value, list)))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def mean(rows: Sequence[Row], name: str, digits: int, spread: bool = False) -> str:
    """The mean of a column as text, if asked for with the standard deviation over cells where there are several."""
    values = np.array([row[name] for row in rows], dtype=np.float64)
    deviation = f" ± {values.std(ddof=1):.{digits}f}" if spread and values.size > 1 else ""
    return f"{values.mean():.{digits}f}{deviation}"


def grouped(rows: Sequence[Row], *names: str) -> dict[tuple[str, ...], list[Row]]:
    """The rows by the values of some columns, in order of first appearance."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row[name]) for name in names), []).append(row)
    return groups
