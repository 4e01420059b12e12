"""Sec. 3.3 of Han et al., IPMI 2021: the resolution measured after SMORE, after interpolation, and of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.workflows.estimate import measure_resolution
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan, in_order
from .experiment import Experiment
from .report import Table, grouped, mean
from .super_resolution import draw_methods, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUTH = "truth"


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan and measure the FWHM left, in voxels."""
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Condition.parse(cell.cell))
    volume = simulated.truth if cell.method == TRUTH else _super_resolved(simulated, cell, axis, device)
    measured = measure_resolution(volume, axis=axis, seed=cell.seed)
    low, high = measured.interval_mm
    return {
        "fwhm": measured.fwhm_mm / simulated.voxel,
        "fwhm_low": low / simulated.voxel,
        "fwhm_high": high / simulated.voxel,
        "device": measured.device,
        "weights": measured.weights.tolist(),
        "tap_spacing_mm": measured.tap_spacing,
    }


def _super_resolved(simulated: SimulatedScan, cell: Cell, axis: Axis, device: str) -> Volume:
    """By SMORE with the profile that it estimates; by interpolation, which needs none."""
    return super_resolve(
        simulated.scan,
        None if cell.method == "smore" else simulated.profile,
        cell.method,
        cell.preset or None,
        axis=axis,
        like=simulated.truth,
        device=device,
        seed=cell.seed,
    )


def tables(rows: Sequence[Row]) -> list[Table]:
    """The FWHM left, by cell and method."""
    named = [{**row, "label": label(row)} for row in in_order(rows)]
    lines = [
        [cell, name, str(len(group)), mean(group, "fwhm", 2, spread=True), mean(group, "seconds", 0)]
        for (cell, name), group in grouped(named, "cell", "label").items()
    ]
    title = "FWHM of the relative profile left, in voxels: means over volumes, axes and seeds"
    return [Table(title, ["cell", "volume measured", "n", "FWHM", "s"], lines)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The FWHM left by cell."""
    draw_methods(rows, axes, ["cell"], "fwhm", "FWHM left (voxels)")


EXPERIMENT = Experiment(
    title="Sec. 3.3: the resolution measured after super-resolution",
    conditions=("gaussian:2@2", "gaussian:4@4"),
    methods={TRUTH: None, "bspline": METHODS.info("bspline"), "smore": METHODS.info("smore")},
    run=run,
    tables=tables,
    draw=draw,
)
