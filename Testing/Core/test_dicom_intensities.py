"""What the voxels of DICOM slices mean: types, bits, rescaling, padding and inverted display."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from dicom_series import COLUMNS, ROWS, pixels, positions, save_series, save_slice
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume

THREE = positions([0.0, 5.0, 10.0])
AS_STORED = np.stack([pixels(index).T for index in range(3)], axis=2).astype(np.float32)
#: A round field of view, in which the corners are padding.
OUTSIDE = np.hypot(*np.meshgrid(np.linspace(-1, 1, COLUMNS), np.linspace(-1, 1, ROWS))) > 1


def by_itk(folder: Path) -> tuple[np.ndarray, np.dtype[Any]]:
    """The slices as SimpleITK reads each, stacked, shape (columns, rows, slices), and the type of integers."""
    slices = [sitk.GetArrayFromImage(sitk.ReadImage(path)).reshape(ROWS, COLUMNS) for path in sorted(folder.iterdir())]
    stacked = np.stack(slices).transpose(2, 1, 0)
    return stacked.astype(np.float32), stacked.dtype if stacked.dtype.kind in "iu" else np.dtype(np.float32)


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize(("bits", "stored"), [(8, 8), (16, 16), (16, 12), (32, 32)])
@pytest.mark.parametrize("rescale", [(None, None), (1, 0), (1, -1024), (2, -10), (0.25, 3), (3, 70_000)])
def test_intensities_and_types_are_those_of_itk(
    tmp_path: Path, bits: int, stored: int, signed: int, rescale: tuple[float | None, float | None]
) -> None:
    least = -(2 ** (stored - 1)) if signed else 0
    kind = f"{'i' if signed else 'u'}{bits // 8}"
    random = np.random.default_rng(0)
    for index, position in enumerate(THREE):
        save_slice(
            tmp_path / f"{index}.dcm",
            position,
            BitsAllocated=bits,
            BitsStored=stored,
            HighBit=stored - 1,
            PixelRepresentation=signed,
            RescaleSlope=rescale[0],
            RescaleIntercept=rescale[1],
            PixelData=random.integers(least, least + 2**stored, (ROWS, COLUMNS)).astype(kind).tobytes(),
        )
    data, integers = by_itk(tmp_path)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, data)
    assert bits == 32 or volume.stored_type == integers


def test_bits_beside_the_stored_ones_are_left_out(tmp_path: Path) -> None:
    """As overlays are in the high bits of old files."""
    for index, position in enumerate(THREE):
        words = pixels(index) << 2 | 0x8001
        save_slice(
            tmp_path / f"{index}.dcm", position, BitsStored=12, HighBit=13, PixelData=words.astype("<u2").tobytes()
        )
    np.testing.assert_array_equal(read_volume(tmp_path).data, AS_STORED)


# ---------------- inverted display


def test_inverted_display_is_inverted(tmp_path: Path) -> None:
    for index, position in enumerate(THREE):
        inverted = (4095 - pixels(index)).astype("<u2")
        tags = {"BitsStored": 12, "HighBit": 11, "RescaleSlope": 2, "RescaleIntercept": -6}
        save_slice(
            tmp_path / f"{index}.dcm",
            position,
            PhotometricInterpretation="MONOCHROME1",
            PixelData=inverted.tobytes(),
            **tags,
        )
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, 2 * AS_STORED - 6)
    assert any("MONOCHROME1" in warning and "inverted" in warning for warning in volume.warnings)


def test_the_numbers_of_ct_are_not_inverted(tmp_path: Path) -> None:
    save_series(tmp_path, THREE, PhotometricInterpretation="MONOCHROME1", Modality="CT")
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, AS_STORED)
    assert any("kept as they are" in warning for warning in volume.warnings)


# ---------------- padding


def save_ct(folder: Path, outside: int, **changed: Any) -> Path:
    for index, position in enumerate(THREE):
        stored = np.where(OUTSIDE, outside, pixels(index).astype(np.int16))
        tags = {"PixelRepresentation": 1, "RescaleIntercept": -1024, "RescaleSlope": 1, "Modality": "CT"} | changed
        save_slice(folder / f"{index}.dcm", position, PixelData=stored.astype("<i2").tobytes(), **tags)
    return folder


@pytest.mark.parametrize(
    "announced",
    [
        {},
        {"PixelPaddingValue": -2000},
        {"PixelPaddingValue": -1990, "limit": -2010},
        {"PixelPaddingValue": 500},  # not what the slices hold
    ],
)
def test_padding_becomes_the_lowest_intensity_beside_it(tmp_path: Path, announced: dict[str, int]) -> None:
    """-3024, as CT has it outside the round field of view, is no edge of the anatomy."""
    limit = {"PixelPaddingRangeLimit": announced["limit"]} if "limit" in announced else {}
    told = {key: value for key, value in announced.items() if key != "limit"}
    volume = read_volume(save_ct(tmp_path, -2000, **told, **limit))
    inside = AS_STORED[~OUTSIDE.T] - 1024
    np.testing.assert_array_equal(volume.data[~OUTSIDE.T], inside)
    assert set(volume.data[OUTSIDE.T].ravel()) == {inside.min()}
    assert f"{3 * OUTSIDE.sum()} voxels of padding (-3024) were set to {inside.min():.5g}" in volume.warnings[0]


def test_padding_announced_without_its_sign(tmp_path: Path) -> None:
    save_ct(tmp_path, -2000, PixelPaddingValue=-2000)
    for path in tmp_path.iterdir():
        contents = path.read_bytes()
        assert contents.count(b"\x28\x00\x20\x01SS") == 1
        path.write_bytes(contents.replace(b"\x28\x00\x20\x01SS", b"\x28\x00\x20\x01US"))
    assert read_volume(tmp_path).data.min() >= -1024


@pytest.mark.parametrize("outside", [0, 500])
def test_padding_that_is_no_edge_is_left_alone(tmp_path: Path, outside: int) -> None:
    """Some scanners announce air, or what is in the midst of the tissue."""
    volume = read_volume(save_ct(tmp_path, outside, PixelPaddingValue=outside))
    assert set(volume.data[OUTSIDE.T].ravel()) == {outside - 1024.0} and volume.warnings == ()


def test_noise_below_air_is_no_padding(tmp_path: Path) -> None:
    save_series(tmp_path, THREE, RescaleIntercept=-1200, RescaleSlope=1, Modality="CT")
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, AS_STORED - 1200)
    assert volume.warnings == ()


def test_nothing_but_padding_is_refused(tmp_path: Path) -> None:
    zeros = {"PixelPaddingValue": 0, "PixelData": bytes(2 * ROWS * COLUMNS)}
    with pytest.raises(InputError, match="nothing but padding"):
        read_volume(save_series(tmp_path, THREE, **zeros))


# ---------------- rescaling


@pytest.mark.parametrize(("slope", "told"), [(3, False), (256, True), (-1, True)])
def test_a_slice_that_is_rescaled_very_differently_is_told(tmp_path: Path, slope: float, told: bool) -> None:
    save_series(tmp_path, THREE)
    save_slice(tmp_path / "s1.dcm", THREE[1], 1, RescaleSlope=slope, RescaleIntercept=0)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, AS_STORED * np.array([1, slope, 1]))
    assert any("rescaled very differently" in warning for warning in volume.warnings) == told


@pytest.mark.parametrize(
    ("slope", "intercept"), [(1, -1e27), (0, 0), (1e30, 0), (1e-20, 0), (1e-6, 1e6), ("1", "NaN"), ("inf", "0")]
)
def test_an_implausible_rescaling_is_refused(tmp_path: Path, slope: Any, intercept: Any) -> None:
    save_series(tmp_path, THREE)
    save_slice(tmp_path / "s1.dcm", THREE[1], RescaleSlope="7", RescaleIntercept="9")
    contents = (tmp_path / "s1.dcm").read_bytes()
    for element, value in ((b"\x28\x00\x53\x10DS\x02\x00", slope), (b"\x28\x00\x52\x10DS\x02\x00", intercept)):
        text = str(value).encode()
        text += b" " * (len(text) % 2)
        at = contents.index(element)
        contents = contents[: at + 6] + len(text).to_bytes(2, "little") + text + contents[at + 10 :]
    (tmp_path / "s1.dcm").write_bytes(contents)
    with pytest.raises(InputError, match=r"s1\.dcm.*(implausible rescaling|is not a number)"):
        read_volume(tmp_path)
