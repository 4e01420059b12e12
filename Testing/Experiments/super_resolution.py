"""What the experiments on super-resolved volumes share: a run's figures, and methods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.metrics.image_quality import compare
from SuperResolveLib.workflows.super_resolve import SuperResolved

from .cells import Row
from .condition import SimulatedScan, in_order
from .report import Table, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MEASURES = {
    "psnr": ("PSNR (dB)", 2),
    "ssim": ("SSIM", 4),
    "rmse": ("RMSE", 2),
    "hfen": ("HFEN", 3),
}


def figures_of(result: SuperResolved, simulated: SimulatedScan) -> Row:
    """How close a result comes to the truth, and how it was made."""
    return {
        **asdict(compare(simulated.truth, result, simulated.mask)),
        "profile_fwhm": result.profile.fwhm_mm / simulated.voxel,
        "data_consistency_rmse": result.data_consistency_rmse,
        "data_consistency_change": result.data_consistency_change,
        "seconds": result.seconds,
        "device": result.device,
    }


def label(row: Row) -> str:
    """Method and preset."""
    return f"{row['method']}/{row['preset']}" if row["preset"] else str(row["method"])


def side_by_side(
    rows: Sequence[Row], measure: str, by: Sequence[str], ours: Sequence[str], others: Sequence[str]
) -> Table:
    """Means of a measure, a line each value of the columns ``by``, a column a method, and by how much one is ahead.

    Args:
        rows: finished cells.
        measure: the column of which to take means.
        by: the columns that tell lines apart.
        ours: the methods that should be ahead, in every preset there is.
        others: the methods of which it should be ahead; the better one counts.
    """
    title, digits = _MEASURES[measure]
    rows = in_order(rows)
    leading = sorted({label(row) for row in rows if row["method"] in ours})
    rivals = sorted({label(row) for row in rows if row["method"] in others})
    labels = sorted({label(row) for row in rows} - {*leading}) + leading
    sign = 1 if measure in ("psnr", "ssim") else -1
    values = []
    for group in grouped(rows, *by).values():
        means = {name: _mean(of_method, measure) for (name,), of_method in _by_label(group).items()}
        best = max((sign * means[name] for name in rivals if name in means), default=np.nan)
        ahead = [sign * means.get(name, np.nan) - best for name in leading]
        values.append([*(means.get(name, np.nan) for name in labels), *ahead])
    lines = [[*place, *_texts(line, digits)] for place, line in zip(grouped(rows, *by), values, strict=True)]
    lines.append(["mean", *[""] * (len(by) - 1), *_texts(np.mean(values, axis=0), digits)])
    return Table(title, [*by, *labels, *(f"{name} ahead by" for name in leading)], lines)


def _mean(rows: Sequence[Row], measure: str) -> float:
    return float(np.mean([row[measure] for row in rows]))


def _by_label(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    return grouped([{**row, "label": label(row)} for row in rows], "label")


def _texts(values: Sequence[float] | np.ndarray, digits: int) -> list[str]:
    return ["–" if np.isnan(value) else f"{value:.{digits}f}" for value in values]


def draw_methods(rows: Sequence[Row], axes: Axes, by: Sequence[str], measure: str, name: str) -> None:
    """A measure of each method: every cell a dot, above each value of the columns ``by``; means as bars."""
    rows = in_order(rows)
    places = {place: index for index, place in enumerate(grouped(rows, *by))}
    methods = dict(sorted(_by_label(rows).items()))
    for index, ((method,), of_method) in enumerate(methods.items()):
        shift = 0.7 * ((index + 0.5) / len(methods) - 0.5)
        for place, group in grouped(of_method, *by).items():
            values = [row[measure] for row in group]
            axes.plot([places[place] + shift] * len(values), values, "o", color=f"C{index}", alpha=0.5, markersize=4)
            axes.plot(
                [places[place] + shift], [np.mean(values)], "_", color=f"C{index}", markersize=16, markeredgewidth=2
            )
        axes.plot([], [], "o", color=f"C{index}", label=method)
    crowded = len(places) > 4
    names = ["\n".join(place) for place in places]
    axes.set_xticks(range(len(places)), names, fontsize="x-small", rotation=45 if crowded else 0)
    axes.set_ylabel(name)
    axes.legend(frameon=False, fontsize="small")
