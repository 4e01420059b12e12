"""Folders of DICOM slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from dicom_series import COLUMNS, COUNT, ORIGIN, ROWS, TURNED, pixels, positions, save_series, save_slice
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume


@pytest.fixture
def heights() -> np.ndarray:
    return 5.0 * np.arange(COUNT)


def test_a_series_is_stacked_by_position(tmp_path: Path, heights: np.ndarray) -> None:
    """Not by file name or instance number: the slices are shuffled; spacing is not the thickness."""
    order = np.random.default_rng(5).permutation(COUNT)
    for name, index in enumerate(order):
        save_slice(tmp_path / f"{name}.dcm", positions(heights)[index], index, InstanceNumber=name)
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / ".DS_Store").write_text("hidden")
    (tmp_path / "more").mkdir()
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, np.stack([pixels(index).T for index in range(COUNT)], axis=2))
    lps = np.eye(4)
    lps[:3, :3] = TURNED * (0.8, 0.9, 5.0)
    lps[:3, 3] = ORIGIN
    np.testing.assert_allclose(volume.affine, np.diag([-1, -1, 1, 1]) @ lps, atol=1e-7)
    assert volume.stored_type == np.uint16 and volume.warnings == ()


def test_the_header_tells_thickness_spacing_and_acquired_resolution(tmp_path: Path, heights: np.ndarray) -> None:
    header = read_volume(save_series(tmp_path, positions(heights))).header
    assert (header.slice_thickness_mm, header.slice_spacing_mm) == (4.0, 5.0)
    assert header.acquired_spacing_mm == (pytest.approx(10 * 0.8 / 5), pytest.approx(12 * 0.9 / 9), None)


def test_a_spacing_tag_that_the_positions_belie_is_told(tmp_path: Path, heights: np.ndarray) -> None:
    volume = read_volume(save_series(tmp_path, positions(heights * 1.2)))
    assert volume.spacing[2] == pytest.approx(6.0)
    assert "6 mm apart, not 5 mm" in volume.warnings[0]


def test_rounded_positions_are_even_enough(tmp_path: Path, heights: np.ndarray) -> None:
    rounded = heights + 0.02 * np.random.default_rng(0).uniform(-1, 1, COUNT)
    assert read_volume(save_series(tmp_path, positions(rounded))).spacing[2] == pytest.approx(5, rel=1e-3)


def test_rescale_slopes_are_applied_slice_by_slice(tmp_path: Path, heights: np.ndarray) -> None:
    for index, position in enumerate(positions(heights)):
        save_slice(tmp_path / f"{index}.dcm", position, index, RescaleSlope=0.5 + index, RescaleIntercept=-3)
    expected = np.stack([pixels(index).T * (0.5 + index) - 3 for index in range(COUNT)], axis=2)
    volume = read_volume(tmp_path)
    np.testing.assert_allclose(volume.data, expected)
    assert volume.stored_type == np.float32


def test_compressed_slices(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights))
    for path in tmp_path.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(tmp_path).data[..., 3], pixels(3).T)


# ---------------- series


@pytest.fixture
def two_series(tmp_path: Path, heights: np.ndarray) -> Path:
    save_series(tmp_path, positions(heights), "a")
    other = {"SeriesInstanceUID": "1.2.3.5", "SeriesDescription": "T1 sag", "SeriesNumber": 4}
    return save_series(tmp_path, positions(heights[:8] * 1.2), "b", SpacingBetweenSlices=6, **other)


def test_several_series_are_listed(two_series: Path) -> None:
    with pytest.raises(InputError) as refusal:
        read_volume(two_series)
    for part in (
        "holds 2 series",
        "--series",
        "1.2.3.4 (number 3, T2 tra, 9 slices)",
        "1.2.3.5 (number 4, T1 sag, 8 slices)",
    ):
        assert part in str(refusal.value)


@pytest.mark.parametrize("series", ["1.2.3.5", "4", "T1 sag"])
def test_a_series_is_chosen_by_uid_number_or_description(two_series: Path, series: str) -> None:
    volume = read_volume(two_series, series)
    assert volume.shape == (COLUMNS, ROWS, 8) and volume.spacing[2] == pytest.approx(6)


def test_a_series_that_is_not_there_is_refused(two_series: Path) -> None:
    with pytest.raises(InputError, match=r"no series in .* go by 'T3'.*1\.2\.3\.4"):
        read_volume(two_series, "T3")


def test_a_description_that_two_series_share_is_refused(two_series: Path) -> None:
    third = {"SeriesInstanceUID": "1.2.3.6", "SeriesDescription": "T1 sag"}
    save_series(two_series, positions([0.0]), "c", **third)
    with pytest.raises(InputError, match=r"2 series in .* go by 'T1 sag'"):
        read_volume(two_series, "T1 sag")


# ---------------- geometry that is refused


def test_a_missing_slice_is_named(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights))
    (tmp_path / "s4.dcm").unlink()
    told = (
        r"1 slice is missing .*between s3\.dcm and s5\.dcm \(slices 4 and 5 of 8\).* 10 mm, where the others are 5 mm"
    )
    with pytest.raises(InputError, match=told):
        read_volume(tmp_path)


def test_several_missing_slices_are_counted(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights))
    for index in (2, 3, 6):
        (tmp_path / f"s{index}.dcm").unlink()
    with pytest.raises(InputError, match=r"3 slices are missing.*between s1\.dcm and s4\.dcm"):
        read_volume(tmp_path)


def test_varying_gaps_are_told(tmp_path: Path, heights: np.ndarray) -> None:
    heights[5:] += 0.7
    with pytest.raises(InputError, match=r"varies from 5 to 5\.7 mm: between s4\.dcm and s5\.dcm"):
        read_volume(save_series(tmp_path, positions(heights)))


def test_gantry_tilt_is_refused(tmp_path: Path, heights: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"18\.5 degrees off their normal \(gantry tilt\)"):
        read_volume(save_series(tmp_path, positions(heights, tilt=18.5)))


def test_a_slice_out_of_line_is_refused(tmp_path: Path, heights: np.ndarray) -> None:
    at = positions(heights)
    at[4] = at[4] + TURNED[:, 0]
    with pytest.raises(InputError, match=r"shifted sideways, up to 0\.89 mm off"):
        read_volume(save_series(tmp_path, at))


def test_two_echoes_are_refused(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights), "a")
    save_series(tmp_path, positions(heights), "b")
    with pytest.raises(InputError, match=r"18 slices at 9 positions .*a0\.dcm and b0\.dcm"):
        read_volume(tmp_path)


def test_a_localiser_is_refused(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights))
    save_slice(tmp_path / "z.dcm", ORIGIN, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    with pytest.raises(InputError, match="are not parallel"):
        read_volume(tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ImagePositionPatient": None}, "ImagePositionPatient is not 3 numbers"),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, "not two orthogonal unit vectors"),
        ({"PixelSpacing": None}, "PixelSpacing is not 2 numbers"),
        ({"PixelSpacing": [0.9, 0.7]}, "differ in voxel size"),
        ({"Rows": 6, "PixelData": pixels(0)[:6].tobytes()}, "differ in size"),
        ({"BitsStored": 10, "HighBit": 9}, "differ in the bits that hold their values"),
        ({"PixelRepresentation": 1}, "differ in the bits that hold their values"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "differ in display"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "is a mosaic"),
        ({"NumberOfFrames": 2, "PixelData": 2 * pixels(0).tobytes()}, "s4.dcm .*a multi-frame file"),
        ({"Rows": 64, "Columns": 64, "PixelData": bytes(64 * 64)}, "is a damaged or truncated"),
        (
            {
                "SamplesPerPixel": 3,
                "PhotometricInterpretation": "RGB",
                "PlanarConfiguration": 0,
                "BitsAllocated": 8,
                "BitsStored": 8,
                "HighBit": 7,
                "PixelData": bytes(3 * ROWS * COLUMNS),
            },
            "holds 3 values a voxel",
        ),
    ],
)
def test_a_slice_that_does_not_fit_is_refused(
    tmp_path: Path, heights: np.ndarray, changed: dict[str, Any], told: str
) -> None:
    save_series(tmp_path, positions(heights))
    save_slice(tmp_path / "s4.dcm", positions(heights)[4], 4, **changed)
    with pytest.raises(InputError, match=told) as refusal:
        read_volume(tmp_path)
    assert "s4.dcm" in str(refusal.value)


# ---------------- files that are refused


@pytest.mark.parametrize("part", [0.0, 0.1, 0.4, 0.99])
@pytest.mark.parametrize("name", ["s0.dcm", "s4.dcm", "s8.dcm"])
def test_a_truncated_slice_is_named_not_left_out(
    tmp_path: Path, heights: np.ndarray, name: str, part: float, capfd: pytest.CaptureFixture[str]
) -> None:
    """GDCM would pass over it, and at the end of the stack nothing would tell."""
    save_series(tmp_path, positions(heights))
    contents = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(contents[: int(part * len(contents))])
    with pytest.raises(InputError, match=f"{name} is a damaged or truncated DICOM file"):
        read_volume(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_dicom_objects_that_are_no_images_are_passed_over(tmp_path: Path, heights: np.ndarray) -> None:
    save_series(tmp_path, positions(heights))
    report = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.22", "PixelData": None, "Rows": None, "Columns": None}
    save_slice(tmp_path / "report.dcm", ORIGIN, **report)
    assert read_volume(tmp_path).shape[2] == COUNT


def test_a_single_slice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"single slice \(s0\.dcm\)"):
        read_volume(save_series(tmp_path, [ORIGIN]))


def test_a_file_of_a_series_is_refused(tmp_path: Path) -> None:
    save_slice(tmp_path / "IM0001", ORIGIN)
    with pytest.raises(InputError, match="single DICOM file: give the folder"):
        read_volume(tmp_path / "IM0001")


def test_a_folder_without_images_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="holds no DICOM images"):
        read_volume(tmp_path)
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + bytes(50))
    with pytest.raises(InputError, match=r"none of the 1 DICOM files in .*a\.dcm"):
        read_volume(tmp_path)
    assert capfd.readouterr() == ("", "")
