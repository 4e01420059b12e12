"""The machine-readable reports of what was done, which ``--json`` writes.

They are strict JSON: a number that is not finite, such as the PSNR of identical volumes, is written as ``null``.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.geometry import AXIS_NAMES, SliceGeometry
from ..image_io.files import write_whole
from ..version import __version__

if TYPE_CHECKING:
    from ..data.labels import LabelVolume
    from ..estimation.result import EstimatedProfile
    from ..metrics.image_quality import Comparison
    from ..model import Card
    from ..physics.profile import SliceProfile
    from .compare import LooksDifferent
    from .demo import Demo
    from .evaluate import Evaluation, Score
    from .resolution_left import ResolutionLeft
    from .super_resolve import SuperResolved
    from .to_slices import Fractions, OnSlices

Report = dict[str, Any]

#: Packages on which results depend.
PACKAGES = ("numpy", "scipy", "nibabel", "SimpleITK", "scikit-image", "torch", "onnxruntime")


def estimate_report(profile: EstimatedProfile, geometry: SliceGeometry, warnings: Iterable[str]) -> Report:
    """The report of an estimated profile: its widths, how it was estimated, and the scan's geometry.

    ``warnings`` are those of reading the scan; those of the profile are added.
    """
    return {
        **_profile(profile, geometry),
        "interval_mm": profile.interval_mm,
        **_shape(profile),
        "prior_share": profile.prior_share,
        "trusted": profile.is_trusted,
        **_scan(geometry),
        "prior": profile.prior or None,
        **_run(profile, unique((*warnings, *profile.warnings))),
    }


def super_resolve_report(result: SuperResolved, geometry: SliceGeometry, model_hash: str | None = None) -> Report:
    """The report of a super-resolved volume.

    ``"estimation"`` is filled if the profile was estimated, and ``"model"`` if a model was used; ``model_hash`` is the
    SHA-256 of the model's file, where it is at hand.
    """
    from ..estimation.result import EstimatedProfile

    profile = result.profile
    estimated = profile if isinstance(profile, EstimatedProfile) else None
    return {
        **_profile(profile, geometry),
        "interval_mm": estimated.interval_mm if estimated else None,
        "estimation": _estimation(estimated) if estimated else None,
        "data_consistency_rmse": result.data_consistency_rmse,
        "data_consistency_change": result.data_consistency_change,
        "choice": result.choice,
        "operator": result.operator,
        **({"engine": result.engine} if result.engine else {}),
        "model": _model(result.model, model_hash),
        "noise": result.noise,
        "uncertainty": _uncertainty(result),
        "output_shape": result.shape,
        "output_spacing_mm": result.spacing,
        **_scan(geometry),
        **_run(result, unique(result.warnings)),
    }


def to_slices_report(result: OnSlices | Fractions, geometry: SliceGeometry) -> Report:
    """The report of what was brought to a scan's slices: its profile, and the volumes of labels before and after."""
    return {
        **_profile(result.profile, geometry),
        "interval_mm": getattr(result.profile, "interval_mm", None),
        "volumes": volumes_report(result.volumes),
        **_scan(geometry),
        "seconds": result.seconds,
        "warnings": unique(result.warnings),
        "versions": versions(),
    }


def masks_report(mask: Path, output: Path, volumes: Iterable[LabelVolume]) -> Report:
    """Where a mask was brought from and to, and the volumes of its labels."""
    return {"input": mask, "output": output, "volumes": volumes_report(volumes)}


def volumes_report(volumes: Iterable[LabelVolume]) -> list[Report]:
    """The volume of each label in ml, before and after it was brought to other planes."""
    return [asdict(volume) for volume in volumes]


def left_report(left: ResolutionLeft) -> Report:
    """What is left of the slices, in the scan interpolated and in the result."""
    return {
        name: {"fwhm_mm": profile.fwhm_mm, "interval_mm": profile.interval_mm, "trusted": profile.is_trusted}
        for name, profile in (("interpolated", left.interpolated), ("result", left.result))
    }


def compare_report(
    comparison: Comparison,
    sharpness: Mapping[str, float],
    looks: LooksDifferent | None,
    warnings: Iterable[str],
    seconds: float,
) -> Report:
    """The report of a comparison of a result with the truth.

    ``sharpness`` is along each axis by its name; ``looks`` by its own name where features were asked for, with these as
    ``"features"``.
    """
    return {
        **asdict(comparison),
        "sharpness": dict(sharpness),
        **({looks.name: looks.value} if looks else {}),
        "features": looks.features if looks else None,
        "seconds": seconds,
        "warnings": unique(warnings),
        "versions": versions(),
    }


