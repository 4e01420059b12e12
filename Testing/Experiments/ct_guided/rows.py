"""The rows of the tables: what restores a scan, by name, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import numpy as np

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.ct_guided.presets import STAGES
from SuperResolveLib.metrics.image_quality import aligned
from SuperResolveLib.physics.degradation import cubic_reading
from SuperResolveLib.workflows.compare import FeatureDistance, feature_distance

from ..case import Case, Kind
from ..cells import Row
from .plan import Plan, Way

if TYPE_CHECKING:
    from ..trained import Trained
    from .trained import Fold

BICUBIC = "bicubic"
#: Methods of the product by the name of their row, each in its preset ``fast`` if it has one.
METHODS = {"b-spline": "bspline", "tikhonov": "tikhonov", "tscn": "tscn", "zssr": "zssr", "smore": "smore"}
#: Networks of the method ``supervised``.
NETWORKS = ("rdn", "reconresnet")
#: The CT-guided method as published and as ours, after its last stage.
WAYS: dict[str, Way] = {"ct-guided": "paper", "ct-guided fast": "fast"}
#: What rows are, for the pages.
TOLD = {
    BICUBIC: "cubic convolution along the slices' axis, at exact positions",
    "b-spline": "the cubic spline through the slices",
    "tikhonov": "Tikhonov's inverse, given the profile",
    "tscn": "learns from the scan alone, our reading of the abstract",
    "zssr": "learns from the scan alone",
    "smore": "learns from the scan alone, given the profile",
    "ct-guided": "as published, at these sizes: nothing ties the result to the scan",
    "ct-guided fast": "our preset: starts as interpolation, data consistency",
    "rdn": "3-D, supervised on the thin heads of other subjects",
    "reconresnet": "the same",
}


def preset_of(plan: Plan, row: str) -> str:
    """With what sizes and for how long a row learns, as a cell tells; empty where nothing of the plan matters to it."""
    if row == BICUBIC or row in METHODS:
        return ""
    return f"fast, {plan.learned} iterations" if row in NETWORKS else plan.sizes()


def run_row(fold: Fold, kind: Kind, row: str, guide: str) -> tuple[Row, Volume]:
    """A scan restored by a row of Table 1, and the row's figures."""
    case, plan = fold.case(kind), fold.plan
    if row == BICUBIC:
        return told(fold, case, partial(case.interpolated, cubic_reading))
    if row in METHODS:
        return told(fold, case, partial(case.restored, None, plan.device, fold.seed, METHODS[row]))
    if row in NETWORKS:
        return of_trained(fold, case, fold.supervised(row, kind))
    return of_trained(fold, case, fold.trained(WAYS[row], guide, kind, STAGES[-1]))


def run_stage(fold: Fold, kind: Kind, way: Way, guide: str, stage: str) -> tuple[Row, Volume]:
    """A scan restored by the network as it is after a stage."""
    return of_trained(fold, fold.case(kind), fold.trained(way, guide, kind, stage))


def of_trained(fold: Fold, case: Case, trained: Trained) -> tuple[Row, Volume]:
    """A scan restored by a network, and its figures."""
    row, result = told(fold, case, partial(case.restored, trained.model, fold.plan.device, fold.seed))
    return {**row, **trained.told}, result


def told(fold: Fold, case: Case, restore: Callable[[], Volume]) -> tuple[Row, Volume]:
    """The figures of a result, with how far it is from the scan and how different it looks, if features are at hand."""
    plan = fold.plan
    started = time.process_time()
    result = restore()
    row: Row = {"device": plan.device, "restoring_cpu_seconds": time.process_time() - started}
    row |= {**case.figures(result), "drift": drift(case, result)}
    if plan.features != "none":
        distance = _distance(plan.features, plan.device)
        row |= {"looks": distance.of(aligned(case.truth, result, case.mask)).value, "looks_by": distance.name}
    return row, result


def drift(case: Case, result: Volume) -> float:
    """How far a result, scanned as the truth was, is from the scan: the RMS difference in percent of its range."""
    low, high = np.percentile(case.scan.data, (1, 99.5))
    difference = case.scanned(result).data - case.scan.data
    return float(100 * np.sqrt(np.square(difference).mean()) / (high - low))


@lru_cache(maxsize=1)
def _distance(features: str, device: str) -> FeatureDistance:
    return feature_distance(features, None, device)


def way_and_stage(method: str) -> tuple[Way, str]:
    """What a row such as ``fast/joint`` stands for."""
    way, _, stage = method.partition("/")
    return cast(Way, way), stage
