"""Estimates, and the tables and figure of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from SuperResolveLib.data.geometry import AxisName
from SuperResolveLib.workflows.estimate import estimate_profile

from ..cells import Cell, CellRunner, Row
from ..report import Presentation, Table, grouped, mean
from .plan import METHODS, WHOLE, WITH_HEADER
from .scans import scan_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: By column: its title and digits.
_COLUMNS = {
    "error": ("FWHM error", 2),
    "signed_error": ("FWHM − true", 2),
    "held": ("interval holds", 2),
    "interval_width": ("its width", 2),
    "rms_error": ("rms width error (%)", 1),
    "rms_held": ("its interval holds", 2),
    "prior_share": ("prior", 2),
    "cpu_seconds": ("CPU s", 1),
}


def runner(files: Mapping[str, Path], profiles: Mapping[str, Path]) -> CellRunner:
    """What runs a cell, given where volumes and tables of measured profiles are."""
    return partial(_run, dict(files), dict(profiles))


def _run(files: dict[str, Path], profiles: dict[str, Path], cell: Cell) -> Row:
    """Estimate a scan's profile; errors are in voxels for the cells of Han et al., else in mm."""
    scan = scan_of(cell, files, profiles)
    prior = cell.method.removesuffix(WITH_HEADER)
    started = time.process_time()
    estimate = estimate_profile(scan.volume, "spectral", axis=cast(AxisName, cell.axis), prior=prior)
    cpu_seconds = time.process_time() - started
    (low, high), rms = estimate.interval_mm, estimate.standard_deviation_mm
    rms_low, rms_high = estimate.rms_interval_mm or (rms, rms)
    told: Row = {
        "group": scan.group,
        "fwhm_mm": estimate.fwhm_mm,
        "low_mm": low,
        "high_mm": high,
        "interval_width": (high - low) / scan.unit,
        "rms_mm": rms,
        "rms_low_mm": rms_low,
        "rms_high_mm": rms_high,
        "family": estimate.family,
        "prior_share": estimate.prior_share,
        "cpu_seconds": cpu_seconds,
        "device": estimate.device,
    }
    if scan.truth is None:
        return told
    true, true_rms = scan.truth.fwhm_mm, scan.truth.standard_deviation_mm
    nominal = {} if scan.nominal_mm is None else {"header_error": abs(scan.nominal_mm - true) / scan.unit}
    return {
        **told,
        **nominal,
        "true_fwhm_mm": true,
        "error": abs(estimate.fwhm_mm - true) / scan.unit,
        "signed_error": (estimate.fwhm_mm - true) / scan.unit,
        "held": float(low <= true <= high),
        "rms_error": 100 * abs(rms / true_rms - 1),
        "rms_held": float(rms_low <= true_rms <= rms_high),
    }


def tables(rows: Sequence[Row]) -> list[Table]:
    """Means by group and by cell, by group and volume, and the retest."""
    known = [row for row in rows if "error" in row]
    retest = [row for row in rows if "error" not in row]
    told = [
        _means("Means by group; errors of Gaussians and rects in voxels, of measured profiles in mm", known, "group"),
        _means("Means by group and head", known, "group", "volume"),
        _means("Means by cell, of Gaussians and rects", [row for row in known if "*" not in row["cell"]], "cell"),
    ]
    return [table for table in told if table.lines] + ([_retest(retest)] if retest else [])


def _means(title: str, rows: Sequence[Row], *names: str) -> Table:
    lines = []
    for values, group in grouped(_in_order(rows), *names, "method").items():
        header = mean(group, "header_error", 2) if all("header_error" in row for row in group) else "–"
        figures = [mean(group, column, digits) for column, (_, digits) in _COLUMNS.items()]
        lines.append([*values, str(len(group)), header, *figures])
    return Table(title, [*names, "prior", "n", "header alone", *(title for title, _ in _COLUMNS.values())], lines)


def _retest(rows: Sequence[Row]) -> Table:
    """Each stack's widths with their intervals, in mm, and whether its interval holds those of its halves."""
    whole = {(row["volume"], row["method"]): row for row in rows if row["cell"] == WHOLE}
    lines = []
    for row in _in_order(rows):
        of = whole.get((row["volume"], row["method"]))
        inside = "–" if of is None or row is of else str(of["low_mm"] <= row["fwhm_mm"] <= of["high_mm"]).lower()
        fwhm = f"{row['fwhm_mm']:.2f} ({row['low_mm']:.2f} to {row['high_mm']:.2f})"
        rms = f"{row['rms_mm']:.2f} ({row['rms_low_mm']:.2f} to {row['rms_high_mm']:.2f})"
        lines.append([row["volume"], row["cell"], row["method"], rms, fwhm, inside])
    header = ["stack", "part", "prior", "rms width (mm)", "FWHM (mm)", "inside the whole's interval"]
    return Table("Real stacks of one head, and their halves", header, lines)


def _in_order(rows: Sequence[Row]) -> list[Row]:
    places = ("group", "volume", "cell", "axis")
    return sorted(rows, key=lambda row: (*(row[name] for name in places), METHODS.index(row["method"])))


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The mean error of each group in its unit, a marker a method, where the header's is known a cross."""
    known = [row for row in _in_order(rows) if "error" in row]
    names = list(dict.fromkeys(row["group"] for row in known))
    for number, ((method,), of_method) in enumerate(grouped(known, "method").items()):
        groups = grouped(of_method, "group")
        places = [names.index(name) + 0.12 * (number - 1.5) for (name,) in groups]
        axes.plot([float(mean(group, "error", 4)) for group in groups.values()], places, "o", label=method)
    for (name,), group in grouped([row for row in known if "header_error" in row], "group").items():
        label = None if "header alone" in axes.get_legend_handles_labels()[1] else "header alone"
        axes.plot(float(mean(group, "header_error", 4)), names.index(name), "kx", label=label)
    axes.set_yticks(range(len(names)), names, fontsize="x-small")
    axes.set(xlabel="mean error of the FWHM (voxels; measured profiles: mm)", xlim=(0, None))
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize="small")


PRESENTATION = Presentation("Estimated slice thickness: by ratio, kind of profile, prior and header", tables, draw)
