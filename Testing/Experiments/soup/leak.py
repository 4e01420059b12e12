"""The leak: how much better a network looks that was judged on patches of heads of which it learned other patches.

All heads' middles are cut into blocks. A split by patches holds a quarter of every head's out and learns from the
rest; a split by volume learns from all blocks of the other heads, about as many. Both are judged on the same voxels:
the blocks of the judged head that the first did not learn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from ..case import Case, kind_and_ratio
from ..cells import Cell, Row
from ..condition import Axis
from ..report import Presentation, Table
from .blocks import held_out_mask
from .rows import run_row
from .tables import by_ratio, leads, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

METHODS = ("cubic", "by-volume", "by-patch")
RATIOS = (2.0, 3.0, 4.0, 5.0, 6.0)


def run(fold: Fold, cell: Cell) -> Row:
    """One row on the blocks that the split by patches holds out; beside that, on those that it learns from."""
    kind, ratio = kind_and_ratio(cell.cell)
    middle = fold.plan.middle(cell.volume)
    case = Case.of(middle, kind, ratio, cast(Axis, cell.axis))
    out = held_out_mask(middle, cell.volume, cell.seed)
    row, result = run_row(fold, case, kind, cell.method, out)
    return {**row, "psnr_elsewhere": case.figures(result, ~out)["psnr"]}


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures by ratio, and how much the split by patches flatters."""
    figures = (
        ("psnr", "PSNR on blocks held out (dB)", 2),
        ("psnr_elsewhere", "PSNR on the head's other blocks (dB), which by-patch learned from", 2),
        ("ssim", "SSIM on blocks held out", 4),
    )
    return [*leads(rows, "by-volume"), *by_ratio(rows, figures), *sizes(rows)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """How much the split by patches flatters, a line a volume, kind and seed."""
    places: dict[tuple[str, str, int], dict[float, dict[str, float]]] = {}
    for row in rows:
        kind, ratio = kind_and_ratio(row["cell"])
        of_place = places.setdefault((row["volume"], kind, row["seed"]), {})
        of_place.setdefault(ratio, {})[row["method"]] = row["psnr"]
    for (volume, shown, seed), found in places.items():
        both = {ratio: each for ratio, each in sorted(found.items()) if {"by-patch", "by-volume"} <= each.keys()}
        gains = [each["by-patch"] - each["by-volume"] for each in both.values()]
        axes.plot(list(both), gains, marker=".", label=f"{volume}, {shown}, seed {seed}")
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(xlabel="slice spacing over voxel", ylabel="PSNR, split by patches over split by volume (dB)")
    axes.legend(frameon=False, fontsize="x-small")


PRESENTATION = Presentation("SOUP-GAN: what a split by patches flatters", tables, draw)
