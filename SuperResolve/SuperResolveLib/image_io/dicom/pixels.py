"""The stored voxels of DICOM files: uncompressed, run-length encoded, or compressed as JPEG and its successors.

The first two are decoded here, the others by :class:`~.decoder.Decoder`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import readable
from .codestream import check_items, encapsulated
from .decoder import Decoder, undecodable
from .file import BIG_ENDIAN, RLE, DicomFile
from .format import NATIVE, PixelFormat
from .tags import quiet

#: Run-length encoding turns two bytes into at most 128.
_LONGEST_RUN = 64


def stored_words(files: Sequence[DicomFile], forms: Sequence[PixelFormat], decoder: Decoder) -> Iterator[NDArray[Any]]:
    """The words of each file, shape (frames, rows, columns), of the type ``form.word``.

    The formats have been compared with the files by :func:`~.format.check_pixel_data`.

    Raises:
        InputError: voxels are damaged, or compressed in a way that is not read.
    """
    others = [index for index, file in enumerate(files) if file.syntax not in (*NATIVE, RLE)]
    if others:
        decoder.decode([files[index] for index in others], [forms[index] for index in others])
    for index, (file, form) in enumerate(zip(files, forms, strict=True)):
        if file.syntax in NATIVE:
            yield _native(file, form)
        elif file.syntax == RLE:
            yield _run_lengths(file, form)
        else:
            yield decoder.decoded(others.index(index), file, form)


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

    encoded = encapsulated(file)
    check_items(encoded, file)
    if len(encoded) * _LONGEST_RUN < form.size:
        raise undecodable(file)
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
        raise undecodable(file) from error
