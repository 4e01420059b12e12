"""The stored voxels of DICOM files: uncompressed, run-length encoded, or compressed as JPEG and its successors.

The first two are decoded here. Decoders of the others crash on damaged data, so that SimpleITK's run in a process of
their own, one for all files of a series, which is handed the compressed voxels and nothing else of the files.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .checks import readable
from .codestream import check_items, check_streams, minimal_file
from .dicom_file import BIG_ENDIAN, RLE, DicomFile
from .dicom_format import NATIVE, PixelFormat
from .dicom_tags import quiet, shown

#: JPEG (8, 12 bits; lossless), JPEG-LS and JPEG 2000.
DECODED_BY_PROCESS = tuple(f"1.2.840.10008.1.2.4.{kind}" for kind in ("50", "51", "57", "70", "80", "81", "90", "91"))
#: What Python runs in the process; -P keeps the script's neighbours from being imported.
DECODER = ("-P", str(Path(__file__).with_name("gdcm_process.py")))
#: How long the process may take, in seconds: to start, and for every file.
START_SECONDS, FILE_SECONDS = 60.0, 5.0
#: Run-length encoding turns two bytes into at most 128.
_LONGEST_RUN = 64


def stored_words(files: Sequence[DicomFile], forms: Sequence[PixelFormat]) -> Iterator[NDArray[Any]]:
    """The words of each file, shape (frames, rows, columns), of the type ``form.word``.

    The formats have been compared with the files by :func:`~.dicom_format.check_pixel_data`.

    Raises:
        InputError: voxels are damaged, or compressed in a way that is not read.
    """
    others = [index for index, file in enumerate(files) if file.syntax not in (*NATIVE, RLE)]
    with tempfile.TemporaryDirectory(prefix="slice-profile-sr-") as folder:
        if others:
            _decode([files[index] for index in others], [forms[index] for index in others], Path(folder))
        for index, (file, form) in enumerate(zip(files, forms, strict=True)):
            if file.syntax in NATIVE:
                yield _native(file, form)
            elif file.syntax == RLE:
                yield _run_lengths(file, form)
            else:
                yield _decoded(Path(folder) / f"{others.index(index)}.npy", file, form)


def _native(file: DicomFile, form: PixelFormat) -> NDArray[Any]:
    assert file.pixels is not None
    with readable(file.path), file.contents() as contents:
        contents.seek(file.pixels.offset)
        stored = form.word.newbyteorder(">" if file.syntax == BIG_ENDIAN else "<")
        words = np.frombuffer(contents.read(form.size), stored)
    return words.astype(form.word, copy=False).reshape(form.frames, form.rows, form.columns)


def _run_lengths(file: DicomFile, form: PixelFormat) -> NDArray[Any]:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset

    encoded = _encapsulated(file)
    check_items(encoded, file)
    if len(encoded) * _LONGEST_RUN < form.size:
        raise _damaged(file)
    dataset: Any = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = RLE
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = form.rows, form.columns, form.frames
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = form.allocated
    dataset.HighBit, dataset.PixelRepresentation = form.allocated - 1, int(form.signed)
    dataset.PixelData = encoded
    try:
        with quiet():
            dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
            dataset.is_little_endian, dataset.is_implicit_VR = True, False  # pydicom 2 wants to know
            warnings.simplefilter("error", UserWarning)  # pydicom only warns of runs that are too long
            words = np.asarray(dataset.pixel_array)
        return words.astype(form.word).reshape(form.frames, form.rows, form.columns)
    except Exception as error:  # pydicom refuses damaged runs, in almost any way
        raise _damaged(file) from error


def _encapsulated(file: DicomFile) -> bytes:
    """The compressed voxels with their item tags, up to the end of the file or 4 bytes of the delimiter."""
    assert file.pixels is not None
    with readable(file.path), file.contents() as contents:
        contents.seek(file.pixels.offset)
        return contents.read()


def _decode(files: Sequence[DicomFile], forms: Sequence[PixelFormat], folder: Path) -> None:
    """Decode compressed voxels in a process of its own into 0.npy, 1.npy, ... of the folder.

    Raises:
        InputError: the compression is not read; or the process failed, or took too long.
    """
    for index, (file, form) in enumerate(zip(files, forms, strict=True)):
        if file.syntax not in DECODED_BY_PROCESS:
            raise InputError(
                f"{file.path} is compressed in a way that is not read ({shown(file.syntax)}): decompress it"
            )
        encoded = _encapsulated(file)
        check_streams(encoded, file, form)
        (folder / f"{index}.dcm").write_bytes(minimal_file(file.syntax, form, encoded))
    nowhere = subprocess.DEVNULL
    try:
        subprocess.run(
            [_python(), *DECODER, str(len(files))],
            cwd=folder,
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            timeout=START_SECONDS + FILE_SECONDS * len(files),
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.SubprocessError as error:
        failed = next((file for index, file in enumerate(files) if not (folder / f"{index}.done").exists()), files[-1])
        raise _damaged(failed) from error


def _decoded(path: Path, file: DicomFile, form: PixelFormat) -> NDArray[Any]:
    words = np.load(path, allow_pickle=False)
    if words.size != form.frames * form.rows * form.columns:
        raise _damaged(file)
    return words.astype(form.word).reshape(form.frames, form.rows, form.columns)


def _python() -> str:
    """Python's executable; Slicer's own ``sys.executable`` may be the application.

    Raises:
        InputError: there is none.
    """
    if Path(sys.executable or "").name.lower().startswith("python"):
        return sys.executable
    found = shutil.which("PythonSlicer") or shutil.which("python3") or shutil.which("python")
    if found is None:
        raise InputError("no Python is found to decompress these DICOM files: decompress them first, as dcmdjpeg does")
    return found


def _damaged(file: DicomFile) -> InputError:
    return InputError(
        f"{file.path} is a damaged DICOM file: its voxels cannot be decompressed; replace it by a good copy"
    )
