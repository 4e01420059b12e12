"""Table 1 of Han et al., IPMI 2021: how close estimated profiles come to those with which scans were simulated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.estimation.estimator import EstimatorSettings
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.estimation.spectral.estimator import Spectral
from SuperResolveLib.estimation.spectral.prior import BROAD
from SuperResolveLib.metrics.image_quality import Mask, compare
from SuperResolveLib.physics.profile import profile_error
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import silent
from SuperResolveLib.workflows.estimate import estimate_profile

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan, in_order
from .experiment import Experiment
from .peers import PAPER, PEER_AXIS, PEER_VOLUME, PEERS, Figures
from .report import Table, grouped, mean
from .super_resolution import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A method that no user has: it knows the family of the true profile.
ORACLE = "oracle"
SHAPES = ("gaussian:2", "gaussian:4", "gaussian:8", "rect:3", "rect:5", "rect:9")
#: How the figure's markers are filled, a method each.
_FILLS: tuple[Literal["full", "none", "left", "right"], ...] = ("full", "none", "left", "right")
#: By column: its title, its digits, and whether its spread over cells is told.
_COLUMNS = {
    "true_fwhm": ("true FWHM", 2, False),
    "fwhm": ("FWHM", 2, False),
    "signed_fwhm_error": ("FWHM − true", 2, True),
    "fwhm_error": ("FWHM error", 2, True),
    "profile_error": ("profile error", 2, True),
    "rms_width_error": ("rms width error", 2, False),
    "held": ("interval holds", 2, False),
    "psnr": ("PSNR (dB)", 1, False),
    "ssim": ("SSIM", 4, False),
    "seconds": ("s", 0, False),
    "cpu_seconds": ("CPU s", 0, False),
}


def run(cell: Cell, path: Path, device: str) -> Row:
    """Estimate a simulated scan's profile, and degrade the volume with it to compare with the scan; in voxels."""
    condition = Condition.parse(cell.cell)
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, condition)
    cpu_started = time.process_time()
    if cell.method == ORACLE:
        estimate = _estimated_by_oracle(simulated, condition, axis, cell.seed)
    else:
        # Gaussians and rects, from a quarter of the spacing on, are no scanner's profiles.
        prior = ESTIMATORS[cell.method].info.broadest_prior
        preset = cell.preset or None
        estimate = estimate_profile(
            simulated.scan, cell.method, preset, axis=axis, device=device, seed=cell.seed, prior=prior
        )
    cpu_seconds = time.process_time() - cpu_started
    degraded = simulate(simulated.truth, estimate, condition.ratio, axis, condition.phase)
    comparison = compare(simulated.scan, degraded, mask=_degraded_mask(simulated, condition, axis))
    true_fwhm, fwhm = simulated.profile.fwhm_mm / simulated.voxel, estimate.fwhm_mm / simulated.voxel
    low, high = estimate.interval_mm
    return {
        "true_fwhm": true_fwhm,
        "fwhm": fwhm,
        "fwhm_low": low / simulated.voxel,
        "fwhm_high": high / simulated.voxel,
        "held": float(low <= simulated.profile.fwhm_mm <= high),
        "prior_share": estimate.prior_share,
        "rms_width_error": abs(estimate.standard_deviation_mm / simulated.profile.standard_deviation_mm - 1),
        "fwhm_error": abs(fwhm - true_fwhm),
        "signed_fwhm_error": fwhm - true_fwhm,
        "profile_error": profile_error(estimate, simulated.profile),
        "psnr": comparison.psnr,
        "ssim": comparison.ssim,
        "seconds": estimate.seconds,
        "cpu_seconds": cpu_seconds,
        "device": estimate.device,
        "weights": estimate.weights.tolist(),
        "tap_spacing_mm": estimate.tap_spacing,
    }


def _estimated_by_oracle(simulated: SimulatedScan, condition: Condition, axis: Axis, seed: int) -> EstimatedProfile:
    """What ``spectral`` answers if it is told the family of the true profile: the part that is shape's doing."""
    geometry = slice_geometry(simulated.scan, axis)
    started = time.perf_counter()
    known = {family: 1.0 for family in BROAD.families if family.name == condition.family}
    estimate = Spectral(EstimatorSettings(prior=BROAD.info.name, seed=seed), known).estimate(
        simulated.scan, geometry, silent
    )
    return replace(estimate, method=ORACLE, seconds=time.perf_counter() - started)


def _degraded_mask(simulated: SimulatedScan, condition: Condition, axis: Axis) -> Mask:
    """Voxels of the scan that lie in the head by more than half: the head's mask, degraded as the head was."""
    head = simulated.truth.on_grid(simulated.mask.astype(np.float32), simulated.truth.affine)
    return simulate(head, simulated.profile, condition.ratio, axis, condition.phase).data > 0.5


def tables(rows: Sequence[Row]) -> list[Table]:
    """Means by cell, by family beside the paper's, and the cells that other tools were run on."""
    rows = in_order(rows)
    found = []
    for name, of_method in _by_method(rows).items():
        found += [_by_cell(name, of_method), _by_family(name, of_method)]
        peers = _beside_peers(name, of_method)
        if peers.lines:
            found.append(peers)
    return found


