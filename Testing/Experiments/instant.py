"""How ``instant``, which has never seen a scan, compares with what learns from the scan and with what learns nothing.

The middles of heads are judged: Tikhonov's inverse, SMORE, and ``instant`` with the true and with the estimated
profile; and of the inverted scan, which should give the inverted result.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan
from .experiment import Experiment
from .report import Table, grouped, mean
from .super_resolution import draw_methods, figures_of, side_by_side

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Voxels of the middle of a head that are judged, along each side.
SIZE = 96
#: Ends of the names of methods that are given the estimated profile, and of those that are given the inverted scan.
ESTIMATED, INVERTED = "-estimated", "-inverted"
OURS = "instant"


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan."""
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Condition.parse(cell.cell), SIZE)
    inverted = cell.method.endswith(INVERTED)
    top = float(simulated.scan.data.max())
    started = time.process_time()
    result = super_resolve(
        _inverted(simulated.scan, top) if inverted else simulated.scan,
        None if cell.method.endswith(ESTIMATED) else simulated.profile,
        cell.method.removesuffix(ESTIMATED).removesuffix(INVERTED),
        cell.preset or None,
        axis=axis,
        like=simulated.truth,
        device=device,
        seed=cell.seed,
    )
    seconds = time.process_time() - started
    if inverted:
        result = replace(result, data=top - result.data)
    return {**figures_of(result, simulated), "restoring_cpu_seconds": seconds}


def _inverted(scan: Volume, top: float) -> Volume:
    return replace(scan, data=top - scan.data)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Each measure by volume, axis and cell; PSNR over Tikhonov's by cell; and what each method costs."""
    by = ["volume", "axis", "cell"] + (["seed"] if len({row["seed"] for row in rows}) > 1 else [])
    costs = [
        [method, preset, f"{len(own)}", mean(own, "restoring_cpu_seconds", 1)]
        for (method, preset), own in grouped(rows, "method", "preset").items()
    ]
    return [
        *(side_by_side(rows, measure, by, [OURS], ["smore", "tikhonov"]) for measure in ("psnr", "ssim", "hfen")),
        Table("CPU seconds a scan, profile given unless estimated", ["method", "preset", "scans", "CPU s"], costs),
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over Tikhonov's by cell; a dot a volume and axis."""
    start = {_place(row): row["psnr"] for row in rows if row["method"] == "tikhonov"}
    gains = [{**row, "gain": row["psnr"] - start[_place(row)]} for row in rows if _place(row) in start]
    draw_methods(gains, axes, ["cell"], "gain", "PSNR over Tikhonov's (dB)")


def _place(row: Row) -> tuple[str, str, str]:
    return row["volume"], row["axis"], row["cell"]


EXPERIMENT = Experiment(
    title="Instant: learned from no one's scans, beside SMORE and Tikhonov's inverse",
    conditions=(
        "gaussian:2@2",
        "gaussian:4@4",
        "rect:4@4",
        "measured:4@4",
        "gaussian:5@6",
        "gaussian:7.51@7.51",
        "gaussian:4@4,snr:30",
    ),
    methods={
        "tikhonov": METHODS.info("tikhonov"),
        "smore": METHODS.info("smore"),
        OURS: METHODS.info(OURS),
        f"{OURS}{ESTIMATED}": METHODS.info(OURS),
        f"{OURS}{INVERTED}": METHODS.info(OURS),
    },
    run=run,
    tables=tables,
    draw=draw,
)
