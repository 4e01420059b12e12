"""Table 2 of Han et al., IPMI 2021: SMORE with the estimated profile, and with a Gaussian as wide as the spacing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan
from .experiment import Experiment
from .report import Table
from .super_resolution import draw_methods, figures_of, side_by_side

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Which profile SMORE is given.
ESTIMATED, SPACING, TRUE = "estimated profile", "spacing-wide Gaussian", "true profile"


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan by SMORE with one of the three profiles."""
    condition = Condition.parse(cell.cell)
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, condition)
    profiles = {
        ESTIMATED: None,  # super_resolve estimates it
        SPACING: SliceProfile.gaussian(condition.ratio * simulated.voxel, simulated.voxel),
        TRUE: simulated.profile,
    }
    result = super_resolve(
        simulated.scan,
        profiles[cell.method],
        "smore",
        cell.preset,
        axis=axis,
        like=simulated.truth,
        device=device,
        seed=cell.seed,
    )
    return figures_of(result, simulated)


def tables(rows: Sequence[Row]) -> list[Table]:
    """PSNR and SSIM by cell, and over all."""
    return [side_by_side(rows, measure, ["cell"], [ESTIMATED], [SPACING]) for measure in ("psnr", "ssim")]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR by cell."""
    draw_methods(rows, axes, ["cell"], "psnr", "PSNR (dB)")


EXPERIMENT = Experiment(
    title="Table 2: SMORE with the spacing-wide, the estimated and the true profile",
    conditions=("gaussian:2@4", "gaussian:3.2@4", "gaussian:4.8@4", "gaussian:6@4"),
    methods=dict.fromkeys((SPACING, ESTIMATED, TRUE), METHODS.info("smore")),
    run=run,
    tables=tables,
    draw=draw,
)