def _by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups = grouped([{**row, "label": label(row)} for row in rows], "label")
    return {name: of_method for (name,), of_method in groups.items()}


def _by_cell(name: str, rows: Sequence[Row]) -> Table:
    lines = [[cell, str(len(of_cell)), *_means(of_cell)] for (cell,), of_cell in grouped(rows, "cell").items()]
    return Table(f"{name}: means over volumes, axes and seeds, widths in voxels", _header("cell"), lines)


def _by_family(name: str, rows: Sequence[Row]) -> Table:
    lines = []
    by_family = grouped([{**row, **_kind(row)} for row in rows], "family", "noise")
    for (family, noise), of_family in by_family.items():
        lines.append([f"{family}{noise}", str(len(of_family)), *_means(of_family)])
        if noise:  # the paper's scans have none
            continue
        paper = {"fwhm_error": f"{PAPER[family].fwhm_error:.2f}", "profile_error": f"{PAPER[family].profile_error:.2f}"}
        lines.append([f"{family}, Han et al.", "–", *(paper.get(column, "–") for column in _COLUMNS)])
    return Table(f"{name}: means over families", _header("family"), lines)


def _kind(row: Row) -> dict[str, str]:
    condition = Condition.parse(row["cell"])
    return {"family": condition.family, "noise": "" if np.isinf(condition.snr) else f", SNR {condition.snr:g}"}


def _means(rows: Sequence[Row]) -> list[str]:
    return [mean(rows, column, digits, spread) for column, (_, digits, spread) in _COLUMNS.items()]


def _header(first: str) -> list[str]:
    return [first, "n", *(title for title, _, _ in _COLUMNS.values())]


def _beside_peers(name: str, rows: Sequence[Row]) -> Table:
    """FWHM error / profile error / CPU s / PSNR of the method and of other tools, where all were run on the same."""
    same = [row for row in rows if row["volume"] == PEER_VOLUME and row["axis"] == PEER_AXIS]
    known = {cell for figures in PEERS.values() for cell in figures}
    lines = []
    for (cell,), of_cell in grouped([row for row in same if row["cell"] in known], "cell").items():
        columns = ("fwhm_error", "profile_error", "cpu_seconds", "psnr")
        ours = Figures(*(sum(row[column] for row in of_cell) / len(of_cell) for column in columns))
        lines.append([cell, _brief(ours), *(_brief(figures.get(cell)) for figures in PEERS.values())])
    title = f"{name}: {PEER_VOLUME}, axis {PEER_AXIS}: FWHM error / profile error / CPU s / PSNR"
    return Table(title, ["cell", "this project", *PEERS], lines)


def _brief(figures: Figures | None) -> str:
    if figures is None:
        return "–"
    cpu = "–" if figures.cpu_seconds is None else f"{figures.cpu_seconds:.0f}"
    psnr = "–" if figures.psnr is None else f"{figures.psnr:.1f}"
    return f"{figures.fwhm_error:.2f} / {figures.profile_error:.2f} / {cpu} / {psnr}"


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """Estimated against true FWHM, a colour a ratio, a marker a family, filled differently for each method."""
    ratios = sorted({Condition.parse(row["cell"]).ratio for row in rows})
    fills = dict(zip(_by_method(rows), cycle(_FILLS)))
    for name, of_method in _by_method(in_order(rows)).items():
        for (cell,), of_cell in grouped(of_method, "cell").items():
            condition = Condition.parse(cell)
            place = ratios.index(condition.ratio)
            shift = 0.12 * (place - (len(ratios) - 1) / 2)  # so that ratios stand beside each other
            axes.plot(
                [row["true_fwhm"] + shift for row in of_cell],
                [row["fwhm"] for row in of_cell],
                "o" if condition.family == "gaussian" else "s",
                color=f"C{place}",
                fillstyle=fills[name],
                alpha=0.6,
                markersize=5,
            )
    top = max(max(row["true_fwhm"], row["fwhm"]) for row in rows) * 1.1
    axes.plot([0, top], [0, top], color="0.6", linewidth=1, zorder=0)
    for place, ratio in enumerate(ratios):
        axes.plot([], [], "o", color=f"C{place}", label=f"ratio {ratio:g}")
    axes.plot([], [], "o", color="0.4", label="Gaussian")
    axes.plot([], [], "s", color="0.4", label="rect")
    for name, fill in fills.items():
        axes.plot([], [], "D", color="0.4", fillstyle=fill, label=name)
    axes.set(xlabel="true FWHM (voxels)", ylabel="estimated FWHM (voxels)")
    axes.legend(frameon=False)


EXPERIMENT = Experiment(
    title="Table 1: estimated and true slice profiles",
    conditions=tuple(f"{shape}@{ratio}" for shape in SHAPES for ratio in (2, 4, 8)),
    methods={**{info.name: info for info in ESTIMATORS.infos()}, ORACLE: None},
    run=run,
    tables=tables,
    draw=draw,
)
