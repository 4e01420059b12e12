"""How long a supervised network has to learn: its PSNR over Tikhonov on a head it never saw, against processor time.

One volume is held out and the network trained on the others, for as many iterations as are asked for; on the way, the
averaged weights restore the middle of the held-out head from scans simulated along each of its axes. Nothing is chosen
on the held-out head: no early stopping, no best state.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.metrics.image_quality import Mask, compare, head_mask
from SuperResolveLib.model import Model
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Cell, CellRunner, Row
from .condition import Axis, Condition
from .report import Presentation, Table
from .volumes import middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Voxels along every axis of the part of the held-out head that is restored.
BLOCK = 96
#: How often the network is looked at, each time after this factor more iterations, from so many.
FIRST_LOOK, FACTOR = 250, 2**0.5


@dataclass(frozen=True)
class Trial:
    """A scan simulated along one axis of the middle of a head, what it is of, and what Tikhonov's inverse reaches."""

    axis: str
    truth: Volume
    scan: Volume
    profile: SliceProfile
    mask: Mask
    reference: float

    def gain(self, model: Model) -> float:
        """PSNR over Tikhonov's, in dB."""
        result = super_resolve(self.scan, self.profile, model=model, like=self.truth, device="cpu")
        return compare(self.truth, result, self.mask).psnr - self.reference


def trials(path: Path, condition: Condition) -> list[Trial]:
    """A trial along each axis."""
    truth = middle(read_volume(path), BLOCK)
    mask, made = head_mask(truth), []
    names: tuple[Axis, ...] = ("i", "j", "k")
    for axis in names:
        profile = condition.profile(truth.spacing[AXIS_NAMES.index(axis)])
        scan = simulate(truth, profile, condition.ratio, axis, condition.phase)
        baseline = super_resolve(scan, profile, "tikhonov", like=truth)
        made.append(Trial(axis, truth, scan, profile, mask, compare(truth, baseline, mask).psnr))
    return made


def runner(volumes: Mapping[str, Path], iterations: int | None, synthetic: int, device: str) -> CellRunner:
    """What trains on all volumes but a cell's."""
    return partial(_run, dict(volumes), iterations, synthetic, device)


def _run(volumes: dict[str, Path], asked: int | None, synthetic: int, device: str, cell: Cell) -> Row:
    """The learning curve on the volume that is held out."""
    from SuperResolveLib.device import choose_device, reproducible
    from SuperResolveLib.methods.networks import tensors_of
    from SuperResolveLib.methods.trainable import TrainingSettings
    from SuperResolveLib.methods.trainables import TRAINABLES
    from SuperResolveLib.workflows.training_request import Collections, Request

    held_out = trials(volumes[cell.volume], Condition.parse(cell.cell))
    others = tuple(path for name, path in volumes.items() if name != cell.volume) if synthetic == 0 else ()
    request = Request(method="supervised", sources=others, synthetic=synthetic, validate=0.0, seed=cell.seed)
    collections = Collections.of(request, lambda *_: None)
    iterations = asked or TRAINABLES["supervised"].iterations(cell.preset, cell.method)["regression"]
    settings = TrainingSettings(
        preset=cell.preset,
        network=cell.method,
        device=choose_device(device),
        seed=cell.seed,
        iterations={"regression": iterations},
    )
    curve: list[dict[str, Any]] = []
    with reproducible(cell.seed):
        method = TRAINABLES["supervised"](settings, collections.training, collections.validation)
        step = method.begin("regression").step
        looks, spent = set(_looks(iterations)), 0.0
        for iteration in range(iterations):
            started = time.process_time()
            step.update(iteration)
            spent += time.process_time() - started
            if iteration + 1 in looks:
                model = Model(method.card("regression"), tensors_of(method.network()))
                gains = {trial.axis: trial.gain(model) for trial in held_out}
                curve.append({"iteration": iteration + 1, "cpu_seconds": spent, **gains})
    return {
        "device": settings.device.type,
        "trained_on": f"{synthetic} synthetic volumes" if synthetic else f"{len(others)} heads",
        "iterations": iterations,
        "training_cpu_seconds": spent,
        "parameters": sum(tensor.size for tensor in tensors_of(method.network()).values()),
        **{f"gain_{axis}": curve[-1][axis] for axis in AXIS_NAMES},
        **{f"tikhonov_{trial.axis}": trial.reference for trial in held_out},
        "curve": curve,
    }


def _looks(iterations: int) -> Iterator[int]:
    look = float(FIRST_LOOK)
    while look < iterations:
        yield round(look)
        look *= FACTOR
    yield iterations


def tables(rows: Sequence[Row]) -> list[Table]:
    """The gain at the end by axis, and the curve."""
    ends = [
        [
            row["volume"],
            row["cell"],
            f"{row['method']} {row['preset']}",
            str(row["seed"]),
            row["trained_on"],
            f"{row['parameters']:,}",
            f"{row['iterations']:,}",
            f"{row['training_cpu_seconds']:.0f}",
            *(f"{row[f'gain_{axis}']:+.2f}" for axis in AXIS_NAMES),
            f"{np.mean([row[f'gain_{axis}'] for axis in AXIS_NAMES]):+.2f}",
        ]
        for row in rows
    ]
    header = [
        "held out",
        "cell",
        "network",
        "seed",
        "trained on",
        "parameters",
        "iterations",
        "CPU s",
        *AXIS_NAMES,
        "mean",
    ]
    looks = [
        [
            row["volume"],
            row["cell"],
            f"{row['method']} {row['preset']}",
            f"{look['iteration']:,}",
            f"{look['cpu_seconds']:.0f}",
            f"{_mean_gain(look):+.2f}",
        ]
        for row in rows
        for look in row["curve"]
    ]
    return [
        Table("PSNR over Tikhonov at the end (dB)", header, ends),
        Table("On the way", ["held out", "cell", "network", "iteration", "CPU s", "mean gain (dB)"], looks),
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """A curve a row: the mean gain over axes against processor time."""
    for row in rows:
        label = f"{row['method']} {row['preset']}, {row['volume']}, {row['cell']}, {row['trained_on']}"
        seconds = [look["cpu_seconds"] for look in row["curve"]]
        axes.plot(seconds, [_mean_gain(look) for look in row["curve"]], marker=".", label=label)
    axes.axhline(0.5, color="0.6", linewidth=0.8, linestyle="--")
    axes.axhline(0, color="0.8", linewidth=0.8)
    axes.set(xscale="log", xlabel="CPU-seconds of training", ylabel="PSNR over Tikhonov (dB)")
    axes.legend(frameon=False, fontsize="x-small")


def _mean_gain(look: Mapping[str, float]) -> float:
    return float(np.mean([look[axis] for axis in AXIS_NAMES]))


PRESENTATION = Presentation("What a supervised network gains over Tikhonov on an unseen head", tables, draw)
