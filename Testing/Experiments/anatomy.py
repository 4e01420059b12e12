"""Synthetic anatomy: what it looks like, what a volume costs, and its amplitude spectrum beside that of scans."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy

from .cells import Cell, CellRunner, Row
from .report import Presentation, Table
from .volumes import middle_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "anatomy"
#: What a cell is of: made from its seed, or the middle of a scan.
MADE, SCAN = "synthetic", "scan"
SIZE = 96
SLOPES = tuple(f"slope along {axis}" for axis in AXIS_NAMES)
#: The fit's lowest frequency in periods over the volume, its highest in cycles per voxel, and the cone's half angle.
LOWEST, HIGHEST, CONE = 3, 0.375, np.pi / 6
#: Volumes beside each other in the figure, and voxels between them.
COLUMNS, GAP = 3, 10


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(NAME, help=PRESENTATION.title)
    command.add_argument("--seeds", nargs="+", type=int, default=list(range(12)))
    command.add_argument("--volumes", nargs="+", type=Path, default=[], metavar="FILE", help="scans to compare with")
    command.add_argument("--out", type=Path, required=True, help="folder for the results")
    command.set_defaults(jobs=1)  # cells that run at once take time from each other


def cells(seeds: Sequence[int], scans: Sequence[str]) -> list[Cell]:
    """A cell for each seed, and one for each scan by name."""
    made = [Cell(MADE, "ijk", str(SIZE), MADE, "", seed) for seed in seeds]
    return made + [Cell(name, "ijk", str(SIZE), SCAN, "", 0) for name in scans]


def runner(scans: Mapping[str, Path]) -> CellRunner:
    """What runs a cell, given where scans are."""
    return partial(_run, dict(scans))


def _run(scans: dict[str, Path], cell: Cell) -> Row:
    """The slopes of a volume's spectrum, and of synthetic anatomy its middle planes in 8 bits."""
    size = int(cell.cell)
    if cell.method == SCAN:
        return {**_slopes(middle_of(scans[cell.volume], size).data), "device": "cpu"}
    started = time.process_time()
    data = synthetic_anatomy(cell.seed, size).data
    spent = time.process_time() - started
    # Shown as a reader of images sees them: the second axis upwards.
    planes = np.hstack([np.rot90(data.take(size // 2, axis)) for axis in range(3)])
    return {
        "picture": np.rint(255 * planes).astype(int).tolist(),
        **_slopes(data),
        "cpu_seconds": spent,
        "device": "cpu",
    }


def _slopes(data: NDArray[np.float32]) -> Row:
    return dict(zip(SLOPES, spectral_slopes(data), strict=True))


def spectral_slopes(data: NDArray[Any]) -> list[float]:
    """The exponent by which the amplitude spectrum depends on frequency, in a cone about each axis.

    It is the root mean square over shells one period over the volume thick, fitted on logarithmic scales. Edges of
    objects have about -2 in space. Volumes are tapered by Hann windows, shape (ni, nj, nk).
    """
    tapered = data - data.mean()
    for axis, size in enumerate(data.shape):
        tapered = tapered * np.expand_dims(np.hanning(size), [other for other in range(3) if other != axis])
    power = np.abs(fft.fftn(tapered)) ** 2
    frequencies = np.ix_(*(fft.fftfreq(size) for size in data.shape))
    radius = np.sqrt(sum(each**2 for each in frequencies))
    side = min(data.shape)
    shells = np.arange(LOWEST, round(HIGHEST * side))
    slopes = []
    for along in frequencies:
        within = np.abs(along) > np.cos(CONE) * radius
        shell = np.rint(radius[within] * side).astype(int)
        means = np.bincount(shell, power[within])[shells] / np.bincount(shell)[shells]
        weights = shells**-0.5  # as many shells weigh alike at low as at high frequencies, on a logarithmic scale
        slopes.append(float(np.polyfit(np.log(shells), 0.5 * np.log(means), 1, w=weights)[0]))
    return slopes


def tables(rows: Sequence[Row]) -> list[Table]:
    """Each volume's cost and slopes, the medians of synthetic anatomy, and the slopes of scans."""
    made, scans = ([row for row in rows if row["method"] == method] for method in (MADE, SCAN))
    made.sort(key=lambda row: int(row["seed"]))
    names = ["cpu_seconds", *SLOPES]
    lines = [[f"seed {row['seed']}", *(f"{row[name]:.2f}" for name in names)] for row in made]
    medians = [f"{np.median([row[name] for row in made]):.2f}" for name in names] if made else []
    scanned = [[row["volume"], "", *(f"{row[name]:.2f}" for name in SLOPES)] for row in scans]
    title = f"CPU seconds to make {SIZE}³ voxels, and slope of the amplitude spectrum in a cone about each axis"
    return [Table(title, ["volume", "CPU s", *SLOPES], [*lines, ["**median**", *medians], *scanned])]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The middle planes across i, j and k of each synthetic volume, labelled by its seed."""
    pictures = {int(row["seed"]): np.array(row["picture"]) for row in rows if row["method"] == MADE}
    height, width = (size + GAP for size in next(iter(pictures.values())).shape)
    lines = -(-len(pictures) // COLUMNS)
    montage = np.full((lines * height, COLUMNS * width - GAP), 255)
    for number, seed in enumerate(sorted(pictures)):
        top, left = number // COLUMNS * height + GAP, number % COLUMNS * width
        montage[top : top + height - GAP, left : left + width - GAP] = pictures[seed]
        axes.text(left, top - 1, f"seed {seed}", fontsize=5)
    axes.imshow(montage, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


PRESENTATION = Presentation("Synthetic anatomy, from which networks learn without scans", tables, draw)
