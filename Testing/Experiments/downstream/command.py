"""The subcommand ``downstream``: tissue volumes in what is made of simulated scans, beside those in the truth."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.metrics.image_quality import compare, head_mask, inside_field_of_view
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.super_resolve import super_resolve

from ..cells import Cell, CellRunner, Row
from ..condition import Axis
from ..measured_slices import MeasuredSlices
from ..report import Presentation, Table, grouped, mean
from ..super_resolution import label
from ..volumes import DATA_VARIABLE, data_folder, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .meshnet import Labels

NAME = "downstream"
#: Of T1-weighted heads, which the networks learned from.
VOLUMES = "*_t1*"
#: The tissues' labels in each network; the first one's are tabled.
NETWORKS = {"model5_gw_ae": {"WM": 1, "GM": 2}, "model18cls": {"WM": 1, "GM": 2}}
USUAL = ("bspline", "tikhonov", "instant", "smore")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Declare the command, but for what all have."""
    command = commands.add_parser(NAME, help=PRESENTATION.title)
    command.add_argument("--volumes", nargs="+", type=Path, metavar="FILE", help=f"default: T1 in ${DATA_VARIABLE}/iso")
    command.add_argument("--cells", nargs="+", metavar="PROFILE@MM", default=["Siemens@3", "Siemens@5", "Siemens@6"])
    command.add_argument("--methods", nargs="+", choices=list(METHODS), default=USUAL, metavar="METHOD")
    command.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=[*NETWORKS][:1])
    return command


def cells(options: argparse.Namespace, volumes: Mapping[str, Path]) -> list[Cell]:
    """The cells that are asked for: axial slices of each volume, by each method."""
    return [
        Cell(name, axial(whole(path)), f"{slices}/{network}", method, _preset(method, options.preset), seed)
        for seed in options.seeds
        for slices in map(MeasuredSlices.parse, options.cells)
        for network in options.networks
        for name, path in volumes.items()
        for method in options.methods
    ]


def _preset(method: str, asked: str | None) -> str:
    return METHODS.info(method).preset(asked)


def axial(volume: Volume) -> Axis:
    """The axis that runs through axial slices."""
    upwards = np.abs(volume.affine[2, :3]) / volume.spacing
    return cast(Axis, AXIS_NAMES[int(np.argmax(upwards))])


def runner(volumes: Mapping[str, Path], device: str) -> CellRunner:
    """What runs a cell, given where volumes are."""
    return partial(_run, dict(volumes), device)


def _run(volumes: dict[str, Path], device: str, cell: Cell) -> Row:
    """Tissue volumes and Dice of a simulated scan's result, and how close it is to the truth."""
    axis, (text, network) = cast(Axis, cell.axis), cell.cell.split("/")
    slices, path = MeasuredSlices.parse(text), volumes[cell.volume]
    truth = whole(path)
    voxel = truth.spacing[AXIS_NAMES.index(axis)]
    profile = slices.profile(data_folder() / "profiles").resampled(voxel)
    scan = simulate(truth, profile, slices.spacing / voxel, axis)
    device = METHODS.info(cell.method).usable_device(cell.preset or None, device)
    started = time.perf_counter()
    result = super_resolve(
        scan, profile, cell.method, cell.preset or None, axis=axis, like=truth, device=device, seed=cell.seed
    )
    seconds = time.perf_counter() - started
    mask = head_mask(truth) & inside_field_of_view(truth, scan)
    return {
        **tissue_figures(truth_labels(path, network), labels_of(result, network), NETWORKS[network]),
        "psnr": compare(truth, result, mask).psnr,
        "restoring_seconds": seconds,
        "device": result.device,
    }


@lru_cache(maxsize=8)
def truth_labels(path: Path, network: str) -> Labels:
    """What a network makes of the truth."""
    return labels_of(whole(path), network)


def labels_of(volume: Volume, network: str) -> Labels:
    """What a network makes of a volume."""
    from SuperResolveLib.device import choose_device

    from .meshnet import read_meshnet, segmented

    return segmented(read_meshnet(data_folder() / "downstream" / network), volume, choose_device("auto").type)


