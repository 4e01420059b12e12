"""Reports: what keys they have, and that they are strict JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from SuperResolveLib import SuperResolved, Volume
from SuperResolveLib.data.geometry import SliceGeometry
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.metrics.image_quality import Comparison
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.workflows.report import (
    compare_report,
    estimate_report,
    super_resolve_report,
    unique,
    write_report,
)
from SuperResolveLib.workflows.texts import width_line

GEOMETRY = SliceGeometry(axis=2, slice_count=10, slice_spacing=6.0, in_plane_axes=(0, 1), in_plane_spacing=(0.8, 0.8))
COMMON = {"fwhm_mm", "profile", "tap_spacing_mm", "method", "preset", "seconds", "device", "seed", "warnings"} | {
    "versions",
    "axis",
    "ratio",
    "slice_spacing_mm",
}


def estimated() -> EstimatedProfile:
    return EstimatedProfile(
        weights=np.array([0.0, 0.25, 0.5, 0.25, 0.0]),
        tap_spacing=0.8,
        interval_mm=(1.4, 1.8),
        method="espreso",
        preset="default",
        device="cpu",
        seed=3,
        axis=2,
        rms_interval_mm=(0.5, 0.6),
        family="rect",
        prior="broad",
        prior_share=0.4,
        warnings=("the ratio is high",),
        seconds=2.0,
    )


def super_resolved(profile: SliceProfile) -> SuperResolved:
    return SuperResolved(
        data=np.zeros((4, 5, 6), np.float32),
        affine=np.eye(4),
        warnings=("filled",),
        profile=profile,
        method="bspline",
        preset="",
        device="cpu",
        seed=0,
        data_consistency_rmse=1.5,
        data_consistency_change=float("nan"),
        residual=Volume(np.zeros((4, 5, 2), np.float32), np.eye(4)),
        noise=2.0,
        seconds=0.1,
    )


def strict(path: Path) -> dict:
    """The report in a file; NaN and infinity, which JSON lacks, fail."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_an_estimate_is_reported_whole(tmp_path):
    write_report(estimate_report(estimated(), GEOMETRY, ["zero-filled"]), tmp_path / "r.json")
    report = strict(tmp_path / "r.json")
    assert set(report) >= COMMON | {"interval_mm", "fwhm_ratio"}
    assert report["profile"] == [0.0, 0.25, 0.5, 0.25, 0.0]
    assert report["fwhm_mm"] == pytest.approx(1.6)
    assert report["fwhm_ratio"] == pytest.approx(2.0)
    assert report["ratio"] == pytest.approx(7.5)
    assert report["interval_mm"] == [1.4, 1.8]
    assert report["rms_width_mm"] == pytest.approx(0.8 * 0.5**0.5)
    assert (report["rms_interval_mm"], report["family"], report["prior"]) == ([0.5, 0.6], "rect", "broad")
    assert report["prior_share"] == 0.4
    assert report["warnings"] == ["zero-filled", "the ratio is high"]
    assert report["versions"]["numpy"] == np.__version__


def test_a_result_is_reported_with_its_estimation(tmp_path):
    write_report(super_resolve_report(super_resolved(estimated()), GEOMETRY), tmp_path / "r.json")
    report = strict(tmp_path / "r.json")
    assert set(report) >= COMMON | {"data_consistency_rmse", "output_shape", "output_spacing_mm"}
    assert report["estimation"]["warnings"] == ["the ratio is high"]
    assert report["estimation"]["prior"] == "broad"
    assert report["output_shape"] == [4, 5, 6]
    assert report["data_consistency_change"] is None


def test_the_width_that_a_scan_determines_comes_first():
    told = width_line(estimated(), GEOMETRY)
    widths = "rms width 0.57 mm (0.50 to 0.60), FWHM 1.60 mm (1.40 to 1.80), 2.00 in-plane voxels"
    assert told == f"{widths}, shape rect, prior 40 % (broad)"
    assert width_line(SliceProfile.gaussian(5.0, 0.8), GEOMETRY).startswith("FWHM 5.0")


def test_a_given_profile_has_no_interval():
    report = super_resolve_report(super_resolved(SliceProfile.gaussian(5.0, 0.8)), GEOMETRY)
    assert report["interval_mm"] is None
    assert report["estimation"] is None


def test_what_json_cannot_hold_becomes_null(tmp_path):
    comparison = Comparison(
        psnr=float("inf"), ssim=1.0, rmse=0.0, hfen=0.0, voxels=9, resampled=False, overlap=1.0, correlation=1.0
    )
    report = compare_report(comparison, {"k": float("nan")}, None, [], seconds=0.5)
    write_report({**report, "path": Path("a") / "b", "level": np.float64("nan")}, tmp_path / "r.json")
    read = strict(tmp_path / "r.json")
    assert read["psnr"] is None
    assert read["sharpness"] == {"k": None}
    assert read["level"] is None
    assert read["path"] == str(Path("a") / "b")
    assert read["ssim"] == 1.0


def test_sentences_are_told_once_and_in_order():
    assert unique(["b", "a", "b"]) == ["b", "a"]
