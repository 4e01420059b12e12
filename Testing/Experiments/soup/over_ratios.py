"""Figs. 2, 4 and 5, and the mixing of scales: how good each row is at every ratio of slice spacing to voxel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from ..case import Case, kind_and_ratio
from ..cells import Cell, Row
from ..condition import Axis
from ..report import Presentation, Table
from .rows import PUBLIC, run_row
from .tables import by_ratio, lead, leads, name_of, ratios_of, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

RATIOS = (2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
#: The rows of Figs. 2 and 5, and of Fig. 4.
METHODS = (
    "cubic",
    "linear",
    "tikhonov",
    "single-scale",
    "multi-scale",
    "perceptual",
    "fast",
    PUBLIC,
)
SINGLE_OR_MULTI = ("cubic", "single-scale", "multi-scale")
#: What is learned, and of what is mixed in use: whole ratios alone are learned as published.
MIXINGS = (
    "cubic",
    "multi-scale/parameters",
    "multi-scale/outputs",
    "fast/parameters",
    "fast/outputs",
    "fast-outputs/parameters",
    "fast-outputs/outputs",
)
FRACTIONAL = (2.5, 3.5, 4.5, 5.5)


def run(fold: Fold, cell: Cell) -> Row:
    """One row on the held-out volume."""
    kind, ratio = kind_and_ratio(cell.cell)
    case = Case.of(fold.plan.middle(cell.volume), kind, ratio, cast(Axis, cell.axis))
    return run_row(fold, case, kind, cell.method)[0]


def tables(rows: Sequence[Row]) -> list[Table]:
    """Figures by ratio inside the head, leads over cubic interpolation and over the public weights, and sizes."""
    public = leads(rows, PUBLIC) if any(row["method"] == PUBLIC for row in rows) else []
    return [*by_ratio(rows), *leads(rows), *public, *sizes(rows)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over that of the cubic spline, means over the heads that a row was run on, and seeds: thin slices dashed."""
    ratios = ratios_of(rows)
    names = dict.fromkeys(name_of(row, rows) for row in rows if row["method"] != "cubic")
    for number, name in enumerate(names):
        for kind, style in (("thick", "-"), ("thin", "--")):
            of_kind = [row for row in rows if kind_and_ratio(row["cell"])[0] == kind]
            own = [row for row in of_kind if name_of(row, rows) == name]
            points = [(float(s), gain) for s in ratios if (gain := lead(own, of_kind, s, "cubic")) is not None]
            if points:
                heads = len({row["volume"] for row in own})
                label = f"{name}, {kind}, {heads} head{'s' * (heads > 1)}"
                axes.plot(*zip(*points, strict=True), style, marker=".", color=f"C{number}", label=label)
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(xlabel="slice spacing over voxel", ylabel="PSNR over the cubic spline's (dB)")
    axes.legend(frameon=False, fontsize="xx-small", ncols=2)


FIGURE2 = Presentation("SOUP-GAN, Figs. 2 and 5: every ratio, thin and thick slices", tables, draw)
FIGURE4 = Presentation("SOUP-GAN, Fig. 4: a network of a single scale and one of many", tables, draw)
MIXING = Presentation("SOUP-GAN: between whole ratios, parameters mixed (Eq. 3) or outputs", tables, draw)
