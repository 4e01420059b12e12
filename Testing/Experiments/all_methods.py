"""All methods side by side: what each learns from and needs, what it may invent, what it costs, and what it reaches.

One head is held out. Methods that learn from a collection are trained on the others by the very command that users
have, without validation figures, so that nothing is chosen on the head that is judged; then every method restores the
same scans, simulated from the middle of that head, given the true profile.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.model import Model
from SuperResolveLib.registry import Info
from SuperResolveLib.workflows.evaluate import evaluate
from SuperResolveLib.workflows.train import train

from .cells import Cell, CellRunner, Record, Row, run_cells
from .condition import Axis, Condition
from .report import Presentation, Table, grouped, mean
from .volumes import middle_of, subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from SuperResolveLib.methods.trainable import TrainableInfo

NAME = "methods"


@dataclass(frozen=True)
class Told:
    """What of a method its declaration does not tell.

    Attributes:
        needs: beside the scan.
        invents: what of its result may not be there.
    """

    needs: str
    invents: str


_PICTURES = "detail like that of what it learned from"
TOLD = {
    "bspline": Told("nothing", "nothing: blurred"),
    "tikhonov": Told("a profile", "nothing: what slices average away stays away"),
    "instant": Told("a profile", "detail as in synthetic anatomy; no contrast that is not in the scan"),
    "smore": Told("a profile, minutes", "detail as in plane"),
    "edssr": Told("a profile, minutes", "detail as in plane; nothing ties it to the slices"),
    "zssr": Told("a profile, a minute", "detail as in plane"),
    "tscn": Told("minutes", "planes between slices; thickness stays"),
    "supervised": Told("a profile; thin scans, an hour of training", _PICTURES),
    "soup": Told("a profile; thin scans, an hour of training", _PICTURES),
    "xuan": Told("thick scans, an hour of training", "planes between slices; thickness stays"),
    "ct-guided": Told("a profile; thick scans and CT, hours of training", f"{_PICTURES}, which is CT"),
}
#: Those that are trained before, and do not ship what they learned; all are run with their first preset.
TRAINED = tuple(name for name in TRAINABLES if name not in METHODS)
#: Seconds at the right of the figure, where names are written to the left.
LONG = 20.0
FIGURES = (("psnr", "PSNR (dB)", 2), ("ssim", "SSIM", 4), ("hfen", "HFEN", 4), ("sharpness", "sharpness", 3))


@dataclass(frozen=True)
class Fold:
    """What is trained with one head held out.

    Attributes:
        volumes: all heads by name.
        held_out: the one that is judged.
        seed: of everything random.
        work: folder of the trainings.
        iterations: of methods that are trained, by name; the preset's of the others.
        ct: what ``ct-guided`` learns from beside the heads.
        features: that second stages compare.
        device: where to compute.
    """

    volumes: Mapping[str, Path]
    held_out: str
    seed: int
    work: Path
    iterations: Mapping[str, int] = field(default_factory=dict)
    ct: str = ""
    features: str = "none"
    device: str = "cpu"

    def trained(self, method: str) -> tuple[Model, float]:
        """A model, and the seconds of its training; a training that was stopped goes on."""
        info = cast("TrainableInfo", TRAINABLES.info(method))
        kept_out = subject_of(self.held_out)
        sources = [path for name, path in sorted(self.volumes.items()) if subject_of(name) != kept_out]
        own = {"ct": self.ct, "features": self.features}
        options = {name: own[name] for name in info.options if name in own}
        iterations = self.iterations.get(method)
        work = self.work / f"{self.held_out}-{method}-{iterations or 'preset'}-{self.seed}"
        trained = train(
            method,
            sources,
            validate=0.0,
            iterations=iterations,
            options=options,
            device=self.device,
            seed=self.seed,
            work=work,
            resume=any(work.glob("checkpoint-*")),
            say=_say,
        )
        return trained.model, trained.seconds


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to a parser's."""
    command = commands.add_parser(NAME, help="all methods side by side on the same scans, those that learn trained")
    command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help="default: the isotropic ones")
    command.add_argument("--held-out", nargs="+", metavar="NAME", help="each in turn; default: the first")
    command.add_argument("--axes", nargs="+", choices=AXIS_NAMES, default=["k"], help="through plane")
    command.add_argument("--cells", nargs="+", default=["gaussian:4@4"], metavar="SHAPE:WIDTH@RATIO")
    command.add_argument("--methods", nargs="+", metavar="NAME", help="default: all")
    command.add_argument("--size", type=int, default=96, help="voxels of the middle of the head, along each side")
    command.add_argument(
        "--iterations", nargs="*", default=[], metavar="METHOD=N", help="of training; default: the preset's"
    )
    command.add_argument("--ct", default="", metavar="FOLDER", help="that ct-guided learns from")
    command.add_argument("--features", default="none", help="that second stages compare")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    command.add_argument("--out", type=Path, required=True, help="folder for the results")
    command.add_argument("--work", type=Path, help="folder of the trainings; default: OUT/methods-work")


def run(volumes: Mapping[str, Path], options: argparse.Namespace) -> int:
    """Run the cells; 0 if every one ran, else 1.

    Raises:
        InputError: a held-out volume, a method or a number of iterations is none.
    """
    held_out = options.held_out or [min(volumes)]
    names = options.methods or [*METHODS, *TRAINED]
    _check(volumes, held_out, names, options.ct)
    iterations = dict(_iterations(text) for text in options.iterations)
    record = Record(options.out / f"{NAME}.jsonl")
    failures = 0
    for each in held_out:
        work = options.work or options.out / f"{NAME}-work"
        fold = Fold(volumes, each, options.seed, work, iterations, options.ct, options.features, options.device)
        cells = [
            Cell(each, axis, str(Condition.parse(cell)), name, _preset(name, iterations), options.seed)
            for name in names
            for cell in options.cells
            for axis in options.axes
        ]
        failures += run_cells(cells, _runner(fold, options.size), record, 1, _say)
    rows = record.rows()
    if rows:
        words = [Path(word).name if os.sep in word else word for word in options.words]
        PRESENTATION.write(rows, NAME, options.out, shlex.join(["python", "Testing/Experiments", *words]))
    return 1 if failures else 0


