"""Real thick scans: what a model that learned from other such scans alone makes of one, beside a spline and SMORE.

There is no truth. What is told is what was measured: the slice profile that is left (measured alike on every result),
how well the result holds the scan, and pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.workflows.estimate import estimate_profile
from SuperResolveLib.workflows.resolution_left import resolution_left
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve

from ..cells import Cell, Row
from ..report import Presentation, Table, grouped
from .plan import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from SuperResolveLib.model import Model

#: What is compared, and what each does.
METHODS = {
    "bspline": "interpolates",
    "xuan": "puts planes between the slices, as thick as these",
    "smore": "undoes the slice profile, learned from this scan",
}
#: Sides of the square that the picture shows of each result, in voxels in plane.
SHOWN = 96


def run(plan: Plan, cell: Cell) -> Row:
    """One method's result on the scan that was not trained on."""
    scan = read_volume(plan.volumes[cell.volume])
    geometry = scan_geometry(scan)
    profile = estimate_profile(scan, seed=cell.seed)
    if cell.method == "xuan":
        model = _trained(plan, cell)
        result = super_resolve(scan, profile, model=model, device=plan.device, seed=cell.seed)
        trained_on = ", ".join(plan.trained_on(cell.volume))
    else:
        preset = "fast" if cell.method == "smore" else None
        result = super_resolve(scan, profile, cell.method, preset, device=plan.device, seed=cell.seed)
        trained_on = "the scan" if preset else "nothing"
    left = resolution_left(scan, result, geometry)
    return {
        "trained_on": trained_on,
        "ratio": geometry.slice_spacing / geometry.in_plane_voxel,
        "scan_fwhm": profile.fwhm_mm,
        "interpolated_fwhm": left.interpolated.fwhm_mm,
        "result_fwhm": left.result.fwhm_mm,
        "difference_in_noise": result.data_consistency_rmse,
        "picture": _picture(result, geometry.axis).tolist(),
        "device": plan.device,
    }


def _trained(plan: Plan, cell: Cell) -> Model:
    """The model that learned from all other scans, or what its checkpoint holds of it."""
    from SuperResolveLib.workflows.train import train

    scans = [plan.volumes[name] for name in plan.trained_on(cell.volume)]
    work = plan.work / f"thick-without-{cell.volume}-{cell.seed}-{plan.start}-{plan.branch}-{plan.generator}"
    return train(
        "xuan",
        scans,
        preset="fast",
        iterations=plan.start + plan.branch + plan.generator,
        ratios=(float(plan.ratio),) * 2,
        device=plan.device,
        seed=cell.seed,
        work=work,
        resume=work.exists(),
        say=print,
    ).model


def _picture(result: SuperResolved, through: int) -> np.ndarray:
    """The middle of a plane across the first in-plane axis, slices one above the other, from 0 to 255."""
    stack = np.moveaxis(result.data, through, 0)
    planes = stack[:, stack.shape[1] // 2]
    parts = [slice(max(0, (size - SHOWN) // 2), max(0, (size - SHOWN) // 2) + SHOWN) for size in planes.shape]
    middle = planes[parts[0], parts[1]][::-1]
    low, high = np.percentile(middle, (1, 99.5))
    shown: np.ndarray = (255 * ((middle - low) / (high - low)).clip(0, 1)).astype(int)
    return shown


def tables(rows: Sequence[Row]) -> list[Table]:
    """A line a scan and method."""
    lines = [
        [
            volume,
            method,
            METHODS[method],
            *(f"{own[0][name]:.2f}" for name in ("ratio", "scan_fwhm", "interpolated_fwhm", "result_fwhm")),
            f"{own[0]['difference_in_noise']:.2f}",
            f"{own[0]['cpu_seconds']:.0f}",
        ]
        for (volume, method), own in grouped(rows, "volume", "method").items()
    ]
    header = [
        "scan",
        "method",
        "what it does",
        "ratio",
        "the scan's FWHM (mm)",
        "left when interpolated (mm)",
        "left in the result (mm)",
        "difference from the scan, in its noise",
        "CPU s, training included",
    ]
    learned = sorted({f"{row['volume']}: from {row['trained_on']}" for row in rows if row["method"] == "xuan"})
    return [
        Table("What is left of the slice profile", header, lines),
        Table("What the model learned from", ["scan: from"], [[line] for line in learned]),
    ]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The results of the last scan side by side."""
    of_scan = {row["method"]: row["picture"] for row in rows if row["volume"] == rows[-1]["volume"]}
    names = [name for name in METHODS if name in of_scan]
    height = min(len(of_scan[name]) for name in names)
    axes.imshow(np.hstack([of_scan[name][:height] for name in names]), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"{rows[-1]['volume']}, a plane across the slices: {', '.join(names)}")
    axes.set_xticks([])
    axes.set_yticks([])


PRESENTATION = Presentation("Xuan et al. on real thick scans: no truth, what was measured", tables, draw)
