"""How the voxels of a DICOM file are stored: sizes and bits, checked before anything is allocated for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..acquisition_tags import numbers
from ..checks import check_scalar, readable
from .end import check_end
from .file import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    LARGEST_COMPRESSION,
    PIXEL_DATA,
    UNDEFINED_LENGTH,
    DicomFile,
)

#: Transfer syntaxes without compression of the voxels.
NATIVE = ("", IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED)
#: The most voxels along the side of a slice; scanners have 1024, microscopes of the body a few thousand.
LARGEST_SIDE = 8192
#: A volume of more bytes than this that is ``LARGEST_COMPRESSION`` times larger than its files is an empty claim.
LARGEST_UNPROVEN = 128 * 2**20


@dataclass(frozen=True)
class PixelFormat:
    """How the voxels of a file are stored.

    Attributes:
        frames: number of slices.
        rows: number of rows of a slice.
        columns: number of columns of a slice.
        allocated: bits that a voxel takes.
        stored: bits of them that hold its value.
        high_bit: the highest of these.
        signed: whether the value is in two's complement.
        inverted: whether low values are displayed bright (MONOCHROME1).
    """

    frames: int
    rows: int
    columns: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    inverted: bool

    @classmethod
    def of(cls, file: DicomFile) -> PixelFormat:
        """The format that a header tells.

        Raises:
            InputError: the voxels are not scalar integers, or the sizes are impossible.
        """
        tags = file.tags
        photometric = tags["PhotometricInterpretation"].upper()
        samples = _whole(tags, "SamplesPerPixel", 1)
        check_scalar(3 if photometric.startswith("PALETTE") and samples == 1 else samples, False, file.path)
        rows, columns, frames = _whole(tags, "Rows"), _whole(tags, "Columns"), _whole(tags, "NumberOfFrames", 1)
        allocated = _whole(tags, "BitsAllocated")
        stored = _whole(tags, "BitsStored", allocated)
        high_bit = _whole(tags, "HighBit", stored - 1)
        signed = _whole(tags, "PixelRepresentation", 0)
        if not (0 < rows <= LARGEST_SIDE and 0 < columns <= LARGEST_SIDE and frames > 0):
            told = f"{columns} columns, {rows} rows and {frames} frames"
            raise InputError(f"{file.path} is a damaged DICOM file: its header tells {told}; replace it by a good copy")
        if allocated not in (8, 16, 32) or not 0 < stored <= high_bit + 1 <= allocated or signed not in (0, 1):
            told = f"{stored} of {allocated} bits up to bit {high_bit}, representation {signed}"
            raise InputError(f"{file.path} stores its voxels in a way that is not read ({told}): convert it to NIfTI")
        return cls(frames, rows, columns, allocated, stored, high_bit, signed == 1, photometric == "MONOCHROME1")

    @property
    def size(self) -> int:
        """Bytes of the uncompressed voxels."""
        return self.frames * self.rows * self.columns * self.allocated // 8

    @property
    def word(self) -> np.dtype[Any]:
        """The type of the words that hold the voxels."""
        return np.dtype(f"{'i' if self.signed else 'u'}{self.allocated // 8}")

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest value that can be stored."""
        return (-(2 ** (self.stored - 1)), 2 ** (self.stored - 1) - 1) if self.signed else (0, 2**self.stored - 1)

    def difference(self, other: PixelFormat) -> str:
        """What slices of two formats differ in so that they make no volume; empty if they agree."""
        if (self.rows, self.columns) != (other.rows, other.columns):
            return "size"
        if (self.stored, self.high_bit, self.signed) != (other.stored, other.high_bit, other.signed):
            return "the bits that hold their values"
        return "display (MONOCHROME1 and MONOCHROME2)" if self.inverted != other.inverted else ""

    def values(self, words: NDArray[Any]) -> NDArray[Any]:
        """The values that words hold, of the same type: the bits beside them may hold anything."""
        if self.stored == self.allocated:
            return words
        unsigned = np.dtype(f"u{self.allocated // 8}")
        shifted = words.view(unsigned) << np.array(self.allocated - 1 - self.high_bit, unsigned)
        return shifted.view(self.word) >> np.array(self.allocated - self.stored, self.word)


def check_pixel_data(file: DicomFile, form: PixelFormat) -> None:
    """Compare the announced voxels with what the file holds.

    Raises:
        InputError: the voxels are missing, truncated, of a type or compression that is not read, or do not fit the
            header.
    """
    if file.pixels is None:
        raise InputError(f"{file.path} holds no voxels: replace it by a complete copy")
    if file.pixels.tag != PIXEL_DATA:
        raise InputError(f"{file.path} stores its voxels as floating-point numbers, which is not read: convert it")
    compressed = file.pixels.length == UNDEFINED_LENGTH
    if file.syntax not in NATIVE:
        if not compressed:
            raise InputError(f"{file.path} is a damaged DICOM file: its voxels are not compressed as the header says")
        return
    with readable(file.path), file.contents() as contents:
        held = contents.seek(0, 2) - file.pixels.offset
    if compressed or held < file.pixels.length or file.pixels.length < form.size:
        raise InputError(f"{file.path} is a damaged or truncated DICOM file: replace it by a complete copy")
    with readable(file.path), file.contents() as contents:
        contents.seek(file.pixels.offset + form.size)
        beyond = contents.read(file.pixels.length - form.size)
    if len(beyond) > 1 and (form.frames > 1 or beyond.strip(b"\0")):
        raise InputError(
            f"{file.path} is a damaged DICOM file: it holds {file.pixels.length} bytes of voxels, where its header "
            f"tells {form.size}; replace it by a good copy"
        )
    check_end(file, file.pixels.offset + file.pixels.length)


def check_claim(files: Sequence[DicomFile], forms: Sequence[PixelFormat], source: object) -> None:
    """Refuse a volume that its small files cannot hold, before memory is taken for it.

    Raises:
        InputError: it is large, and beyond any compression of a scan.
    """
    claimed, held = sum(form.size for form in forms), sum(file.path.stat().st_size for file in files)
    if claimed > LARGEST_UNPROVEN and claimed > LARGEST_COMPRESSION * held:
        raise InputError(
            f"{source} is damaged: {held / 1e6:.2g} MB of DICOM files claim to hold {claimed / 1e6:.4g} MB of voxels; "
            "replace it by a good copy"
        )


def _whole(tags: Mapping[str, str], keyword: str, otherwise: int = -1) -> int:
    """A tag's value as a whole number; -1 if it is none."""
    if not tags[keyword]:
        return otherwise
    value = (numbers(tags[keyword]) or [-1.0])[0]
    return int(value) if np.isfinite(value) and value == int(value) else -1
