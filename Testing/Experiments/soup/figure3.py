"""Fig. 3: what the perceptual stage does to PSNR and to sharpness along the slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from ..case import Case, kind_and_ratio
from ..cells import Cell, Row
from ..condition import Axis
from ..report import Presentation, Table
from .rows import run_row
from .tables import FIGURES, by_ratio, leads, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

METHODS = ("cubic", "multi-scale", "perceptual")
RATIOS = (3.0, 4.0, 5.0)
#: What columns begin with that tell the weights of the second stage's losses.
WEIGHT = "weight_"
SHARPNESS = ("sharpness", "sharpness along the slices, 1 for the truth", 3)


def run(fold: Fold, cell: Cell) -> Row:
    """One row on the held-out volume, with a picture of it and of the truth."""
    kind, ratio = kind_and_ratio(cell.cell)
    case = Case.of(fold.plan.middle(cell.volume), kind, ratio, cast(Axis, cell.axis))
    row, result = run_row(fold, case, kind, cell.method)
    weights = fold.trained(cell.method, kind).model.card.losses if cell.method == "perceptual" else {}
    told = {f"{WEIGHT}{name}": value for name, value in weights.items()}
    return {**row, **told, "picture": case.picture(result), "truth_picture": case.picture(case.truth)}


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures by ratio, leads over squared error alone, and the second stage's weights."""
    names = list(dict.fromkeys(name for row in rows for name in row if name.startswith(WEIGHT)))
    weights = [
        [row["volume"], row["cell"], str(row["seed"]), *(f"{row[name]:.3g}" for name in names)]
        for row in rows
        if row["method"] == "perceptual"
    ]
    header = ["volume", "cell", "seed", *(name.removeprefix(WEIGHT) for name in names)]
    told = Table("Weights of the second stage's losses, set by gradient norms", header, weights)
    return [*by_ratio(rows, (*FIGURES, SHARPNESS)), *leads(rows, "multi-scale"), told, *sizes(rows)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The last volume at its middle ratio: the rows side by side, and the truth."""
    last = [row for row in rows if row["volume"] == rows[-1]["volume"] and row["seed"] == rows[-1]["seed"]]
    cells = list(dict.fromkeys(row["cell"] for row in last))
    shown = {row["method"]: row for row in last if row["cell"] == cells[len(cells) // 2]}
    pictures = [row["picture"] for row in shown.values()] + [next(iter(shown.values()))["truth_picture"]]
    axes.imshow(np.hstack(pictures), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"{rows[-1]['volume']}, {cells[len(cells) // 2]}: {', '.join([*shown, 'truth'])}")
    axes.set_xticks([])
    axes.set_yticks([])


PRESENTATION = Presentation("SOUP-GAN, Fig. 3: squared error alone, and perceptually tuned", tables, draw)
