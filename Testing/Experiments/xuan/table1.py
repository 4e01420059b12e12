"""Table 1: what a generator learns from synthesised volumes, beside the same with the truth, and beside EDSSR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.metrics.image_quality import psnr, ssim
from SuperResolveLib.physics.acquisition import along
from SuperResolveLib.physics.degradation import cubic_reading
from SuperResolveLib.physics.profile import SliceProfile

from ..cells import Cell, Row
from ..report import Presentation, Table, grouped, mean
from .plan import Image, Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trained import Fold

#: The rows, and what the paper has in dB over trilinear interpolation.
METHODS = {
    "trilinear": 0.0,
    "edssr": 0.92,
    "vae": -8.16,
    "dcsrn": 1.76,
    "ours-dcsrn": 1.32,
    "deepresolve": 3.85,
    "ours-deepresolve": 2.91,
}
OURS = "ours-"


def run(plan: Plan, cell: Cell) -> Row:
    """The held-out volume, restored from every K-th plane."""
    from .trained import Fold

    fold = Fold(plan, cell.volume, cell.seed)
    truth = fold.truth(cell.volume)
    answer = _answer(fold, cell.method)
    error = np.sqrt(np.mean((answer - truth)[:: plan.ratio] ** 2, dtype=np.float64))
    return {
        "psnr": psnr(answer, truth),
        "ssim": ssim(answer, truth),
        "error_on_observed": float(error),
        "device": plan.device,
    }


def _answer(fold: Fold, method: str) -> Image:
    slices = fold.observed(fold.held_out).planes
    positions = np.arange(fold.plan.ratio * (len(slices) - 1) + 1) / fold.plan.ratio
    if method == "trilinear":
        return along(np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(len(slices)))), slices, 0)
    if method == "edssr":
        return _edssr(fold)
    if method == "vae":
        return fold.synthesised(fold.trained_synthesis(), fold.held_out)
    from SuperResolveLib.methods.tiles import apply_in_tiles

    if method.startswith(OURS):
        step = fold.trained_synthesis()
        network = fold.generator(method.removeprefix(OURS), lambda name: fold.synthesised(step, name), method)
    else:
        network = fold.generator(method, fold.truth, method)
    start = along(cubic_reading(len(slices), positions), slices, 0)
    return apply_in_tiles(network.eval(), start, network.receptive_radius, fold.device)


def _edssr(fold: Fold) -> Image:
    from SuperResolveLib.workflows.super_resolve import super_resolve

    truth, seen = fold.plan.volume(fold.held_out), fold.observed(fold.held_out)
    affine = truth.affine.copy()
    affine[:3, seen.axis] *= seen.every
    data = np.ascontiguousarray(truth.data[:, :, :: seen.every])
    thin = SliceProfile.gaussian(truth.spacing[seen.axis], truth.spacing[seen.axis])  # slices as thin as planes
    scan: Volume = truth.on_grid(data, affine)
    result = super_resolve(
        scan, thin, "edssr", fold.plan.edssr, axis="k", like=truth, device=fold.plan.device, seed=fold.seed
    )
    planes = np.moveaxis(result.data, seen.axis, 0)
    return ((planes - np.float32(seen.low)) / np.float32(seen.scale)).astype(np.float32)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Means over volumes and seeds, and each volume by itself."""
    lines = []
    for name, published in METHODS.items():
        own = [row for row in rows if row["method"] == name]
        if own:
            gain = _told(_gains(own, rows))
            paper = f"{published:+.2f}" if published else "0"
            figures = [mean(own, key, 4) for key in ("psnr", "ssim", "error_on_observed")]
            lines.append([name, gain, paper, *figures, mean(own, "cpu_seconds", 0)])
    header = [
        "row",
        "dB over trilinear",
        "the paper's",
        "PSNR (dB)",
        "SSIM",
        "error on the observed slices",
        "CPU s (the first stage's are in the row vae)",
    ]
    volumes = [
        [volume, *(_told(_gains([row for row in own if row["method"] == name], rows)) for name in METHODS)]
        for (volume,), own in grouped(rows, "volume").items()
    ]
    return [
        Table("Means over the held-out volumes", header, lines),
        Table("dB over trilinear by held-out volume", ["volume", *METHODS], volumes),
    ]


def _gains(own: Sequence[Row], rows: Sequence[Row]) -> list[float]:
    """In dB over trilinear interpolation of the same volume."""
    start = {row["volume"]: row["psnr"] for row in rows if row["method"] == "trilinear"}
    return [row["psnr"] - start[row["volume"]] for row in own if row["volume"] in start]


def _told(gains: Sequence[float]) -> str:
    return f"{np.mean(gains):+.2f}" if gains else ""


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """DB over trilinear, a dot a volume and seed, a cross the paper's."""
    for place, (name, published) in enumerate(METHODS.items()):
        gains = _gains([row for row in rows if row["method"] == name], rows)
        axes.plot([place] * len(gains), gains, "o", color="C0", alpha=0.6)
        axes.plot([place], [published], "x", color="C1")
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.set_xticks(range(len(METHODS)), list(METHODS), fontsize="x-small")
    axes.set_ylabel("PSNR over trilinear (dB); x: the paper's")


PRESENTATION = Presentation("Xuan et al., Table 1: learned from synthesised volumes, and from the truth", tables, draw)
