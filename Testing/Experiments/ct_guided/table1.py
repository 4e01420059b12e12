"""Table 1: CT-guided super-resolution beside what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..case import kind_and_ratio
from ..cells import Cell, Row
from ..report import Presentation, Table
from .plan import CT
from .rows import BICUBIC, METHODS, NETWORKS, TOLD, WAYS, run_row
from .tables import by_head, by_row, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

ROWS = (BICUBIC, *METHODS, *WAYS, *NETWORKS)
#: PSNR over bicubic at the paper's two sites, and LPIPS at the first.
PAPER = {
    BICUBIC: ("30.67 dB", "28.69 dB", ""),
    "tscn": ("-1.67", "-0.69", ".24"),
    "zssr": ("+0.28", "+0.25", ".16"),
    "smore": ("+1.11", "+1.24", ".21"),
    "ct-guided": ("+1.56", "+1.89", ".14"),
    "rdn": ("+2.32", "+2.97", ".10"),
    "reconresnet": ("+2.26", "+1.28", ".09"),
}
COLUMNS = ("paper, site 1 (over bicubic)", "paper, site 2", "LPIPS, site 1")


def run(fold: Fold, cell: Cell) -> Row:
    """One row on the held-out head, guided by the CT of a head, with a picture of it and of the truth."""
    kind, _ = kind_and_ratio(cell.cell)
    row, result = run_row(fold, kind, cell.method, next(iter(CT)))
    case = fold.case(kind)
    return {**row, "picture": case.picture(result), "truth_picture": case.picture(case.truth)}


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures of each row with the paper's, PSNR by head, and sizes."""
    return [*by_row(rows, PAPER, COLUMNS, BICUBIC), by_head(rows), *sizes(rows, TOLD)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The last head: a few rows side by side, and the truth."""
    place = [(row["volume"], row["cell"], row["seed"]) for row in rows]
    last = {row["method"]: row for row, where in zip(rows, place, strict=True) if where == place[-1]}
    shown = [name for name in (BICUBIC, "smore", *WAYS, "rdn") if name in last] or list(last)
    pictures = [last[name]["picture"] for name in shown] + [next(iter(last.values()))["truth_picture"]]
    axes.imshow(np.hstack(pictures), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"{place[-1][0]}, {place[-1][1]}: {', '.join([*shown, 'truth'])}", fontsize="small")
    axes.set_xticks([])
    axes.set_yticks([])


PRESENTATION = Presentation("CT-guided super-resolution, Table 1", tables, draw)
