"""How many views of the scan SMORE's network must see: one network, applied under more and more of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.device import reproducible
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.metrics.image_quality import compare
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.progress import silent

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan, in_order
from .experiment import Experiment
from .report import Table, grouped, mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Sets of views, by what the table calls them; each view is (orientation, upside down, mirrored).
SETS: dict[str, tuple[tuple[int, bool, bool], ...]] = {
    "one": ((0, False, False),),
    "two alike": ((0, False, False), (1, False, False)),
    "two, one upside down": ((0, False, False), (1, True, False)),
    "four": ((0, False, False), (0, True, False), (1, False, False), (1, True, False)),
    "eight": tuple(
        (orientation, up, mirrored) for orientation in (0, 1) for up in (False, True) for mirrored in (False, True)
    ),
}


def run(cell: Cell, path: Path, device: str) -> Row:
    """PSNR of the mean over each set of views, made consistent with the scan."""
    from SuperResolveLib.methods.smore.super_resolve import PRESETS, trained
    from SuperResolveLib.methods.through_plane.answer import normalised
    from SuperResolveLib.methods.through_plane.network import fine_grid_of
    from SuperResolveLib.methods.through_plane.torch_network import TorchNetwork
    from SuperResolveLib.methods.through_plane.views import View

    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Condition.parse(cell.cell))
    scan, truth = simulated.scan, simulated.truth
    geometry = scan_geometry(scan, axis)
    problem = Problem.of(scan, geometry, simulated.profile, output_grid(scan, geometry, like=truth))
    stack, low, scale = normalised(problem)
    with reproducible(cell.seed):
        network, _ = trained(problem, PRESETS[cell.preset], device, stack, cell.seed, silent)
    applied = TorchNetwork(network)
    seen = {
        view: View(*view).apply(applied, fine_grid_of(problem), stack, problem.grid.positions, silent)
        for view in SETS["eight"]
    }
    figures: Row = {"device": str(next(network.parameters()).device)}
    for name, views in SETS.items():
        planes = np.mean([seen[view] for view in views], axis=0) * scale + low
        data = np.ascontiguousarray(np.moveaxis(planes, 0, geometry.axis), np.float32)
        problem.stack.make_consistent(data)
        figures[name] = compare(truth, truth.on_grid(data, truth.affine), simulated.mask).psnr
    return figures


def tables(rows: Sequence[Row]) -> list[Table]:
    """PSNR of each cell and set of views, and what each set lacks of all eight on average."""
    lines = [
        [*place, *(mean(group, name, 3) for name in SETS)]
        for place, group in grouped(in_order(rows), "volume", "axis", "cell").items()
    ]
    lacking = [f"{np.mean([row[name] - row['eight'] for row in rows]):+.3f}" for name in SETS]
    return [Table("PSNR (dB)", ["volume", "axis", "cell", *SETS], [*lines, ["mean, beside eight", "", "", *lacking]])]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """What each set of views lacks of all eight; a dot a cell."""
    for index, name in enumerate(SETS):
        axes.plot([index] * len(rows), [row[name] - row["eight"] for row in rows], "o", color="C0", alpha=0.5)
    axes.set_xticks(range(len(SETS)), list(SETS), fontsize="small")
    axes.set_ylabel("PSNR beside all eight views (dB)")


EXPERIMENT = Experiment(
    title="SMORE under one, two, four and eight views of the scan",
    conditions=("gaussian:4@4", "gaussian:6@7"),
    methods={"smore": METHODS.info("smore")},
    run=run,
    tables=tables,
    draw=draw,
)
