"""What headers and sidecars claim of a scan: implausible claims are ignored, contradictions told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from dicom_series import COUNT, positions, save_series
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.acquisition_tags import acquisition_header, numbers
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.workflows.estimate import estimate_profile

#: Slices 5 mm apart.
AFFINE, SHAPE = np.diag([0.8, 0.9, 5.0, 1.0]), (100, 90, 20)


def header(tags: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    return acquisition_header(tags, AFFINE, SHAPE, (0, 1))


@pytest.mark.parametrize("thickness", [0.1, 0.5, 4, 5.0, 8.0, 20, "4.5", [3.0]])
def test_a_plausible_thickness_is_believed(thickness: Any) -> None:
    told, warnings = header({"SliceThickness": thickness})
    assert told.slice_thickness_mm == numbers(thickness)[0] and warnings == ()


@pytest.mark.parametrize(
    "thickness", [0.004, 0.005, 0.01, 50.1, 4000, 5e6, -4, 1e-300, 1e300, 10**400, float("nan"), float("inf"), "1e999"]
)
def test_an_implausible_thickness_is_ignored_with_a_warning(thickness: Any) -> None:
    """In metres, in micrometres, beyond ten times the spacing, or no number of this world."""
    told, warnings = header({"SliceThickness": thickness})
    assert told.slice_thickness_mm is None
    assert len(warnings) == 1 and "slice thickness" in warnings[0] and "5 mm apart: it is ignored" in warnings[0]


@pytest.mark.parametrize("thickness", [0, "", None, "thick", [], {}, True, [[4]], {"mm": 4}])
def test_no_thickness_is_no_claim(thickness: Any) -> None:
    told, warnings = header({"SliceThickness": thickness})
    assert told.slice_thickness_mm is None and warnings == ()


@pytest.mark.parametrize(
    "tags",
    [
        {"BaseResolution": 1e-300, "AcquisitionMatrixPE": 1e-300},
        {"BaseResolution": 10**400, "AcquisitionMatrixPE": 10**400},
        {"AcquisitionMatrix": [0, float("nan"), float("inf"), 0]},
        {"AcquisitionMatrix": [0, 1, 1, 0]},
        {"AcquisitionMatrix": [0, -256, -256, 0]},
        {"AcquisitionMatrix": [0, 100_000, 100_000, 0]},
        {"AcquisitionMatrix": [0, 90, 100, 0], "Rows": 1e300, "Columns": 1e300, "PixelSpacing": [1, 1]},
        {"AcquisitionMatrix": [0, 90, 100, 0], "Rows": 90, "Columns": 100, "PixelSpacing": [1e-9, 1e-9]},
    ],
)
def test_an_implausible_matrix_tells_no_resolution(tags: dict[str, Any]) -> None:
    told, _warnings = header(tags | {"InPlanePhaseEncodingDirection": "ROW"})
    assert told.acquired_spacing_mm in ((None, None, None), (pytest.approx(0.8), None, None))


@pytest.mark.parametrize("spacing", [6.5, 4.8, "6.5"])
def test_dicom_and_sidecar_that_contradict_the_spacing_are_told_alike(tmp_path: Path, spacing: Any) -> None:
    save_series(tmp_path, positions(5.0 * np.arange(COUNT)), SpacingBetweenSlices=spacing)
    told = f"the slices are 5 mm apart, not {float(spacing):g} mm as SpacingBetweenSlices says"
    assert told in read_volume(tmp_path).warnings[0]
    assert told in with_sidecar(tmp_path, {"SpacingBetweenSlices": spacing}).warnings[0]


def test_the_thickness_of_dicom_and_sidecar_is_judged_alike(tmp_path: Path) -> None:
    save_series(tmp_path, positions(5.0 * np.arange(COUNT)), SliceThickness=0.004)
    for volume in (read_volume(tmp_path), with_sidecar(tmp_path, {"SliceThickness": 0.004})):
        assert volume.header.slice_thickness_mm is None
        assert "slice thickness of 0.004 mm, implausible for slices 5 mm apart: it is ignored" in volume.warnings[0]


# ---------------- sidecars


def with_sidecar(folder: Path, contents: Any) -> Volume:
    """A NIfTI file whose slices are 5 mm apart, beside a sidecar."""
    if isinstance(contents, bytes):
        (folder / "scan.json").write_bytes(contents)
    else:
        (folder / "scan.json").write_text(json.dumps(contents), encoding="utf-8")
    data = np.random.default_rng(0).integers(0, 100, (12, 10, 8)).astype(np.int16)
    nib.save(nib.Nifti1Image(data, AFFINE), folder / "scan.nii")
    return read_volume(folder / "scan.nii")


@pytest.mark.parametrize(
    "contents",
    [
        b"\xff\xfe\x00{",
        b'{"SliceThickness": ' + b"9" * 5000 + b"}",
        b'{"a": ' * 50_000 + b"1" + b"}" * 50_000,
        b"[" * 200_000,
        b'"SliceThickness"',
        b"{}{}",
        b" " * (4 * 2**20 + 1),
        b'{"SliceThickness": 4',
    ],
)
def test_a_sidecar_that_is_no_json_object_is_ignored_with_a_warning(tmp_path: Path, contents: bytes) -> None:
    volume = with_sidecar(tmp_path, contents)
    assert volume.header.slice_thickness_mm is None
    assert len(volume.warnings) == 1 and "scan.json is not a JSON object: it is ignored" in volume.warnings[0]


@pytest.mark.parametrize("cosines", [[1e308] * 6, [1e-320] * 6, ["a"] * 6, [0] * 6, [1, 0, 0, 1, 0, 0], "1\\0", 7])
def test_orientations_that_are_none(tmp_path: Path, cosines: Any) -> None:
    tags = {"SliceThickness": 4, "ImageOrientationPatientDICOM": cosines}
    assert with_sidecar(tmp_path, tags).header.slice_thickness_mm == 4


def test_a_sidecar_with_a_huge_integer(data_folder: Path) -> None:
    volume = read_volume(data_folder / "hostile" / "sidecar_bigint" / "s.nii")
    assert volume.header.slice_thickness_mm is None and "it is ignored" in volume.warnings[0]


def test_a_sidecar_that_contradicts(data_folder: Path) -> None:
    volume = read_volume(data_folder / "cases" / "sidecar_spacing_contradicts" / "n_side_gap.nii.gz")
    assert any("5 mm apart, not 6.5 mm" in warning for warning in volume.warnings)


def test_a_thickness_in_metres_does_not_mislead_the_estimate(data_folder: Path) -> None:
    scan = read_volume(data_folder / "cases" / "header_thickness_in_metres" / "s_thk0.004.nii.gz")
    profile = estimate_profile(scan)
    assert profile.interval_mm[0] <= 4.0 <= profile.interval_mm[1]
