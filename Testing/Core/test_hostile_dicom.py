"""Damaged, hostile and unusual DICOM: the right answer, or one sentence that names the file, and little memory."""

from __future__ import annotations

import os
import re
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from dicom_series import COLUMNS, COUNT, ORIGIN, ROWS, pixels, positions, save_dataset, save_series, save_slice
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume

HEIGHTS = 5.0 * np.arange(COUNT)
FIRST, MIDDLE, LAST = "IM_0000", f"IM_000{COUNT // 2}", f"IM_000{COUNT - 1}"


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Slices whose names have no ending."""
    save_series(tmp_path, positions(HEIGHTS), "IM_000")
    for path in tmp_path.iterdir():
        path.rename(path.with_suffix(""))
    return tmp_path


def refused(path: Path, told: str) -> str:
    """The one sentence with which a scan is refused, without taking memory."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=told) as refusal:
            read_volume(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


# ---------------- files that were damaged

SHARED = {
    "dicom_4GB": r"s03\.dcm is a damaged DICOM file",
    "dicom_end_slice_dropped": r"s00\.dcm is a damaged or truncated DICOM file",
    "dicom_intercept_-1e27": r"s06\.dcm has an implausible rescaling",
    "dicom_rle_60000_sigfpe": r"is a damaged DICOM file: its header tells 60000 columns",
}


@pytest.mark.parametrize("name", SHARED)
def test_damage_that_was_found_by_fuzzing(data_folder: Path, name: str) -> None:
    refused(data_folder / "hostile" / name, SHARED[name])


def test_names_that_are_not_utf_8(data_folder: Path) -> None:
    assert read_volume(data_folder / "hostile" / "dicom_name_not_utf8").shape == (40, 40, 12)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_a_name_that_is_not_utf_8_is_read(series: Path) -> None:
    os.rename(os.fsencode(series / MIDDLE), os.fsencode(series) + b"/-a \xff\nb%s")
    assert read_volume(series).shape == (COLUMNS, ROWS, COUNT)


def cut(contents: bytes) -> bytes:
    return contents[: len(contents) // 3]


def without_end(contents: bytes) -> bytes:
    return contents[:-1]


def without_beginning(contents: bytes) -> bytes:
    return bytes(200) + contents[200:]


def of_no_kind(contents: bytes) -> bytes:
    return contents.replace(b"1.2.840.10008.5.1.4.1.1.4\0", b"1.2.840.10008.5.1.4.1.9.4\0")[:-400]


def of_a_huge_length(contents: bytes) -> bytes:
    at = contents.index(b"\x08\x00\x60\x00CS")
    return contents[: at + 4] + b"UN\0\0\xf0\xff\xff\xff" + contents[at + 8 :]


def with_an_appendix(contents: bytes) -> bytes:
    return contents + b"\x62\x2a\xaf\x49\x10\x10\xff\xff" + bytes(range(256))


def of_noise(contents: bytes) -> bytes:
    return np.random.default_rng(0).bytes(len(contents))


def of_nothing(contents: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("name", [FIRST, MIDDLE, LAST])
@pytest.mark.parametrize(
    "damage",
    [cut, without_end, without_beginning, of_no_kind, of_a_huge_length, with_an_appendix, of_noise, of_nothing],
)
def test_a_damaged_slice_is_named(series: Path, name: str, damage: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """At an end of the stack nothing else would tell."""
    (series / name).write_bytes(damage((series / name).read_bytes()))
    refused(series, f"{name} is a damaged")
    assert capfd.readouterr() == ("", "")


def test_other_files_are_passed_over(series: Path) -> None:
    for name, contents in {
        "Thumbs.db": b"\xd0\xcf\x11\xe0",
        "IM_0000.jpg": b"\xff\xd8\xff\xe0",
        "README": b"text",
        "notes.txt": b"",
        ".DS_Store": b"\0\0\0\1Bud1",
    }.items():
        (series / name).write_bytes(contents)
    directory = {"SOPClassUID": "1.2.840.10008.1.3.10", "SOPInstanceUID": "1.2.3", "FileSetID": "DISK"}
    save_dataset(series / "DICOMDIR", directory)
    for number, kind in enumerate(("1.3.12.2.1107.5.9.1", "1.2.840.10008.5.1.4.1.1.11.1"), start=20):
        save_dataset(series / f"IM_00{number}", {"SOPClassUID": kind, "SOPInstanceUID": "1.2.3"})  # no images
    volume = read_volume(series)
    assert volume.shape == (COLUMNS, ROWS, COUNT) and volume.warnings == ()


def test_zeros_behind_the_voxels_are_no_damage(series: Path) -> None:
    with (series / LAST).open("ab") as file:
        file.write(bytes(1000))
    assert read_volume(series).shape == (COLUMNS, ROWS, COUNT)


@pytest.mark.parametrize(
    "changed",
    [
        {"Rows": 0},
        {"Rows": 65535},
        {"Columns": 8000},
        {"BitsAllocated": 0},
        {"BitsAllocated": 13},
        {"BitsAllocated": 64},
        {"BitsStored": 17},
        {"BitsStored": 0},
        {"HighBit": 16},
        {"PixelRepresentation": 7},
        {"SamplesPerPixel": 0},
        {"NumberOfFrames": -3},
        {"NumberOfFrames": 100_000},
        {"PixelData": None},
        {"PixelData": bytes(2 * ROWS * COLUMNS + 40) + b"12"},
        {"PixelData": None, "FloatPixelData": bytes(4 * ROWS * COLUMNS)},
        {"ImagePositionPatient": ["1e30", "0", "0"]},
        {"PixelSpacing": [0, 0.8]},
        {"PixelSpacing": [-0.9, 0.8]},
    ],
)
def test_absurd_numbers_are_refused(series: Path, changed: dict[str, Any]) -> None:
    save_slice(series / LAST, positions(HEIGHTS)[-1], COUNT - 1, **changed)
    refused(series, re.escape(LAST))


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "PixelSpacing", "ImageOrientationPatient"])
@pytest.mark.parametrize("value", [b"NaN\\NaN\\NaN ", b"inf\\1\\2   ", b"garbage    ", b"\xff\xfe\xfd\xfc"])
def test_text_that_is_no_number_is_refused(series: Path, keyword: str, value: bytes) -> None:
    path = series / LAST
    tag = int(pydicom.datadict.tag_for_keyword(keyword) or 0)
    element = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + b"DS"
    contents = path.read_bytes()
    at = contents.index(element)
    length = int.from_bytes(contents[at + 6 : at + 8], "little")
    changed = contents[: at + 6] + len(value).to_bytes(2, "little") + value + contents[at + 8 + length :]
    path.write_bytes(changed)
    refused(series, f"{LAST} does not tell where its slice lies: its {keyword} is not")


@pytest.mark.parametrize("charset", ["ISO_IR 999", "garbage", "", "ISO 2022 IR 87\\x", "GB18030"])
def test_text_of_an_unknown_character_set(series: Path, charset: str) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        tags = {element.keyword: element.value for element in dataset}
        save_dataset(path, tags | {"SeriesDescription": "Sch\xe4del \xfe"})
        contents = path.read_bytes()
        text = charset.encode() + b" " * (len(charset) % 2)
        at = contents.index(b"\x08\x00\x08\x00CS")
        inserted = b"\x08\x00\x05\x00CS" + len(text).to_bytes(2, "little") + text
        path.write_bytes(contents[:at] + inserted + contents[at:])
    assert read_volume(series).shape == (COLUMNS, ROWS, COUNT)


# ---------------- claims of memory


def test_what_inflates_without_end_is_refused(series: Path) -> None:
    tags = {element.keyword: element.value for element in pydicom.dcmread(series / LAST)}
    save_dataset(series / LAST, tags, DeflatedExplicitVRLittleEndian)
    meta = (series / LAST).read_bytes()
    meta = meta[: 144 + int.from_bytes(meta[140:144], "little")]
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    blank = bytes(2**20)
    bomb = b"".join(deflater.compress(blank) for _ in range(300)) + deflater.flush()
    (series / LAST).write_bytes(meta + bomb)
    refused(series, f"{LAST} is a damaged")


def test_run_lengths_that_cannot_hold_the_image_are_refused(series: Path) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.Rows = dataset.Columns = 8000
        dataset.save_as(path)
    refused(series, "IM_0000 is a damaged DICOM file|claim to hold")


@pytest.mark.parametrize("place", [0, 3, 64])
def test_damaged_run_lengths_are_refused(series: Path, place: int) -> None:
    dataset = pydicom.dcmread(series / LAST)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(series / LAST)
    contents = bytearray((series / LAST).read_bytes())
    begin = contents.rindex(b"\xfe\xff\x00\xe0") + 8
    contents[begin + place] ^= 0x7F
    (series / LAST).write_bytes(contents)
    refused(series, f"{LAST} is a damaged DICOM file")


def test_a_single_file_is_refused_with_what_to_give(tmp_path: Path) -> None:
    save_slice(tmp_path / "IM", ORIGIN, PixelData=pixels(0).tobytes())
    refused(tmp_path / "IM", "single DICOM file: give the folder")
