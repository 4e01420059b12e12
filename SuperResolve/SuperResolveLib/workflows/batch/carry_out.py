"""One scan from its file to its results and its row; what runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...data.geometry import SliceGeometry, scan_geometry
from ...data.volume import Volume
from ...estimation.result import EstimatedProfile
from ...exits import exit_of
from ...image_io.feature_files import sha256
from ...image_io.files import replacing
from ...image_io.profile_table import parse_profile, write_profile
from ...image_io.volumes import read_volume
from ...model import Model
from ...physics.profile import SliceProfile
from ..estimate import estimate_profile
from ..models import load_model
from ..report import Report, estimate_report, super_resolve_report, unique, write_report
from ..super_resolve import super_resolve
from .bids import bids_sidecar
from .fingerprint import fingerprint
from .row import DONE, FAILED, Row, in_a_cell
from .task import Task


def carry_out(task: Task, folder: Path) -> Row:
    """Do what is asked of a scan, and write its files, all or none.

    Whatever is wrong with the scan, the row tells it in a sentence; nothing is raised.
    """
    started = time.perf_counter()
    row = empty_row(task)
    try:
        row = replace(row, hash=fingerprint(task))
        task.clear(folder)
        row = replace(row, status=DONE, **_done(task, folder))
    except Exception as error:  # one scan must not end the others
        row = replace(row, status=FAILED, error=_sentence(error))
    return replace(row, seconds=time.perf_counter() - started)


def empty_row(task: Task) -> Row:
    """The row of a scan of which nothing is known yet."""
    return Row(scan=in_a_cell(task.label), output=in_a_cell(task.stem))


def _done(task: Task, folder: Path) -> dict[str, Any]:
    """Estimate the scan's profile or super-resolve it, write the files, and return what its row tells."""
    options = task.options
    scan = read_volume(task.scan.path, task.scan.series, options.fill_nonfinite)
    geometry = scan_geometry(scan, options.axis, options.acquired_resolution)
    told = {"header_thickness_mm": scan.header.slice_thickness_mm, "slice_spacing_mm": geometry.slice_spacing}
    done = _estimated if options.estimate_only else _super_resolved
    return {**told, **done(task, folder, scan, geometry)}


def _estimated(task: Task, folder: Path, scan: Volume, geometry: SliceGeometry) -> dict[str, Any]:
    options = task.options
    profile = estimate_profile(
        scan,
        options.method,
        options.preset,
        options.axis,
        options.device,
        options.seed,
        options.acquired_resolution,
        options.prior,
    )
    report = _report(task, estimate_report(profile, geometry, scan.warnings))
    path = task.profile(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(task.report(folder)) as hidden:
        write_report(report, hidden)
        write_profile(profile, path)
    return {**_widths(profile), "method": profile.method, "warnings": (*unique((*scan.warnings, *profile.warnings)),)}


def _super_resolved(task: Task, folder: Path, scan: Volume, geometry: SliceGeometry) -> dict[str, Any]:
    options = task.options
    model, model_hash = (None, None) if options.model is None else _model(options.model, options.model.stat().st_mtime)
    result = super_resolve(
        scan,
        None if options.profile is None else parse_profile(options.profile, geometry.in_plane_voxel),
        options.method,
        options.preset,
        options.axis,
        options.spacing,
        None if options.like is None else read_volume(options.like),
        options.combine,
        options.consistent,
        options.device,
        options.seed,
        options.acquired_resolution,
        options.prior,
        options.uncertainty,
        model,
    )
    report = _report(task, super_resolve_report(result, geometry, model_hash))
    outputs = task.volumes(folder)
    outputs.volume.parent.mkdir(parents=True, exist_ok=True)
    with replacing(task.profile(folder)) as hidden:
        write_profile(result.profile, hidden)
        outputs.write(result, options.keep_type, report)
    return {
        **_widths(result.profile),
        "data_consistency_rmse": result.data_consistency_rmse,
        "method": result.method,
        "warnings": result.warnings,
    }


def _widths(profile: SliceProfile) -> dict[str, float]:
    told = {"fwhm_mm": profile.fwhm_mm}
    if isinstance(profile, EstimatedProfile):
        told["fwhm_low_mm"], told["fwhm_high_mm"] = profile.interval_mm
    return told


def _report(task: Task, report: Report) -> Report:
    """The report of a scan, without what differs from run to run; in BIDS as its sidecar."""
    profile = {"profile_from": task.options.profile or "the scan itself"} if not task.options.estimate_only else {}
    told = {**_timeless(report), "input": task.label, "output": task.stem, **profile}
    return told if task.source is None else bids_sidecar(told, task.source)


def _timeless(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report without its seconds, which only the table tells, so that equal runs write equal files."""
    return {
        key: _timeless(value) if isinstance(value, Mapping) else value
        for key, value in report.items()
        if key != "seconds"
    }


@lru_cache(maxsize=1)
def _model(path: Path, modified: float) -> tuple[Model, str]:
    """A model, read once for the scans of a worker, and the hash of its file."""
    return load_model(path), sha256(path)


def _sentence(error: Exception) -> str:
    """An error in a sentence."""
    known = exit_of(error)
    if known is not None:
        return known[0]
    text = " ".join(str(error).split())[:200]
    return f"an unexpected {type(error).__name__} ended it{f': {text}' if text else ''}"
