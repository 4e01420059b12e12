"""Fig. 8: what learned from T1 does on other contrasts, and on a real scan of thick slices, which has no truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from SuperResolveLib.data.geometry import AXIS_NAMES, scan_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.training.thin import thin_axes
from SuperResolveLib.workflows.estimate import estimate_profile
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve

from ..case import Case, kind_and_ratio
from ..cells import Cell, Row
from ..condition import Axis
from ..report import Presentation, Table, grouped
from .rows import run_row
from .tables import leads, ratios_of, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

METHODS = ("cubic", "tikhonov", "multi-scale", "fast")
RATIOS = (2.0, 3.0, 4.0, 5.0, 6.0)
REAL_METHODS = ("cubic", "tikhonov", "multi-scale", "fast")
#: Voxels that a picture shows of a plane across the slices, at most, to both sides.
SHOWN = 160


def run(fold: Fold, cell: Cell) -> Row:
    """One row on a volume of any contrast, along the last axis of thin voxels."""
    kind, ratio = kind_and_ratio(cell.cell)
    truth = fold.plan.middle(cell.volume)
    axis = AXIS_NAMES[thin_axes(truth.spacing)[-1]]
    row, _ = run_row(fold, Case.of(truth, kind, ratio, cast(Axis, axis)), kind, cell.method)
    return {**row, "along": axis}


def run_real(fold: Fold, cell: Cell) -> Row:
    """One row on a real scan, given the profile that is estimated from it."""
    scan = fold.plan.volume(cell.volume)
    profile = _estimated(scan, cell.seed)
    geometry, device = scan_geometry(scan), fold.plan.device
    told: Row = {}
    if cell.method in ("cubic", "tikhonov"):
        method = "bspline" if cell.method == "cubic" else cell.method
        result = super_resolve(scan, profile, method, seed=cell.seed)
    else:
        trained = fold.trained(cell.method, "thick")
        result = super_resolve(scan, profile, model=trained.model, device=device, seed=cell.seed)
        told = {"trained_on": ", ".join(trained.trained_on), "training_cpu_seconds": trained.cpu_seconds}
    return {
        "ratio": geometry.slice_spacing / geometry.in_plane_voxel,
        "fwhm": profile.fwhm_mm,
        "difference_in_noise": result.data_consistency_rmse,
        "picture": _picture(result, geometry.axis),
        "device": device,
        **told,
    }


@lru_cache(maxsize=4)
def _estimated(scan: Volume, seed: int) -> EstimatedProfile:
    return estimate_profile(scan, seed=seed)


def _picture(result: SuperResolved, through: int) -> list[list[int]]:
    """The middle of a plane across the first in-plane axis, slices one above the other, from 0 to 255."""
    stack = np.moveaxis(result.data, through, 0)
    plane = stack[::-1, stack.shape[1] // 2]
    starts = [max(0, (size - SHOWN) // 2) for size in plane.shape]
    part = plane[starts[0] : starts[0] + SHOWN, starts[1] : starts[1] + SHOWN]
    low, high = np.percentile(part, (1, 99.5))
    shown: list[list[int]] = (255 * ((part - low) / (high - low)).clip(0, 1)).astype(int).tolist()
    return shown


def tables(rows: Sequence[Row]) -> list[Table]:
    """PSNR over cubic interpolation by volume, and sizes."""
    ratios = ratios_of(rows)
    psnr = [
        [volume, str(own[0]["along"]), method, *(_of_cells(own, ratio, "psnr", 2) for ratio in ratios)]
        for (volume, method), own in grouped(rows, "volume", "method").items()
    ]
    return [*leads(rows), Table("PSNR (dB)", ["volume", "along", "row", *ratios], psnr), *sizes(rows)]


def _of_cells(own: Sequence[Row], ratio: str, key: str, digits: int) -> str:
    values = [row[key] for row in own if row["cell"].endswith(f"@{ratio}")]
    return f"{np.mean(values):.{digits}f}" if values else ""


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """PSNR over that of the cubic spline by volume, of networks."""
    for number, ((volume,), of_volume) in enumerate(grouped(rows, "volume").items()):
        start = {(row["cell"], row["seed"]): row["psnr"] for row in of_volume if row["method"] == "cubic"}
        for method, style in (("fast", "-"), ("multi-scale", "--"), ("tikhonov", ":")):
            own = [row for row in of_volume if row["method"] == method and (row["cell"], row["seed"]) in start]
            points = sorted(
                (kind_and_ratio(row["cell"])[1], row["psnr"] - start[row["cell"], row["seed"]]) for row in own
            )
            if points:
                label = f"{volume}, {method}"
                axes.plot(*zip(*points, strict=True), style, marker=".", color=f"C{number}", label=label)
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(xlabel="slice spacing over voxel", ylabel="PSNR over the cubic spline's (dB)")
    axes.legend(frameon=False, fontsize="xx-small", ncols=2)


def tables_real(rows: Sequence[Row]) -> list[Table]:
    """What was measured: there is no truth."""
    lines = [
        [
            row["volume"],
            row["method"],
            row["preset"],
            f"{row['ratio']:.2f}",
            f"{row['fwhm']:.2f}",
            f"{row['difference_in_noise']:.2f}",
            f"{row['cpu_seconds']:.0f}",
            row.get("trained_on", ""),
        ]
        for row in rows
    ]
    header = [
        "scan",
        "row",
        "sizes",
        "ratio",
        "FWHM estimated (mm)",
        "difference from the scan, in its noise",
        "CPU s, training included where it was not done before",
        "learned from",
    ]
    return [Table("A real scan of another contrast", header, lines)]


def draw_real(rows: Sequence[Row], axes: Axes) -> None:
    """The rows of the last scan side by side."""
    shown = {row["method"]: row["picture"] for row in rows if row["volume"] == rows[-1]["volume"]}
    axes.imshow(np.hstack(list(shown.values())), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"{rows[-1]['volume']}, a plane across the slices: {', '.join(shown)}")
    axes.set_xticks([])
    axes.set_yticks([])


PRESENTATION = Presentation("SOUP-GAN, Fig. 8: learned from T1, applied to other contrasts", tables, draw)
REAL = Presentation("SOUP-GAN, Fig. 8: learned from T1, applied to a real scan of thick slices", tables_real, draw_real)
