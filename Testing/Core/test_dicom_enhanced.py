"""Enhanced DICOM: one file whose functional groups describe its frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import EnhancedMRImageStorage, RLELossless

from dicom_series import COLUMNS, ORIGIN, ROWS, TURNED, pixels, positions, save_dataset, save_series
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume

HEIGHTS = 5.0 * np.arange(9)
AS_STORED = np.stack([pixels(index).T for index in range(9)], axis=2).astype(np.float32)


def item(**tags: Any) -> list[pydicom.Dataset]:
    dataset = pydicom.Dataset()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return [dataset]


def save_enhanced(
    path: Path, at: Sequence[np.ndarray], per_frame: Sequence[dict[str, Any]] | None = None, **changed: Any
) -> Path:
    """Frames at positions, with further groups for each; ``changed`` sets tags of the file."""
    frames: list[pydicom.Dataset] = []
    for index, position in enumerate(at):
        place = item(ImagePositionPatient=[f"{value:.10g}" for value in position])
        groups = {"PlanePositionSequence": place} | (per_frame[index] if per_frame else {})
        frames += item(**groups)
    shared = {
        "PixelMeasuresSequence": item(PixelSpacing=[0.9, 0.8], SliceThickness=4, SpacingBetweenSlices=5),
        "PlaneOrientationSequence": item(
            ImageOrientationPatient=[f"{value:.10g}" for value in TURNED[:, :2].T.ravel()]
        ),
        "MRFOVGeometrySequence": item(
            InPlanePhaseEncodingDirection="ROW",
            MRAcquisitionFrequencyEncodingSteps=9,
            MRAcquisitionPhaseEncodingStepsInPlane=5,
        ),
    }
    tags = {
        "SOPClassUID": EnhancedMRImageStorage,
        "SOPInstanceUID": "1.2.3.4.1",
        "SeriesInstanceUID": "1.2.3.4",
        "SeriesDescription": "T2 tra",
        "SeriesNumber": 3,
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "NONE"],
        "Modality": "MR",
        "NumberOfFrames": len(at),
        "Rows": ROWS,
        "Columns": COLUMNS,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "SharedFunctionalGroupsSequence": item(**shared),
        "PerFrameFunctionalGroupsSequence": frames,
        "PixelData": b"".join(pixels(index).tobytes() for index in range(len(at))),
    }
    save_dataset(path, tags | changed)
    return path


@pytest.mark.parametrize("as_folder", [False, True])
def test_an_enhanced_file_is_read_as_a_file_and_as_its_folder(tmp_path: Path, as_folder: bool) -> None:
    path = save_enhanced(tmp_path / "XX_0005", positions(HEIGHTS))
    volume = read_volume(tmp_path if as_folder else path)
    np.testing.assert_array_equal(volume.data, AS_STORED)
    lps = np.eye(4)
    lps[:3, :3] = TURNED * (0.8, 0.9, 5.0)
    lps[:3, 3] = ORIGIN
    np.testing.assert_allclose(volume.affine, np.diag([-1, -1, 1, 1]) @ lps, atol=1e-7)
    assert (volume.header.slice_thickness_mm, volume.header.slice_spacing_mm) == (4.0, 5.0)
    assert volume.header.acquired_spacing_mm == (pytest.approx(10 * 0.8 / 5), pytest.approx(12 * 0.9 / 9), None)
    assert volume.stored_type == np.uint16 and volume.warnings == ()


def test_frames_are_sorted_by_position(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(9)
    path = save_enhanced(tmp_path / "a.dcm", [positions(HEIGHTS)[index] for index in order])
    np.testing.assert_array_equal(read_volume(path).data[..., order], AS_STORED)


def test_each_frame_has_its_own_rescaling(tmp_path: Path) -> None:
    groups = [
        {"PixelValueTransformationSequence": item(RescaleSlope=1 + k, RescaleIntercept=-k, RescaleType="US")}
        for k in range(9)
    ]
    data = read_volume(save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS), groups)).data
    np.testing.assert_array_equal(data, AS_STORED * (1 + np.arange(9)) - np.arange(9))


@pytest.mark.parametrize("kind", ["1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"])
def test_enhanced_ct_with_padding(tmp_path: Path, kind: str) -> None:
    """Enhanced CT, and CT that was converted to it: rescaling that all frames share, and a padding value."""
    stored = [pixels(index).astype(np.int16) for index in range(9)]
    for frame in stored:
        frame[:2] = -2000
    rescale = {"PixelValueTransformationSequence": item(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")}
    path = save_enhanced(
        tmp_path / "a.dcm",
        positions(HEIGHTS),
        [rescale] * 9,
        SOPClassUID=kind,
        Modality="CT",
        PixelRepresentation=1,
        BitsStored=16,
        HighBit=15,
        PixelPaddingValue=-2000,
        PixelData=b"".join(frame.tobytes() for frame in stored),
    )
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.data[:, 2:], AS_STORED[:, 2:] - 1024)
    assert set(volume.data[:, :2].ravel()) == {AS_STORED[:, 2:].min() - 1024}
    assert volume.stored_type == np.int32 and "180 voxels of padding (-3024)" in volume.warnings[0]


def test_run_length_encoded_frames(tmp_path: Path) -> None:
    path = save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS))
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(path).data, AS_STORED)


def test_frames_compressed_as_jpeg_2000(tmp_path: Path) -> None:
    example = pydicom.dcmread(get_testdata_file("MR_small_jp2klossless.dcm"))
    frame = pydicom.encaps.generate_frames(example.PixelData, number_of_frames=1)
    encoded = pydicom.encaps.encapsulate([next(frame)] * 9)
    sizes = {"Rows": 64, "Columns": 64, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1}
    path = save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS), **sizes)
    tags = {element.keyword: element.value for element in pydicom.dcmread(path)}
    save_dataset(path, tags | {"PixelData": encoded}, example.file_meta.TransferSyntaxUID)
    original = pydicom.dcmread(get_testdata_file("MR_small.dcm")).pixel_array
    np.testing.assert_array_equal(read_volume(path).data, np.repeat(original.T[..., np.newaxis], 9, axis=2))


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (lambda k: {"MREchoSequence": item(EffectiveEchoTime=10.0 + 70 * (k % 2))}, r"echo time \(10\.0, 80\.0\)"),
        (lambda k: {"FrameContentSequence": item(TemporalPositionIndex=1 + k % 2)}, r"time point \(1, 2\)"),
        (
            lambda k: {"MRImageFrameTypeSequence": item(ComplexImageComponent=("MAGNITUDE", "PHASE")[k % 2])},
            r"part of the complex signal \(MAGNITUDE, PHASE\)",
        ),
        (lambda k: {"MRDiffusionSequence": item(DiffusionBValue=1000.0 * (k % 2))}, r"b-value \(0\.0, 1000\.0\)"),
        (lambda k: {}, "10 frames at 5 positions"),
    ],
)
def test_several_volumes_are_told_apart(tmp_path: Path, groups: Any, told: str) -> None:
    at = [position for position in positions(HEIGHTS[:5]) for _ in range(2)]
    path = save_enhanced(tmp_path / "a.dcm", at, [groups(k) for k in range(10)])
    with pytest.raises(InputError, match=f"a.dcm holds .*{told}"):
        read_volume(path)


def test_a_missing_frame_is_named(tmp_path: Path) -> None:
    path = save_enhanced(tmp_path / "a.dcm", positions(np.delete(HEIGHTS, 4)))
    with pytest.raises(InputError, match=r"1 slice is missing .* between frame 4 and frame 5"):
        read_volume(path)


def test_stacks_that_are_not_parallel_are_refused(tmp_path: Path) -> None:
    turned = {"PlaneOrientationSequence": item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])}
    path = save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS), [turned if k > 5 else {} for k in range(9)])
    with pytest.raises(InputError, match=r"frame 1 and frame 7 .* are not parallel"):
        read_volume(path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"PerFrameFunctionalGroupsSequence": None}, "multi-frame DICOM whose header does not tell where"),
        ({"NumberOfFrames": 8}, "a damaged"),
        ({"NumberOfFrames": 10}, "a damaged"),
        ({"Rows": ROWS - 1}, "a damaged"),
        ({"SharedFunctionalGroupsSequence": None}, "does not tell where its slice lies"),
        ({"PixelData": bytes(100)}, "a damaged or truncated"),
    ],
)
def test_a_damaged_enhanced_file_is_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    path = save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS), **changed)
    with pytest.raises(InputError, match=told):
        read_volume(path)


def test_several_enhanced_files_are_several_series(tmp_path: Path) -> None:
    save_enhanced(tmp_path / "a.dcm", positions(HEIGHTS))
    save_enhanced(tmp_path / "b.dcm", positions(1.2 * HEIGHTS), SOPInstanceUID="1.2.3.4.2")
    save_series(tmp_path, positions(HEIGHTS), SeriesInstanceUID="1.2.3.5", SeriesNumber=4)
    with pytest.raises(InputError, match=r"holds 3 series.* in a\.dcm .* in b\.dcm .*9 slices"):
        read_volume(tmp_path)
    assert read_volume(tmp_path, "b.dcm").spacing[2] == pytest.approx(6)
    assert read_volume(tmp_path, "4").spacing[2] == pytest.approx(5)


def test_enhanced_files_of_one_frame_are_slices(tmp_path: Path) -> None:
    for index, position in enumerate(positions(HEIGHTS)):
        data = pixels(index).tobytes()
        save_enhanced(tmp_path / f"{index}.dcm", [position], SOPInstanceUID=f"1.2.3.4.{index + 1}", PixelData=data)
    np.testing.assert_array_equal(read_volume(tmp_path).data, AS_STORED)


@pytest.mark.parametrize("name", ["XX_0005", "."])
def test_the_reported_enhanced_file(data_folder: Path, name: str) -> None:
    volume = read_volume(data_folder / "cases" / "enhanced_single_file" / name)
    original = pydicom.dcmread(data_folder / "cases" / "enhanced_single_file" / "XX_0005").pixel_array
    np.testing.assert_array_equal(volume.data, original.transpose(2, 1, 0))
    assert volume.spacing == pytest.approx((0.9, 0.95, 5.5), abs=1e-6)
