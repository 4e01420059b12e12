"""The published experiments as commands: ``python Testing/Experiments table1 --out results``.

Each writes its finished cells to ``OUT/NAME.jsonl`` as it goes, and ``NAME.csv``, ``NAME.md`` and ``NAME.png`` at the
end (``speed``: ``performance.csv``, ...). It can be stopped at any time; the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.errors import InputError
from SuperResolveLib.estimation.registry import ESTIMATORS

from . import all_methods, anatomy, instant, learning, phantom_pair, quality, table1, table2, table3, trust, views
from .cells import Cell, CellRunner, Record, run_cells
from .cohort import command as cohort
from .condition import Condition
from .ct_guided import command as ct_guided
from .ct_guided.plan import CT
from .downstream import command as downstream
from .report import Presentation
from .robustness import command as robustness
from .soup import command as soup
from .speed import measure, presentation
from .speed.plan import Plan
from .thickness import command as thickness
from .thickness import rows as thickness_rows
from .volumes import DATA_VARIABLE, data_folder
from .xuan import command as xuan

EXPERIMENTS = {
    "table1": table1.EXPERIMENT,
    "table2": table2.EXPERIMENT,
    "table3": table3.EXPERIMENT,
    "quality": quality.EXPERIMENT,
    "trust": trust.EXPERIMENT,
    "views": views.EXPERIMENT,
    "instant": instant.EXPERIMENT,
}
PAIR = "phantom-pair"
SPEED = "speed"
LEARNING = "learning"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an experiment; 0 if every cell ran, 1 if some failed, 2 on bad input."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(words, argparse.Namespace(words=words))
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        own = {
            PAIR: _pair,
            SPEED: _speed,
            LEARNING: _learning,
            xuan.NAME: _xuan,
            soup.NAME: _soup,
            all_methods.NAME: _methods,
            anatomy.NAME: _anatomy,
            ct_guided.NAME: _ct_guided,
            thickness.NAME: _thickness,
            cohort.NAME: cohort.run,
            downstream.NAME: _downstream,
        }
        others = {**own, **dict.fromkeys(robustness.NAMES, robustness.run)}
        return others.get(options.experiment, _experiment)(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2


def _experiment(options: argparse.Namespace) -> int:
    experiment = EXPERIMENTS[options.experiment]
    volumes = _volumes(options.volumes)
    cells = [
        Cell(volume, axis, str(Condition.parse(cell)), method, experiment.preset(method, options.preset), seed)
        for seed in options.seeds
        for cell in options.cells or experiment.conditions
        for axis in options.axes
        for volume in volumes
        for method in options.methods or experiment.methods
    ]
    return _run(options, cells, experiment.runner(volumes, options.device), experiment)


def _pair(options: argparse.Namespace) -> int:
    name = _stem(options.scan)
    cells = [
        Cell(name, options.axis, "measured", method, ESTIMATORS.info(method).preset(options.preset), seed)
        for seed in options.seeds
        for method in options.methods or ESTIMATORS
    ]
    run = phantom_pair.runner(options.scan, options.truth, options.device)
    return _run(options, cells, run, phantom_pair.PRESENTATION)


def _learning(options: argparse.Namespace) -> int:
    volumes = _volumes(options.volumes)
    cells = [
        Cell(volume, "ijk", str(Condition.parse(cell)), network, options.preset, seed)
        for seed in options.seeds
        for cell in options.cells
        for network in options.networks
        for volume in options.held_out or volumes
    ]
    run = learning.runner(volumes, options.iterations, options.synthetic, options.device)
    return _run(options, cells, run, learning.PRESENTATION, options.name)


def _speed(options: argparse.Namespace) -> int:
    plan = Plan(
        options.sizes,
        options.reference,
        options.ratios,
        options.threads,
        options.methods,
        options.learners,
        options.device,
        options.uncertain,
    )
    run = measure.runner(options.iterations, options.note)
    return _run(options, plan.cells(), run, presentation.PRESENTATION, presentation.NAME)


def _xuan(options: argparse.Namespace) -> int:
    return xuan.run(_volumes(options.volumes, xuan.FOLDERS[options.part]), options)


def _soup(options: argparse.Namespace) -> int:
    part = soup.PARTS[options.part]
    judged = [] if not part.judged else options.judged or [data_folder() / name for name in part.judged]
    return soup.run(_volumes(options.volumes, pattern=part.pattern), _named(judged), options)


def _methods(options: argparse.Namespace) -> int:
    return all_methods.run(_volumes(options.volumes), options)


def _anatomy(options: argparse.Namespace) -> int:
    scans = _named(options.volumes)
    return _run(options, anatomy.cells(options.seeds, list(scans)), anatomy.runner(scans), anatomy.PRESENTATION)


def _ct_guided(options: argparse.Namespace) -> int:
    files = options.ct or [data_folder() / name for name in CT.values()]
    return ct_guided.run(_volumes(options.volumes), dict(zip(CT, files, strict=True)), options)


def _downstream(options: argparse.Namespace) -> int:
    volumes = _volumes(options.volumes, pattern=downstream.VOLUMES)
    cells = downstream.cells(options, volumes)
    return _run(options, cells, downstream.runner(volumes, options.device), downstream.PRESENTATION)


def _thickness(options: argparse.Namespace) -> int:
    volumes, profiles, stacks = thickness.files_of(options)
    todo = thickness.cells(options, volumes, profiles, stacks)
    run = thickness_rows.runner({**volumes, **stacks}, profiles)
    return _run(options, todo, run, thickness_rows.PRESENTATION)


def _run(
    options: argparse.Namespace, cells: Sequence[Cell], run: CellRunner, presentation: Presentation, name: str = ""
) -> int:
    """Run the cells, then report all that the record holds, as files called ``name`` or as the experiment is.

    Raises:
        InputError: no process is to run them.
    """
    if options.jobs < 1:
        raise InputError(f"{options.jobs} cells cannot run at once: choose --jobs 1 or more")
    record = Record(options.out / f"{options.experiment}.jsonl")
    failures = run_cells(cells, run, record, options.jobs, report=lambda line: print(line, file=sys.stderr, flush=True))
    rows = record.rows()
    if rows:
        presentation.write(rows, name or options.experiment, options.out, _command(options))
    return 1 if failures else 0


def _command(options: argparse.Namespace) -> str:
    """The command as typed, files by their names only."""
    words = [Path(word).name if os.sep in word else word for word in options.words]
    return shlex.join(["python", "Testing/Experiments", *words])


def _volumes(paths: Sequence[Path] | None, folders: Sequence[str] = ("iso",), pattern: str = "*") -> dict[str, Path]:
    """The volumes by name; unless given those in folders of the shared data whose names fit a pattern.

    Raises:
        InputError: there are none, or two of the same name.
    """
    if not paths:
        data = data_folder()
        paths = [path for folder in folders for path in sorted((data / folder).glob(f"{pattern}.nii.gz"))]
    named = _named(paths)
    if not named:
        raise InputError("there are no volumes: name files with --volumes")
    return named


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    named = {_stem(path): path for path in paths}
    if len(named) < len(paths):
        raise InputError("there are two volumes of the same name: name different files with --volumes")
    return named


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python Testing/Experiments", description=__doc__)
    commands = parser.add_subparsers(dest="experiment", required=True)
    for name, experiment in EXPERIMENTS.items():
        cells = " ".join(experiment.conditions)
        command = commands.add_parser(name, help=experiment.title)
        command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help=f"default: ${DATA_VARIABLE}/iso")
        command.add_argument("--axes", nargs="+", choices=AXIS_NAMES, default=["j", "k"], help="through-plane axes")
        command.add_argument("--cells", nargs="+", metavar="SHAPE:WIDTH@RATIO", help=f"default: {cells}")
        command.add_argument("--methods", nargs="+", choices=experiment.methods, help="default: all")
        _add_common(command)
    pair = commands.add_parser(PAIR, help=phantom_pair.PRESENTATION.title)
    pair.add_argument("--scan", type=Path, required=True, help="the thick scan")
    pair.add_argument("--truth", type=Path, required=True, metavar="PROFILE.tsv", help="its measured profile")
    pair.add_argument("--axis", choices=("auto", *AXIS_NAMES), default="auto", help="through-plane axis")
    pair.add_argument("--methods", nargs="+", choices=list(ESTIMATORS), help="default: all")
    _add_common(pair)
    _add_learning(commands.add_parser(LEARNING, help=learning.PRESENTATION.title))
    _add_speed(commands.add_parser(SPEED, help="how long each stage takes, in how much memory, and what arithmetic"))
    robustness.add_to(commands)
    cohort.add_to(commands)
    xuan.add_to(commands)
    soup.add_to(commands)
    all_methods.add_to(commands)
    ct_guided.add_to(commands)
    thickness.add_to(commands)
    anatomy.add_to(commands)
    _add_common(downstream.add_to(commands))
    return parser


def _add_learning(command: argparse.ArgumentParser) -> None:
    command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help=f"default: ${DATA_VARIABLE}/iso")
    command.add_argument("--held-out", nargs="+", metavar="NAME", help="each in turn; default: all")
    command.add_argument("--cells", nargs="+", default=["gaussian:4@4"], metavar="SHAPE:WIDTH@RATIO")
    command.add_argument("--networks", nargs="+", default=["deepresolve"])
    command.add_argument("--iterations", type=int, help="default: the preset's own")
    command.add_argument("--synthetic", type=int, default=0, metavar="N", help="learn from N synthetic volumes instead")
    command.add_argument("--name", default="", help="of the page; default: learning")
    _add_common(command)
    command.set_defaults(preset="fast")


def _add_speed(command: argparse.ArgumentParser) -> None:
    usual = Plan()
    command.add_argument("--sizes", nargs="+", default=usual.sizes, metavar="NIxNJxNK", help="of scans")
    command.add_argument("--reference", default=usual.reference, help="size at which ratios and threads vary")
    command.add_argument("--ratios", nargs="+", type=float, default=usual.ratios, help="the first for every size")
    command.add_argument("--threads", nargs="+", type=int, default=usual.threads, help="the first for every size")
    command.add_argument("--methods", nargs="+", default=usual.methods, metavar="NAME[/PRESET]", help="to be timed")
    command.add_argument("--learners", nargs="*", default=usual.learners, metavar="NAME[/PRESET]", help="to be counted")
    command.add_argument(
        "--uncertain", nargs="*", default=usual.uncertain, metavar="NAME[/PRESET]", help="with it, too"
    )
    command.add_argument("--device", choices=("cpu", "cuda"), default=usual.device)
    command.add_argument("--iterations", type=int, default=measure.ITERATIONS, help="of methods that learn")
    command.add_argument("--note", default="", help="a sentence on the machine, for the page")
    command.add_argument("--out", type=Path, required=True, help="folder for performance.md, .csv and .png")
    command.set_defaults(jobs=1)  # cells that run at once take time from each other


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seeds", nargs="+", type=int, default=[0])
    command.add_argument("--preset", help="default: the method's own")
    command.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    command.add_argument("--jobs", type=int, default=1, help="cells that run at once, in processes of their own")
    command.add_argument("--out", type=Path, required=True, help="folder for the results")


if __name__ == "__main__":
    sys.exit(main())
