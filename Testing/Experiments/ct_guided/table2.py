"""Table 2: the network after each of its three stages, and how far its answers drift from the scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from SuperResolveLib.methods.ct_guided.presets import STAGES

from ..case import kind_and_ratio
from ..cells import Cell, Row
from ..report import Presentation, Table
from .plan import CT, WAYS
from .rows import BICUBIC, run_row, run_stage, way_and_stage
from .tables import by_head, by_row, place_of, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

ROWS = (BICUBIC, *(f"{way}/{stage}" for way in WAYS for stage in STAGES))
#: PSNR and LPIPS.
PAPER = {
    BICUBIC: ("30.67", ""),
    "paper/ct": ("31.01", ".20"),
    "paper/pseudo-mr": ("31.62", ".16"),
    "paper/joint": ("32.23", ".14"),
}
TOLD = {
    "paper/ct": "as published, stage 1",
    "paper/pseudo-mr": "stages 1 and 2",
    "paper/joint": "stages 1 to 3",
    "fast/ct": "our preset with data consistency, stage 1",
    "fast/pseudo-mr": "stages 1 and 2",
    "fast/joint": "stages 1 to 3",
}


def run(fold: Fold, cell: Cell) -> Row:
    """A stage's network on the held-out head, guided by the CT of a head."""
    (kind, _), guide = kind_and_ratio(cell.cell), next(iter(CT))
    if cell.method == BICUBIC:
        return run_row(fold, kind, BICUBIC, guide)[0]
    way, stage = way_and_stage(cell.method)
    return run_stage(fold, kind, way, guide, stage)[0]


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures of each stage with the paper's, PSNR by head, and sizes."""
    return [
        *by_row(rows, PAPER, ("paper (dB)", "paper, LPIPS"), BICUBIC),
        by_head(rows),
        *sizes(rows, TOLD),
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over bicubic after each stage, a line a head and seed: as published dashed."""
    start = {place_of(row): row["psnr"] for row in rows if row["method"] == BICUBIC}
    for way, line in zip(WAYS, ("--", "-"), strict=True):
        for number, place in enumerate(start):
            found = {row["method"]: row["psnr"] for row in rows if place_of(row) == place}
            stages = [stage for stage in STAGES if f"{way}/{stage}" in found]
            gains = [found[f"{way}/{stage}"] - start[place] for stage in stages]
            label = " ".join([way, *place])
            axes.plot([STAGES.index(stage) for stage in stages], gains, f"o{line}", color=f"C{number}", label=label)
    axes.axhline(0, color="0.7", linewidth=1)
    axes.set_xticks(range(len(STAGES)), STAGES)
    axes.set_ylabel(f"PSNR over {BICUBIC} (dB)")
    axes.legend(frameon=False, fontsize="x-small")


PRESENTATION = Presentation("CT-guided super-resolution, Table 2: its three stages", tables, draw)
