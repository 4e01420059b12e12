"""Transfer syntaxes of DICOM: how the voxels are ordered and compressed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from dicom_series import ROWS, pixels, positions, save_dataset, save_series
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.dicom import decoder as dicom_decoder
from SuperResolveLib.image_io.volumes import read_volume

THREE = positions([0.0, 5.0, 10.0])
AS_STORED = np.stack([pixels(index).T for index in range(3)], axis=2).astype(np.float32)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless]
)
def test_transfer_syntaxes_that_are_decoded_here(tmp_path: Path, syntax: str) -> None:
    save_series(tmp_path, THREE)
    for index, path in enumerate(sorted(tmp_path.iterdir())):
        dataset = pydicom.dcmread(path)
        if syntax == RLELossless:
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(path)
        else:
            tags = {element.keyword: element.value for element in dataset}
            order = ">" if syntax == ExplicitVRBigEndian else "<"
            save_dataset(path, tags | {"PixelData": pixels(index).astype(f"{order}u2").tobytes()}, syntax)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.data, AS_STORED)
    assert volume.stored_type == np.uint16


def test_files_of_old_without_preamble(tmp_path: Path) -> None:
    save_series(tmp_path, THREE)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(read_volume(tmp_path).data, AS_STORED)


# ---------------- JPEG and its successors, in a process of their own


def compressed_series(folder: Path, compressor: str) -> Path:
    """Slices whose voxels SimpleITK compressed without loss; for JPEG-LS, which it cannot write, pydicom's example."""
    save_series(folder, THREE)
    if compressor == "JPEGLS":
        example = pydicom.dcmread(get_testdata_file("MR_small_jpeg_ls_lossless.dcm"))
        for path in folder.iterdir():
            tags = {element.keyword: element.value for element in pydicom.dcmread(path)}
            changed = {key: example[key].value for key in ("Rows", "Columns", "PixelRepresentation", "PixelData")}
            save_dataset(path, tags | changed, example.file_meta.TransferSyntaxUID)
        return folder
    for index, path in enumerate(sorted(folder.iterdir())):
        writer = sitk.ImageFileWriter()
        writer.SetUseCompression(True)
        writer.SetCompressor(compressor)
        writer.SetFileName(str(folder / "compressed.dcm"))
        writer.Execute(sitk.GetImageFromArray(pixels(index)))
        compressed = pydicom.dcmread(folder / "compressed.dcm")
        tags = {element.keyword: element.value for element in pydicom.dcmread(path)}
        save_dataset(path, tags | {"PixelData": compressed.PixelData}, compressed.file_meta.TransferSyntaxUID)
        (folder / "compressed.dcm").unlink()
    return folder


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
def test_compressed_voxels(tmp_path: Path, compressor: str) -> None:
    volume = read_volume(compressed_series(tmp_path, compressor))
    np.testing.assert_array_equal(volume.data, AS_STORED)
    assert volume.stored_type == np.uint16


def test_voxels_compressed_as_jpeg_ls(tmp_path: Path) -> None:
    volume = read_volume(compressed_series(tmp_path, "JPEGLS"))
    original = pydicom.dcmread(get_testdata_file("MR_small.dcm")).pixel_array
    np.testing.assert_array_equal(volume.data, np.repeat(original.T[..., np.newaxis], 3, axis=2))
    assert volume.stored_type == np.int16


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000", "JPEGLS"])
def test_a_stream_of_another_size_than_the_header_is_refused(tmp_path: Path, compressor: str) -> None:
    """Its decoder would believe it, and take the memory."""
    compressed_series(tmp_path, compressor)
    path = tmp_path / "s1.dcm"
    contents = path.read_bytes()
    rows = (64 if compressor == "JPEGLS" else ROWS).to_bytes(4 if compressor == "JPEG2000" else 2, "big")
    begin = contents.rindex(b"\xff\x4f\xff\x51" if compressor == "JPEG2000" else b"\xff\xd8")
    at = contents.index(rows, begin)
    path.write_bytes(contents[:at] + (60_000).to_bytes(len(rows), "big") + contents[at + len(rows) :])
    with pytest.raises(InputError, match=r"s1\.dcm is a damaged DICOM file: its compressed voxels are \d+ x 60000"):
        read_volume(tmp_path)


def test_a_decoder_that_crashes_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed_series(tmp_path, "JPEG")
    code = "import os,pathlib; pathlib.Path('0.done').touch(); os.abort()"
    monkeypatch.setattr(dicom_decoder, "PROCESS", ("-c", code))
    with pytest.raises(InputError, match=r"s1\.dcm is a damaged DICOM file: its voxels cannot be decompressed"):
        read_volume(tmp_path)


def test_a_temporary_folder_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed_series(tmp_path, "JPEG")

    def full(**_options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dicom_decoder.tempfile, "mkdtemp", full)
    with pytest.raises(InputError, match=r"cannot be decoded in .* \(No space left on device\)"):
        read_volume(tmp_path)


def test_a_decoder_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed_series(tmp_path, "JPEG")
    monkeypatch.setattr(dicom_decoder, "PROCESS", ("-c", "import time; time.sleep(600)"))
    monkeypatch.setattr(dicom_decoder, "START_SECONDS", 0.5)
    monkeypatch.setattr(dicom_decoder, "FILE_SECONDS", 0.0)
    with pytest.raises(InputError, match=r"s0\.dcm is a damaged DICOM file"):
        read_volume(tmp_path)
