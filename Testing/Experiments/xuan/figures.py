"""Figs. 7 to 9: what L_adv does for sharpness, the synthesis between two slices, and what L_comp does to the codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.metrics.image_quality import psnr

from ..cells import Cell, Row
from ..report import Presentation, Table, grouped, mean
from .plan import Image, Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Trainings that Fig. 9 compares.
COMPARED = ("without L_comp", "with L_comp", "with L_comp as published")
DISTANCES = ("d1", "d2", "d3", "d1/d3", "d2/d3")


def run_figure7(plan: Plan, cell: Cell) -> Row:
    """Sharpness of the synthesis, of the volumes it learned from and of the one held out, with or without L_adv."""
    from .trained import LAST, Fold

    fold = Fold(plan, cell.volume, cell.seed)
    step = fold.branch(LAST.adversarial if cell.method == "with L_adv" else 0.0, LAST.comparison)
    names = [*plan.trained_on(cell.volume), cell.volume]
    pairs = [(fold.synthesised(step, name), fold.truth(name)) for name in names]
    sharp = [sharpness(thin) / sharpness(truth) for thin, truth in pairs]
    exact = [psnr(thin, truth) for thin, truth in pairs]
    shown = [planes[len(planes) // 2] for planes in (pairs[0][1], pairs[0][0], pairs[-1][1], pairs[-1][0])]
    height, width = (min(plane.shape[axis] for plane in shown) for axis in (0, 1))
    return {
        "sharpness, learned from": float(np.mean(sharp[:-1])),
        "psnr, learned from": float(np.mean(exact[:-1])),
        "sharpness, held out": sharp[-1],
        "psnr, held out": exact[-1],
        "shown": f"{names[0]}, {names[-1]}",
        "picture": _grey(np.hstack([plane[:height, :width] for plane in shown])),
        "device": plan.device,
    }


def sharpness(planes: Image) -> float:
    """The mean size of the in-plane gradient."""
    rows, columns = (np.gradient(planes, axis=axis) for axis in (1, 2))
    return float(np.mean(np.hypot(rows, columns)))


def run_figure8(plan: Plan, cell: Cell) -> Row:
    """The synthesis from a slice in the middle to the next one, above it the truth."""
    from .trained import Fold

    fold = Fold(plan, cell.volume, cell.seed)
    thin, truth = fold.synthesised(fold.trained_synthesis(), cell.volume), fold.truth(cell.volume)
    first = len(fold.observed(cell.volume).planes) // 2 * plan.ratio - plan.ratio
    shown = slice(first, first + plan.ratio + 1)
    picture = np.vstack([np.hstack(list(each[shown])) for each in (truth, thin)])
    steps = {f"xi {n}/{plan.ratio}": psnr(thin[first + n], truth[first + n]) for n in range(plan.ratio + 1)}
    return {**steps, "picture": _grey(picture), "device": plan.device}


def _grey(picture: Image) -> list[list[int]]:
    levels: list[list[int]] = (255 * picture.clip(0, 1)).astype(int).tolist()
    return levels


def run_figure9(plan: Plan, cell: Cell) -> Row:
    """Distances of codes: of planes from the interpolated codes in their place, and of neighbours from each other.

    L_comp weighs nothing, what it does in the preset, or what was published.
    """
    import torch

    from SuperResolveLib.methods.xuan.planes import Frame
    from SuperResolveLib.methods.xuan.presets import PHASES
    from SuperResolveLib.methods.xuan.synthesise import between, means_of

    from .trained import LAST, SYNTHESIS, Fold

    fold = Fold(plan, cell.volume, cell.seed)
    weights = dict(zip(COMPARED, (0.0, LAST.comparison, PHASES[-1].comparison), strict=True))
    step = fold.branch(LAST.adversarial, weights[cell.method])
    truth = fold.truth(cell.volume)
    frame = Frame(truth.shape[1], truth.shape[2], SYNTHESIS.side, SYNTHESIS.fit)
    means = means_of(step.coders[0], frame.into(torch.as_tensor(truth, device=fold.device)))
    observed = means[:: plan.ratio]
    away = torch.linalg.vector_norm(means - between(observed, plan.ratio), dim=1)[:-1].reshape(-1, plan.ratio)
    half = plan.ratio // 2
    d1 = float(away[:, [half // 2, plan.ratio - half // 2]].mean())
    d2 = float(away[:, half].mean())
    d3 = float(torch.linalg.vector_norm(observed[1:] - observed[:-1], dim=1).mean())
    return {"d1": d1, "d2": d2, "d3": d3, "d1/d3": d1 / d3, "d2/d3": d2 / d3, "device": plan.device}


def _by_method(columns: Sequence[str], title: str, rows: Sequence[Row]) -> list[Table]:
    lines = [
        [*place, *(mean(own, name, 4) for name in columns)]
        for place, own in grouped(rows, "volume", "seed", "method").items()
    ]
    return [Table(title, ["held out", "seed", "training", *columns], lines)]


def _draw_dots(columns: Sequence[str], rows: Sequence[Row], axes: Axes) -> None:
    for number, ((method,), own) in enumerate(grouped(rows, "method").items()):
        for place, name in enumerate(columns):
            values = [row[name] for row in own]
            label = method if place == 0 else None
            axes.plot([place + 0.15 * number] * len(values), values, "o", color=f"C{number}", alpha=0.6, label=label)
    axes.set_xticks(range(len(columns)), columns)
    axes.legend(frameon=False)


def _tables7(rows: Sequence[Row]) -> list[Table]:
    columns = [f"{what}, {where}" for where in ("learned from", "held out") for what in ("sharpness", "psnr")]
    title = (
        "Mean in-plane gradient over the truth's, and PSNR (dB), of the synthesis of volumes learned from or held out"
    )
    return _by_method(columns, title, rows)


def _draw7(rows: Sequence[Row], axes: Axes) -> None:
    last = {
        row["method"]: row for row in rows if (row["volume"], row["seed"]) == (rows[-1]["volume"], rows[-1]["seed"])
    }
    _show(np.vstack([row["picture"] for row in last.values()]), axes)
    axes.set_xlabel(
        f"truth and synthesis of {rows[-1]['shown']} (held out); from above: {', '.join(last)}", fontsize="small"
    )


def _show(picture: Sequence[Sequence[int]] | Image, axes: Axes) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])


def _tables8(rows: Sequence[Row]) -> list[Table]:
    steps = sorted({name for row in rows for name in row if name.startswith("xi ")})
    return _by_method(steps, "PSNR of single planes (dB)", rows)


def _draw8(rows: Sequence[Row], axes: Axes) -> None:
    _show(rows[-1]["picture"], axes)
    axes.set_xlabel(f"{rows[-1]['volume']}: above the truth, below the synthesis, from one observed slice to the next")


def _tables9(rows: Sequence[Row]) -> list[Table]:
    title = "Distances of codes: d1 at xi = 1/4 and 3/4, d2 at 1/2, both from the interpolated; d3 between neighbours"
    return _by_method(DISTANCES, title, rows)


def _draw9(rows: Sequence[Row], axes: Axes) -> None:
    _draw_dots(DISTANCES, rows, axes)
    axes.set_yscale("log")


FIGURE7 = Presentation("Xuan et al., Fig. 7: the synthesis with and without L_adv", _tables7, _draw7)
FIGURE8 = Presentation("Xuan et al., Fig. 8: the synthesis at several xi", _tables8, _draw8)
FIGURE9 = Presentation("Xuan et al., Fig. 9: codes with and without L_comp", _tables9, _draw9)
