"""The rows of the tables: what restores a scan, by name, and what is told of it."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.metrics.image_quality import Mask
from SuperResolveLib.model import Model

from ..case import READINGS, Case, Kind
from ..cells import Row
from .kevinsr import public_model
from .plan import Plan

if TYPE_CHECKING:
    from .trained import Fold

TIKHONOV, PUBLIC = "tikhonov", "kevinsr"
#: Rows that learn nothing here; all others are networks of :data:`~.trained.NETWORKS`.
UNTRAINED = (*READINGS, TIKHONOV, PUBLIC)
#: What rows are, for the pages.
TOLD = {
    "cubic": "the cubic spline through the slices, read at exact positions, from which networks as published start",
    "linear": "linear interpolation",
    "tikhonov": "Tikhonov's inverse, given the profile",
    "single-scale": "as published, of the scale 5 alone",
    "multi-scale": "as published: squared error, no data consistency",
    "perceptual": "the row multi-scale after the second stage",
    "fast": "our preset: any ratio, Tikhonov's start, data consistency",
    "fast-outputs": "the same, learned with outputs mixed",
    "kevinsr": "the authors' public weights, of 32 features, trained for thin slices",
    "by-volume": "as published, learned from blocks of other heads",
    "by-patch": "as published, learned from blocks of all heads, the judged one included",
}


def preset_of(plan: Plan, row: str) -> str:
    """With what sizes and for how long a row learns, as a cell tells; empty where it learns nothing."""
    name = row.partition("/")[0]
    if name in UNTRAINED:
        return ""
    if name.startswith("fast"):
        return plan.sizes(f"{plan.fast} iterations")
    tuned = f", then {plan.tuning} by the features {plan.features}" if name == "perceptual" else ""
    return plan.sizes(f"{plan.iterations} iterations at {plan.rate:g}{tuned}")


def run_row(fold: Fold, case: Case, kind: Kind, row: str, mask: Mask | None = None) -> tuple[Row, Volume]:
    """A scan restored, and the row's figures inside the head or a part of it.

    ``row/parameters`` and ``row/outputs`` are a network used with these mixed between whole scales.
    """
    name, _, mixing = row.partition("/")
    told: Row = {"device": fold.plan.device}
    if name in READINGS:
        started = time.process_time()
        result = case.interpolated(READINGS[name])
    elif name == TIKHONOV:
        started = time.process_time()
        result = case.restored(None, fold.plan.device, fold.seed)
    elif name == PUBLIC:
        model = _public_model()
        started = time.process_time()
        result = case.restored(model, fold.plan.device, fold.seed)
    else:
        from .trained import with_mixing

        trained = fold.trained(name, kind)
        trained = with_mixing(trained, mixing) if mixing else trained
        started = time.process_time()
        result = case.restored(trained.model, fold.plan.device, fold.seed)
        told |= trained.told
    told["restoring_cpu_seconds"] = time.process_time() - started
    return {**case.figures(result, mask), **told}, result


@cache
def _public_model() -> Model:
    return public_model()
