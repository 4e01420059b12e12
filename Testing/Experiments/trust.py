"""Whether a result can be trusted: does its uncertainty predict its error, do lesions stay, do slices show?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.stats import norm, spearmanr

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.metrics.artefacts import slice_periodicity, stripe_amplitude
from SuperResolveLib.metrics.image_quality import Image
from SuperResolveLib.metrics.lesions import Search
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve

from .cells import Cell, Row
from .condition import Axis, Condition, SimulatedScan, in_order
from .experiment import Experiment
from .report import Table, grouped, mean
from .super_resolution import figures_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The share of errors that should lie within the interval of that probability.
INTERVAL = 0.8
#: Voxels drawn for rank correlations, and lesions whose contrast is compared, the largest first.
DRAWN, COMPARED = 200_000, 10


def run(cell: Cell, path: Path, device: str) -> Row:
    """Super-resolve a simulated scan with its true profile, and check what can be checked with the truth."""
    axis = cast(Axis, cell.axis)
    simulated = SimulatedScan.of(path, axis, Condition.parse(cell.cell))
    resolve = partial(super_resolve, simulated.scan, simulated.profile, axis=axis, like=simulated.truth)
    result = resolve(cell.method, cell.preset or None, device=device, seed=cell.seed, uncertainty=True)
    tikhonov, interpolated = resolve("tikhonov"), resolve("bspline")
    through = AXIS_NAMES.index(axis)
    return {
        **figures_of(result, simulated),
        **prediction(result, simulated, steepness(tikhonov.data, through)),
        **periodicity({"result": result, "tikhonov": tikhonov, "truth": simulated.truth}, simulated, cell),
        "stripe_noise": stripe(result, simulated, cell),
        **lesions(simulated.truth, result, interpolated),
    }


def steepness(image: Image, axis: int) -> Image:
    """The magnitude of the gradient along the through-plane axis: what any map of uncertainty should outdo."""
    return np.asarray(np.abs(np.gradient(image, axis=axis)), dtype=np.float32)


def prediction(result: SuperResolved, simulated: SimulatedScan, baseline: Image) -> Row:
    """How the uncertainty of a result fits its error inside the head.

    Spearman's rank correlation of each map, and of a baseline, with the error's magnitude; which share of errors lies
    within one standard deviation and within the interval that should hold 80 %; the mean of each map in units of the
    scan's noise.

    Raises:
        InputError: the result was made without uncertainty.
    """
    if result.uncertainty is None:
        raise InputError("the result was made without uncertainty: ask for it")
    mask = simulated.mask
    error = np.abs(result.data - simulated.truth.data)[mask]
    drawn = np.random.default_rng(0).choice(error.size, min(DRAWN, error.size), replace=False)
    maps = {name: getattr(result.uncertainty, name).data[mask] for name in ("total", "seen", "invented", "spread")}
    ranked = {**maps, "baseline": baseline[mask]}
    correlations = {f"rho_{name}": float(spearmanr(values[drawn], error[drawn])[0]) for name, values in ranked.items()}
    half_width = float(norm.ppf(0.5 + INTERVAL / 2)) * maps["invented"]
    return {
        **correlations,
        "within_one": float(np.mean(error < maps["total"])),
        "coverage": float(np.mean(error < half_width)),
        "error_to_expected": float(np.sqrt(np.mean(error**2) / np.mean(maps["invented"] ** 2))),
        "invented_share": result.uncertainty.invented_share,
        "seen_error": result.data_consistency_change,
        **{f"{name}_noise": float(values.mean()) / result.noise for name, values in maps.items()},
    }


def periodicity(volumes: Mapping[str, Volume], simulated: SimulatedScan, cell: Cell) -> Row:
    """How far the slices show in the brightness and sharpness of volumes by name."""
    axis, ratio = AXIS_NAMES.index(cast(Axis, cell.axis)), Condition.parse(cell.cell).ratio
    shown = {name: slice_periodicity(volume.data, axis, ratio, simulated.mask) for name, volume in volumes.items()}
    return {f"{measure}_{name}": value for name, of in shown.items() for measure, value in asdict(of).items()}


def stripe(result: SuperResolved, simulated: SimulatedScan, cell: Cell) -> float:
    """The amplitude of stripes that repeat with the slices in the result's error, in units of the scan's noise."""
    error = result.data - simulated.truth.data
    axis, ratio = AXIS_NAMES.index(cast(Axis, cell.axis)), Condition.parse(cell.cell).ratio
    return stripe_amplitude(error, axis, ratio, simulated.mask) / result.noise


def lesions(truth: Volume, result: SuperResolved, interpolated: Volume) -> Row:
    """Contrast of the largest lesions in units of the scan's noise and relative to the truth's, and how many appear
    in the result without being in the truth, or vanish.
    """
    search = Search.of(truth)
    found = search.lesions(truth)[:COMPARED]
    contrasts = {
        name: np.array([lesion.contrast(volume.data) for lesion in found])
        for name, volume in (("truth", truth), ("result", result), ("interpolated", interpolated))
    }
    figures: Row = {"lesions": len(search.regions(truth)), "lesions_compared": len(found)}
    for name, volume in (("result", result), ("interpolated", interpolated)):
        figures[f"appeared_{name}"] = search.lacking(search.regions(volume), truth)
        figures[f"vanished_{name}"] = search.lacking(search.regions(truth), volume)
        if found:
            kept = contrasts[name] / contrasts["truth"]
            change = np.abs(contrasts[name] - contrasts["truth"]) / result.noise
            figures[f"contrast_{name}"] = float(kept.mean())
            figures[f"contrast_least_{name}"] = float(kept.min())
            figures[f"contrast_change_{name}"] = float(change.mean())
    return figures


def tables(rows: Sequence[Row]) -> list[Table]:
    """What the uncertainty predicts, what it holds, lesions, and slices that show."""
    return [
        _table(
            rows,
            "Does the map predict the error? Spearman's rank correlation with its magnitude, and coverage",
            {
                "invented": ("rho_invented", 3),
                "spread alone": ("rho_spread", 3),
                "gradient of Tikhonov's result": ("rho_baseline", 3),
                "share of errors within one standard deviation": ("within_one", 2),
                "share of errors in the 80 % interval": ("coverage", 2),
                "RMS error / expected": ("error_to_expected", 2),
            },
        ),
        _table(
            rows,
            "Uncertainty, mean over the head in units of the scan's noise",
            {
                "total": ("total_noise", 2),
                "invented": ("invented_noise", 2),
                "seen": ("seen_noise", 3),
                "seen error found": ("seen_error", 3),
                "invented share": ("invented_share", 4),
                "PSNR (dB)": ("psnr", 2),
            },
        ),
        _table(
            [row for row in rows if row["lesions_compared"]],
            "Lesions: contrast relative to the truth's, and how many appear or vanish",
            {
                "lesions": ("lesions", 0),
                "contrast kept": ("contrast_result", 3),
                "least": ("contrast_least_result", 3),
                "change / noise": ("contrast_change_result", 2),
                "kept by b-spline": ("contrast_interpolated", 3),
                "appeared": ("appeared_result", 0),
                "vanished": ("vanished_result", 0),
                "vanished in b-spline": ("vanished_interpolated", 0),
            },
        ),
        _table(
            rows,
            "Slices that show: spectral peak at one over the spacing and its multiples, relative to its surroundings",
            {
                f"{measure}, {name}": (f"{measure}_{name}", 2)
                for measure in ("brightness", "sharpness")
                for name in ("result", "tikhonov", "truth")
            }
            | {"stripe / noise": ("stripe_noise", 3)},
        ),
    ]


def _table(rows: Sequence[Row], title: str, columns: dict[str, tuple[str, int]]) -> Table:
    """A line a cell and their mean."""
    rows = sorted(in_order(rows), key=lambda row: row["method"])
    places = ["method", "volume", "axis", "cell"]
    lines = [[*(row[name] for name in places), *_values([row], columns)] for row in rows]
    lines += [
        ["mean", name, "", "", *_values(own, columns)]
        for (name,), own in grouped(rows, "method").items()
        if len(own) > 1
    ]
    return Table(title, [*places, *columns], lines)


def _values(rows: Sequence[Row], columns: dict[str, tuple[str, int]]) -> list[str]:
    return [mean(rows, name, digits) for name, digits in columns.values()]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """Rank correlations of each cell: of the map, of the spread alone, and of the baseline."""
    rows = sorted(in_order(rows), key=lambda row: row["method"])
    shown = {"rho_invented": "invented", "rho_spread": "spread alone", "rho_baseline": "gradient of Tikhonov's result"}
    for column, name in shown.items():
        axes.plot(range(len(rows)), [row[column] for row in rows], "o", label=name)
    names = [f"{row['method']}, {row['volume']}, {row['axis']}\n{row['cell']}" for row in rows]
    axes.set_xticks(range(len(rows)), names, fontsize="x-small", rotation=45, ha="right")
    axes.set_ylabel("rank correlation with the error's magnitude")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize="small")


EXPERIMENT = Experiment(
    title="What the uncertainty predicts, and what becomes of lesions",
    conditions=("gaussian:4@4",),
    methods={name: METHODS.info(name) for name in METHODS if METHODS[name].info.tells_uncertainty},
    run=run,
    tables=tables,
    draw=draw,
)