def tissue_figures(truth: Labels, result: Labels, tissues: Mapping[str, int]) -> Row:
    r"""Volumes in ml, their errors in percent, and Dice :math:`2 |T \cap R| / (|T| + |R|)`; voxels have 1 mm³.

    Dice of WM and GM together is the mean of theirs.

    Args:
        truth: labels in the truth.
        result: labels in a result, of the same shape.
        tissues: labels by the names of tissues.
    """
    figures: Row = {}
    for name, number in tissues.items():
        true, found = truth == number, result == number
        true_volume, volume = float(np.sum(true)), float(np.sum(found))
        figures[f"{name}_truth_ml"], figures[f"{name}_ml"] = true_volume / 1000, volume / 1000
        figures[f"{name}_error"] = 100 * (volume / true_volume - 1)
        figures[f"{name}_dice"] = 2 * float(np.sum(true & found)) / (true_volume + volume)
    figures["dice"] = float(np.mean([figures[f"{name}_dice"] for name in tissues]))
    return figures


#: Columns of the table: name in a row, title, digits.
_COLUMNS = (
    ("dice", "Dice", 3),
    ("WM_dice", "WM", 3),
    ("GM_dice", "GM", 3),
    ("WM_error", "WM volume (%)", 1),
    ("GM_error", "GM volume (%)", 1),
    ("psnr", "PSNR (dB)", 2),
    ("restoring_seconds", "seconds", 0),
)


def tables(rows: Sequence[Row]) -> list[Table]:
    """A table a network: a line a cell, volume and method; the mean of a method where there are several volumes."""
    rows = sorted(rows, key=lambda row: (_network(row), _slices(row).spacing, row["volume"]))
    return [
        Table(
            f"Dice with the truth's tissues, and errors of their volumes ({network})",
            ["slices", "volume", "method", *(title for _, title, _ in _COLUMNS)],
            [*_lines(own), *(_lines(own, "mean") if len(grouped(own, "volume")) > 1 else [])],
        )
        for (network,), own in grouped([{**row, "network": _network(row)} for row in rows], "network").items()
    ]


def _lines(rows: Sequence[Row], mean_over: str = "") -> list[list[str]]:
    told = [
        {**row, "slices": str(_slices(row)), "label": label(row), "volume": mean_over or row["volume"]} for row in rows
    ]
    return [
        [*place, *(mean(own, name, digits) for name, _, digits in _COLUMNS)]
        for place, own in grouped(told, "slices", "volume", "label").items()
    ]


def _slices(row: Row) -> MeasuredSlices:
    return MeasuredSlices.parse(row["cell"].split("/")[0])


def _network(row: Row) -> str:
    return str(row["cell"].split("/")[1])


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """Volume errors of WM (filled) and GM (hollow) by slices and network, a colour a method, a dot a volume."""
    rows = sorted(rows, key=lambda row: (_network(row), _slices(row).spacing))
    places = {place: index for index, (place,) in enumerate(grouped(rows, "cell"))}
    methods = list(dict.fromkeys(map(label, rows)))
    for row in rows:
        number = methods.index(label(row))
        place = places[row["cell"]] + 0.7 * ((number + 0.5) / len(methods) - 0.5)
        axes.plot([place], [row["WM_error"]], "o", color=f"C{number}")
        axes.plot([place], [row["GM_error"]], "o", color=f"C{number}", markerfacecolor="none")
    for number, method in enumerate(methods):
        axes.plot([], [], "o", color=f"C{number}", label=method)
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.set_xticks(range(len(places)), [place.replace("/", "\n") for place in places], fontsize="x-small")
    axes.set_ylabel("error of the volume of WM (filled) and GM (%)")
    axes.legend(frameon=False, fontsize="small")


PRESENTATION = Presentation("Tissue volumes of what is made of scans, beside the truth's", tables, draw)