def _check(volumes: Mapping[str, Path], held_out: Sequence[str], names: Sequence[str], ct: str) -> None:
    unknown = next((name for name in held_out if name not in volumes), None)
    if unknown is not None or len(volumes) < 2:
        raise InputError(f"{unknown or held_out[0]} cannot be held out: name one of two or more, {', '.join(volumes)}")
    foreign = next((name for name in names if name not in TOLD), None)
    if foreign is not None:
        raise InputError(f"there is no method {foreign!r}: choose of {', '.join(TOLD)}")
    if "ct-guided" in names and not ct:
        raise InputError("ct-guided learns from CT: name it by --ct, or leave the method out by --methods")


def _iterations(text: str) -> tuple[str, int]:
    name, _, count = text.partition("=")
    if name not in TRAINED or not count.isdecimal() or not int(count):
        raise InputError(f"{text!r} is no number of iterations: give one as in supervised=5000")
    return name, int(count)


def _preset(name: str, iterations: Mapping[str, int]) -> str:
    info = _info(name)
    preset = info.preset(None) if info.presets else ""
    return f"{preset}, {iterations[name]} iterations" if name in iterations else preset


def _runner(fold: Fold, size: int) -> CellRunner:
    trained = cache(fold.trained)

    def run_cell(cell: Cell) -> Row:
        condition = Condition.parse(cell.cell)
        models: dict[str, Model] = {}
        told: Row = {"device": fold.device}
        if cell.method in TRAINED:
            models[cell.method], told["training_seconds"] = trained(cell.method)
        return {
            **told,
            **_scored(
                middle_of(fold.volumes[fold.held_out], size),
                condition,
                cast(Axis, cell.axis),
                cell,
                models,
                fold.device,
            ),
        }

    return run_cell


def _scored(
    truth: Volume, condition: Condition, axis: Axis, cell: Cell, models: Mapping[str, Model], device: str
) -> Row:
    profile = condition.profile(truth.spacing[AXIS_NAMES.index(axis)])
    methods = [] if models else [cell.method]
    started = time.process_time()
    found = evaluate(
        {cell.volume: truth}, profile, condition.ratio, axis, methods, models, device=device, seed=cell.seed
    )
    (score,) = found.scores
    figures = {name: getattr(score, name) for name, _title, _digits in FIGURES}
    return {**figures, "restoring_cpu_seconds": score.cpu_seconds, "all_cpu_seconds": time.process_time() - started}


def _info(name: str) -> Info:
    return TRAINABLES.info(name) if name in TRAINED else METHODS.info(name)


def tables(rows: Sequence[Row]) -> list[Table]:
    """A line a method: figures, then what it needs and may invent; and PSNR by volume, axis and cell."""
    by_method = grouped(rows, "method", "preset")
    reached = [
        [
            _name(method, preset),
            *(mean(own, key, digits) for key, _title, digits in FIGURES),
            mean(own, "restoring_cpu_seconds", 0),
            f"{max(row['training_seconds'] for row in own) / 60:.0f}" if "training_seconds" in own[0] else "",
        ]
        for (method, preset), own in by_method.items()
    ]
    needed = [
        [_name(method, preset), _info(method).learns_from, TOLD[method].needs, TOLD[method].invents]
        for method, preset in by_method
    ]
    header = ["method", *(title for _key, title, _digits in FIGURES), "CPU s to restore", "minutes of training"]
    places = list(dict.fromkeys((row["volume"], row["axis"], row["cell"], row["seed"]) for row in rows))
    single = [
        [
            _name(method, preset),
            *(
                mean(at, "psnr", 2)
                if (at := [r for r in own if (r["volume"], r["axis"], r["cell"], r["seed"]) == place])
                else ""
                for place in places
            ),
        ]
        for (method, preset), own in by_method.items()
    ]
    return [
        Table("Reached: means over volumes, axes and cells", header, reached),
        Table("Needed, and what may be invented", ["method", "learns from", "needs", "may invent"], needed),
        Table(
            "PSNR (dB)",
            ["method", *(f"{v} {a} {c}" + (f" seed {s}" if s else "") for v, a, c, s in places)],
            single,
        ),
    ]


def _name(method: str, preset: str) -> str:
    return f"{method} ({preset})" if preset else method


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR against the seconds that restoring takes, a point a method."""
    for (method, preset), own in grouped(rows, "method", "preset").items():
        seconds = max(sum(row["restoring_cpu_seconds"] for row in own) / len(own), 1e-2)
        psnr = sum(row["psnr"] for row in own) / len(own)
        before = "training_seconds" in own[0]
        axes.plot(seconds, psnr, "s" if before else "o", color="C1" if before else "C0")
        told = "center" if seconds < LONG else "right"
        axes.annotate(
            _name(method, preset), (seconds, psnr), (0, 6), textcoords="offset points", fontsize="x-small", ha=told
        )
    axes.set(xscale="log", xlabel="CPU-seconds to restore a scan", ylabel="PSNR (dB)")
    axes.margins(0.15, 0.1)
    axes.set_title("square: trained before", fontsize="x-small", loc="right")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


PRESENTATION = Presentation("All methods side by side", tables, draw)
