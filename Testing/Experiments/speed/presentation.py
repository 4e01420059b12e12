"""The cells as a page: seconds and memory, how they grow, stages, learning and arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..cells import Row
from ..report import Presentation, Table, grouped
from ..super_resolution import label
from .measure import RATE, SHARES, STAGE
from .plan import ARITHMETIC, TIMES, UNCERTAINTY, Load

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The page's name.
NAME = "performance"

_SECONDS = """
A scan is a head phantom in slices along k, cut or mirrored to its size; its profile is a Gaussian as wide as the slices
are apart, and methods of super-resolution are given it. The super-resolved volume has ratio times as many planes. Each
cell runs in a process of its own; importing packages and making the scan do not count, and a run of under two seconds
is the fastest of three. Of a method that learns by iterations only some are run: after ≈ stand the seconds that its
preset takes if all its iterations are like those. CPU seconds are of what was run. Peak memory is the largest resident
set of the process, Python and its packages included; GPU peak is the most that tensors took there.
"""

_GROWTH = """
Over sizes, all else alike, without learning, which takes as long for all but small scans. The exponent is the slope of
log seconds over log megavoxels of the scan: 1 is linear. Memory is fitted by a line: what any scan needs, Python and
its packages included, and what a megavoxel adds. A copy of the scan in single precision takes 3.8 MiB a megavoxel, one
of the super-resolved volume ratio times as much.
"""

_STAGES = """
From the reports of progress. Importing packages does not count in the seconds above; of learning, the iterations
that were run do.
"""

_LEARNING = """
An iteration is the median of those that were run. After ≈ stand the seconds of the whole preset, if all its iterations
are like it.
"""

_ARITHMETIC = """
Operations are those of products and convolutions, forward and backward, as torch counts them by their definition; an
algorithm such as Winograd's computes a convolution in fewer. What they are compared with is the rate of a product of
large matrices in single precision, in which all of this computes, in the same process.
"""

_WHERE = """
By torch's profiler: the operations that take the most wall time of learning, and of applying what was learnt. On a GPU
they are kernels, and it waits between them; on a processor, Python runs between them.
"""


@dataclass(frozen=True)
class Explained(Table):
    """A table below what it says."""

    explanation: str = ""

    def markdown(self) -> str:
        """Title, explanation, table."""
        title, table = super().markdown().split("\n\n", 1)
        return f"{title}\n\n{' '.join(self.explanation.split())}\n\n{table}"


def tables(rows: Sequence[Row]) -> list[Table]:
    """All tables of the page."""
    times = _in_order([row for row in rows if row["what"] == TIMES])
    uncertain = _in_order([row for row in rows if row["what"] == UNCERTAINTY])
    counted = _in_order([row for row in rows if row["what"] == ARITHMETIC])
    return [
        *([_seconds(times), _growth(times), _stages(times)] if times else []),
        *([_seconds(uncertain, "Seconds and memory with the uncertainty")] if uncertain else []),
        *([_learning(counted), _arithmetic(counted), _where(counted)] if counted else []),
    ]


def _seconds(rows: Sequence[Row], title: str = "Seconds and memory") -> Table:
    """A line a cell."""
    columns = {"cpu_seconds": "CPU s", "peak_memory_mib": "peak MiB", "peak_gpu_memory_mib": "GPU peak MiB"}
    shown = {column: name for column, name in columns.items() if any(column in row for row in rows)}
    lines = [
        [label(row), row["volume"], f"{row['ratio']:g}", _place(row), _preset_seconds(row)]
        + [_number(row, column) for column in shown]
        for row in rows
    ]
    notes = " ".join(sorted({row["note"] for row in rows}))
    header = ["method", "scan", "ratio", "on", "s", *shown.values()]
    return Explained(title, header, lines, f"{_SECONDS} {notes}")


def _growth(rows: Sequence[Row]) -> Table:
    """A line a method that ran on several sizes."""
    lines = []
    for series in by_size(rows):
        if len(series) > 1:
            largest = series[-1]["rest_seconds"] / series[-1]["megavoxels"]
            slopes = [f"{exponent(series, column):.2f}" for column in ("rest_seconds", "rest_cpu_seconds")]
            added, always = _line(_column(series, "megavoxels"), _column(series, "peak_memory_mib"))
            lines.append([*_method_and_place(series[0]), *slopes, _digits(largest), f"{always:.0f}", f"{added:.0f}"])
    header = ["method", "on", "exponent", "of CPU s", "s a megavoxel, largest", "MiB, any scan", "MiB a megavoxel"]
    return Explained("How they grow with the scan", header, lines, _GROWTH)


def _stages(rows: Sequence[Row]) -> Table:
    """A line a stage of each method, a column a size."""
    every = by_size(rows)
    sizes = list(dict.fromkeys(row["volume"] for series in every for row in series))
    lines = []
    for series in every:
        of_size = {row["volume"]: row for row in series}
        stages = dict.fromkeys(name for row in series for name in row if name.startswith(STAGE))
        lines += [
            [*_method_and_place(series[0]), stage.removeprefix(STAGE)]
            + [_number(of_size.get(size, {}), stage) for size in sizes]
            for stage in stages
        ]
    return Explained("Seconds by stage", ["method", "on", "stage", *sizes], lines, _STAGES)


def _learning(rows: Sequence[Row]) -> Table:
    """A line a learner and place."""
    lines = [
        [
            label(row),
            _place(row),
            f"{1e3 * row['seconds_an_iteration']:.3g}",
            str(row["iterations"]),
            str(row["preset_iterations"]),
            _preset_seconds(row),
        ]
        for row in rows
    ]
    header = ["method", "on", "ms an iteration", "run here", "of the preset", "s"]
    return Explained(f"Learning on a scan of {rows[0]['volume']}", header, lines, _LEARNING)


def _arithmetic(rows: Sequence[Row]) -> Table:
    """A line for an iteration and one for applying what was learnt, with the share of the rate that they reach."""
    lines = []
    for row in rows:
        rate = row[f"{RATE}float32"]
        passes = [("an iteration", row["operations_an_iteration"], row["seconds_an_iteration"])]
        if "inference_seconds" in row:
            passes.append(("applying it", row["inference_operations"], row["inference_seconds"]))
        lines += [
            [
                *_method_and_place(row),
                what,
                _digits(operations / 1e9),
                _digits(seconds),
                _digits(operations / seconds / 1e9),
                _digits(rate / 1e9),
                f"{operations / seconds / rate:.0%}",
            ]
            for what, operations, seconds in passes
        ]
    others = {
        f"A product reaches {row[name] / 1e12:.0f} TFLOP/s in {name.removeprefix(RATE)} on {_place(row)}."
        for row in rows
        for name in row
        if name.startswith(RATE) and not name.endswith("float32")
    }
    header = ["method", "on", "what", "GFLOP", "s", "GFLOP/s", "GFLOP/s of a product", "share"]
    return Explained("Arithmetic", header, lines, " ".join([_ARITHMETIC, *sorted(others)]))


def _where(rows: Sequence[Row]) -> Table:
    """A line an operation."""
    lines = [
        [*_method_and_place(row), name.removeprefix(SHARES), f"`{operation[:60]}`", f"{share:.0%}"]
        for row in rows
        for name in row
        if name.startswith(SHARES)
        for operation, share in row[name]
        if share >= 0.005
    ]
    return Explained("Where the time goes", ["method", "on", "stage", "operation", "share"], lines, _WHERE)


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """Seconds, on logarithmic axes, and peak memory over the size of the scan, a line a method."""
    figure = axes.figure
    grid = figure.add_gridspec(1, 2)
    axes.set_subplotspec(grid[0])
    memory = figure.add_subplot(grid[1])
    memory.spines[["top", "right"]].set_visible(False)
    every = by_size([row for row in rows if row["what"] == TIMES])
    for series in every:
        voxels = _column(series, "megavoxels")
        axes.loglog(voxels, _column(series, "rest_seconds"), "o-", label=", ".join(_method_and_place(series[0])))
        memory.plot(voxels, _column(series, "peak_memory_mib"), "o-")
    sizes = sorted({float(row["megavoxels"]) for series in every for row in series})
    axes.loglog(sizes, sizes, ":", color="0.5", label="1 s a megavoxel")
    axes.set(title="", xlabel="megavoxels of the scan", ylabel="s, without learning")
    memory.set(xlabel="megavoxels of the scan", ylabel="peak memory (MiB)", ylim=(0, None))
    axes.legend(frameon=False, fontsize="x-small")


def by_size(rows: Sequence[Row]) -> list[list[Row]]:
    """For each method and device, the ratio and number of threads with the most sizes, the sizes ascending."""
    found = []
    for of_method in grouped([{**row, "label": label(row)} for row in rows], "label", "device").values():
        series = max(grouped(of_method, "ratio", "threads").values(), key=len)
        found.append(sorted(series, key=lambda row: float(row["megavoxels"])))
    return found


def exponent(series: Sequence[Row], column: str) -> float:
    """The slope of the log of a column over log megavoxels."""
    return _line(np.log(_column(series, "megavoxels")), np.log(_column(series, column)))[0]


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept by least squares."""
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), float(intercept)


def _column(series: Sequence[Row], name: str) -> NDArray[np.float64]:
    return np.array([row[name] for row in series], dtype=np.float64)


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """By method as they first ran, then by size, ratio and threads."""
    methods = list(dict.fromkeys(label(row) for row in rows))
    by_number = sorted(rows, key=lambda row: [row[name] for name in ("megavoxels", "ratio", "device", "threads")])
    return sorted(by_number, key=lambda row: methods.index(label(row)))


def _place(row: Row) -> str:
    """The GPU, or the number of threads."""
    if Load.parse(row["cell"]).device == "cuda":
        return str(row["device"])
    return f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"


def _method_and_place(row: Row) -> list[str]:
    return [label(row), _place(row)]


def _preset_seconds(row: Row) -> str:
    """The seconds of a run, or after ≈ what the preset's would take."""
    if row.get("iterations") == row.get("preset_iterations"):
        return _digits(row["seconds"])
    return f"≈ {_digits(row['preset_seconds'])}"


def _number(row: Row, column: str) -> str:
    return _digits(row[column]) if column in row else "–"


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


PRESENTATION = Presentation("Performance", tables, draw)
