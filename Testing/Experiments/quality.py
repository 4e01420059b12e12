"""How SMORE compares with the methods that need no training, given the true profile and given the estimated one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan
from .experiment import Experiment
from .report import Table
from .super_resolution import draw_methods, figures_of, side_by_side

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Ends the names of methods that are given the estimated profile.
ESTIMATED = "-estimated"


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan with its true or its estimated profile."""
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Condition.parse(cell.cell))
    result = super_resolve(
        simulated.scan,
        None if cell.method.endswith(ESTIMATED) else simulated.profile,  # super_resolve estimates it
        cell.method.removesuffix(ESTIMATED),
        cell.preset or None,
        axis=axis,
        like=simulated.truth,
        device=device,
        seed=cell.seed,
    )
    return figures_of(result, simulated)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Each measure by volume and axis, and by seed where there are several."""
    by = ["volume", "axis", "cell"] + (["seed"] if len({row["seed"] for row in rows}) > 1 else [])
    return [
        side_by_side(rows, measure, by, ["smore", f"smore{ESTIMATED}"], ["bspline", "tikhonov"])
        for measure in ("psnr", "ssim", "rmse", "hfen")
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over Tikhonov's, by cell; a dot a volume and axis. Without Tikhonov, PSNR."""
    if not any(row["method"] == "tikhonov" for row in rows):
        draw_methods(rows, axes, ["cell"], "psnr", "PSNR (dB)")
        return
    start = {_place(row): row["psnr"] for row in rows if row["method"] == "tikhonov"}
    gains = [{**row, "gain": row["psnr"] - start[_place(row)]} for row in rows if _place(row) in start]
    draw_methods(gains, axes, ["cell"], "gain", "PSNR over Tikhonov's (dB)")


def _place(row: Row) -> tuple[str, str, str]:
    return row["volume"], row["axis"], row["cell"]


EXPERIMENT = Experiment(
    title="SMORE beside methods that need no training, with the true and with the estimated profile",
    conditions=("gaussian:2@4", "gaussian:4@4", "gaussian:5@6"),
    methods={
        "bspline": METHODS.info("bspline"),
        "tikhonov": METHODS.info("tikhonov"),
        f"tikhonov{ESTIMATED}": METHODS.info("tikhonov"),
        "smore": METHODS.info("smore"),
        f"smore{ESTIMATED}": METHODS.info("smore"),
    },
    run=run,
    tables=tables,
    draw=draw,
)
