"""Whether the guide must be CT, and of what: a phantom, a thigh, no anatomy of anyone, and MR itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.methods.ct_guided.presets import STAGES

from ..case import kind_and_ratio
from ..cells import Cell, Row
from ..report import Presentation, Table
from .plan import GUIDES, SUPERVISED
from .rows import BICUBIC, run_row, run_stage
from .tables import by_head, by_row, place_of, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

FIRST, LAST = STAGES[0], STAGES[-1]
#: What learns from which guide: the supervised one needs no translation.
ROWS = (
    BICUBIC,
    *(f"{guide}/{stage}" for guide in GUIDES for stage in ((FIRST,) if guide == SUPERVISED else (FIRST, LAST))),
)
TOLD = {
    "phantom": "CT of a skull phantom, of hard shapes in air",
    "thigh": "CT of a thigh",
    "synthetic": "synthetic anatomy in the place of CT",
    SUPERVISED: "thin heads of the other subjects in the place of CT: supervised, what a guide could give at most",
}


def run(fold: Fold, cell: Cell) -> Row:
    """Our preset with one guide, after its first or last stage, on the held-out head."""
    kind, _ = kind_and_ratio(cell.cell)
    guide, _, stage = cell.method.partition("/")
    if guide == BICUBIC:
        return run_row(fold, kind, BICUBIC, guide)[0]
    return run_stage(fold, kind, "fast", guide, stage)[0]


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures of each guide, PSNR by head, and sizes."""
    told = {
        row: f"{TOLD[guide]}, stage {row.partition('/')[2]}" for row in ROWS if (guide := row.partition("/")[0]) in TOLD
    }
    return [*by_row(rows, {}, (), BICUBIC), by_head(rows), *sizes(rows, told)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over bicubic by guide: every head and seed a dot, means as bars."""
    start = {place_of(row): row["psnr"] for row in rows if row["method"] == BICUBIC}
    guides = [guide for guide in GUIDES if any(row["method"].startswith(f"{guide}/") for row in rows)]
    for number, stage in enumerate((FIRST, LAST)):
        for place, guide in enumerate(guides):
            own = [row for row in rows if row["method"] == f"{guide}/{stage}" and place_of(row) in start]
            gains = [row["psnr"] - start[place_of(row)] for row in own]
            at = place + 0.25 * (number - 0.5)
            axes.plot([at] * len(gains), gains, "o", color=f"C{number}", alpha=0.5, markersize=4)
            if gains:
                axes.plot([at], [np.mean(gains)], "_", color=f"C{number}", markersize=16, markeredgewidth=2)
        axes.plot([], [], "o", color=f"C{number}", label=f"stage {stage}")
    axes.axhline(0, color="0.7", linewidth=1)
    axes.set_xticks(range(len(guides)), guides)
    axes.set_ylabel(f"PSNR over {BICUBIC} (dB)")
    axes.legend(frameon=False, fontsize="small")


PRESENTATION = Presentation("CT-guided super-resolution: which guide?", tables, draw)