def evaluate_report(evaluation: Evaluation) -> Report:
    """The report of an evaluation: a row for every volume and method, and the means over volumes."""
    profile = evaluation.profile
    return {
        "rows": [_score(score, evaluation.looks) for score in evaluation.scores],
        "means": [_score(score, evaluation.looks) for score in evaluation.means],
        "fwhm_mm": profile.fwhm_mm,
        "profile": profile.weights.tolist(),
        "tap_spacing_mm": profile.tap_spacing,
        "ratio": evaluation.ratio,
        "axis": evaluation.axis,
        "features": evaluation.features,
        "device": evaluation.device,
        "seed": evaluation.seed,
        "seconds": evaluation.seconds,
        "warnings": unique(evaluation.warnings),
        "versions": versions(),
    }


def _score(score: Score, looks: str | None) -> Report:
    """A row, in which the distance of features goes by its own name."""
    row = asdict(score)
    value = row.pop("looks")
    return {**row, **({looks: value} if looks else {})}


def demo_report(demo: Demo, geometry: SliceGeometry) -> Report:
    """The report of the demo's super-resolved volume, with the true FWHM and the comparisons with the truth."""
    return {
        **super_resolve_report(demo.result, geometry),
        "true_fwhm_mm": demo.true_profile.fwhm_mm,
        "true_fwhm_inside": demo.truth_is_inside,
        "scores": {name: asdict(score) for name, score in demo.scores.items()},
    }


def unique(sentences: Iterable[str]) -> list[str]:
    """The sentences without repetition, in order."""
    return list(dict.fromkeys(sentences))


def versions() -> dict[str, str | None]:
    """Versions of this package, of Python, and of the packages on which results depend; ``None`` if not installed."""
    return {"slice-profile-sr": __version__, "python": platform.python_version()} | {
        name: _installed(name) for name in PACKAGES
    }


def write_report(report: Report, path: Path) -> None:
    """Write a report as strict JSON, completely or not at all.

    Raises:
        InputError: the writing fails.
    """
    text = json.dumps(_finite(report), indent=2, allow_nan=False, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode("utf-8", "backslashreplace"))  # also of names that are not UTF-8


def _uncertainty(result: SuperResolved) -> Report | None:
    """The mean of each map where there is signal, in units of the scan's noise, and the invented share of variance."""
    if result.uncertainty is None:
        return None
    typical = result.uncertainty.typical(result)
    in_noise = {name: value / result.noise for name, value in typical.items()}
    return {**in_noise, "invented_share": result.uncertainty.invented_share}


def _model(card: Card | None, sha256: str | None) -> Report | None:
    """What tells one model from others, and whether its result was to be made consistent."""
    if card is None:
        return None
    return {
        "method": card.method,
        "network": card.network,
        "network_arguments": dict(card.network_arguments),
        "preset": card.preset or None,
        "stages": list(card.stages),
        "start": card.start,
        "operator": card.operator,
        "consistent": card.consistent,
        "halo": card.halo,
        "halo_error": card.halo_error,
        "sha256": sha256,
    }


def _profile(profile: SliceProfile, geometry: SliceGeometry) -> Report:
    return {
        "fwhm_mm": profile.fwhm_mm,
        "profile": profile.weights.tolist(),
        "tap_spacing_mm": profile.tap_spacing,
        "fwhm_ratio": profile.fwhm_mm / geometry.in_plane_voxel,
    }


def _shape(profile: EstimatedProfile) -> Report:
    """What a scan tells of the shape: the root-mean-square width, and the family where it is decided."""
    return {
        "rms_width_mm": profile.standard_deviation_mm,
        "rms_interval_mm": profile.rms_interval_mm,
        "family": profile.family,
    }


def _estimation(profile: EstimatedProfile) -> Report:
    """How the profile of a super-resolved scan was estimated."""
    return {**_shape(profile), "prior": profile.prior or None, **_run(profile, list(profile.warnings))}


def _scan(geometry: SliceGeometry) -> Report:
    return {
        "axis": AXIS_NAMES[geometry.axis],
        "slice_count": geometry.slice_count,
        "slice_spacing_mm": geometry.slice_spacing,
        "in_plane_spacing_mm": geometry.in_plane_spacing,
        "told_acquired_resolution_mm": geometry.acquired,
        "ratio": geometry.separation_ratio,
    }


def _run(result: EstimatedProfile | SuperResolved, warnings: list[str]) -> Report:
    return {
        "method": result.method,
        "preset": result.preset or None,
        "device": result.device,
        "seed": result.seed,
        "seconds": result.seconds,
        "warnings": warnings,
        "versions": versions(),
    }


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _finite(value: Any) -> Any:
    """A value that JSON can hold: numbers that are not finite become ``None``, tuples lists, and paths text."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
