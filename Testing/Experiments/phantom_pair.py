"""A thick scan's slice profile, measured against a thin scan of the same object, beside what is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.data.geometry import AxisName
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.image_io.profile_table import read_profile
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.physics.profile import profile_error
from SuperResolveLib.workflows.estimate import estimate_profile

from .cells import Cell, CellRunner, Row
from .report import Presentation, Table, grouped, mean
from .super_resolution import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def runner(scan: Path, truth: Path, device: str) -> CellRunner:
    """What runs a cell on these files."""
    return partial(_run, scan, truth, device)


def _run(scan: Path, truth: Path, device: str, cell: Cell) -> Row:
    """Estimate the scan's profile."""
    measured = read_profile(truth)
    axis, preset = cast(AxisName, cell.axis), cell.preset or None
    device = ESTIMATORS.info(cell.method).usable_device(preset, device)
    estimate = estimate_profile(read_volume(scan), cell.method, preset, axis, device, cell.seed)
    low, high = estimate.interval_mm
    return {
        "true_fwhm_mm": measured.fwhm_mm,
        "fwhm_mm": estimate.fwhm_mm,
        "fwhm_low_mm": low,
        "fwhm_high_mm": high,
        "fwhm_error_mm": abs(estimate.fwhm_mm - measured.fwhm_mm),
        "profile_error": profile_error(estimate, measured),
        "seconds": estimate.seconds,
        "device": estimate.device,
        "offsets_mm": (estimate.offsets - estimate.centroid_mm).tolist(),
        "density_per_mm": (estimate.weights / estimate.tap_spacing).tolist(),
        "true_offsets_mm": (measured.offsets - measured.centroid_mm).tolist(),
        "true_density_per_mm": (measured.weights / measured.tap_spacing).tolist(),
    }


def tables(rows: Sequence[Row]) -> list[Table]:
    """Means over seeds, in mm."""
    columns = {"true_fwhm_mm": 2, "fwhm_mm": 2, "fwhm_error_mm": 2, "profile_error": 2, "seconds": 0, "cpu_seconds": 0}
    lines = [
        [
            volume,
            method,
            str(len(group)),
            *(mean(group, name, digits) for name, digits in columns.items()),
        ]
        for (volume, method), group in grouped(_labelled(rows), "volume", "label").items()
    ]
    header = ["scan", "method", "n", "measured FWHM", "FWHM", "FWHM error", "profile error", "s", "CPU s"]
    return [Table("Widths in mm, means over seeds", header, lines)]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The profiles over mm, centred, a colour a method."""
    for index, ((method,), of_method) in enumerate(grouped(_labelled(rows), "label").items()):
        for row in of_method:
            axes.plot(row["offsets_mm"], row["density_per_mm"], color=f"C{index}", alpha=0.6, linewidth=1)
        axes.plot([], [], color=f"C{index}", label=f"{method}, each seed")
    axes.plot(rows[0]["true_offsets_mm"], rows[0]["true_density_per_mm"], "o-", color="k", label="measured")
    axes.set(xlabel="offset (mm)", ylabel="weight per mm", ylim=(0, None))
    axes.legend(frameon=False)


def _labelled(rows: Sequence[Row]) -> list[Row]:
    return [{**row, "label": label(row)} for row in rows]


PRESENTATION = Presentation("A thick scan's estimated profile beside the measured one", tables, draw)
