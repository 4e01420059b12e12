"""How SMORE compares with the methods that need no training, each given the true profile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..methods import METHODS
from ..super_resolution import super_resolve
from .cells import Cell, Row
from .experiment import Experiment
from .report import Table
from .setting import Axis, Setting, SimulatedScan
from .super_resolution import draw_methods, figures_of, side_by_side

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan with its true profile."""
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Setting.parse(cell.cell))
    result = super_resolve(
        simulated.scan,
        simulated.profile,
        cell.method,
        cell.preset or None,
        axis=axis,
        like=simulated.truth,
        device=device,
        seed=cell.seed,
    )
    return figures_of(result, simulated)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Each measure by volume and axis."""
    by = ["volume", "axis", "cell"]
    return [
        side_by_side(rows, measure, by, "smore", ["bspline", "tikhonov"])
        for measure in ("psnr", "ssim", "rmse", "hfen")
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR by volume and axis."""
    draw_methods(rows, axes, ["volume", "axis"], "psnr", "PSNR (dB)")


EXPERIMENT = Experiment(
    title="SMORE beside methods that need no training, with the true profile",
    settings=("gaussian:4@4",),
    methods={name: METHODS[name] for name in ("bspline", "tikhonov", "smore")},
    run=run,
    tables=tables,
    draw=draw,
)
