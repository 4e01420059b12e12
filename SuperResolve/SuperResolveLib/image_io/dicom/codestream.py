"""Compressed voxels in DICOM: the items that hold them, the sizes that they announce, and a file of nothing else."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...errors import InputError
from ..checks import readable
from .end import check_end
from .file import DicomFile
from .format import PixelFormat

_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
#: Where a JPEG 2000 stream begins, followed by the marker of its sizes; where a JPEG or JPEG-LS stream does.
_JPEG_2000, _JPEG = b"\xff\x4f\xff\x51", b"\xff\xd8"
#: JPEG's markers of sizes: SOF0 to SOF15 but for the three that mean something else, and that of JPEG-LS.
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}


def check_streams(compressed: bytes, file: DicomFile, form: PixelFormat) -> None:
    """Compare what compressed voxels announce with the header, since decoders believe them and take the memory.

    Args:
        compressed: the pixel data with their item tags.
        file: the file, for messages.
        form: what the header tells.

    Raises:
        InputError: the items are damaged, or a stream is of another size than the header tells.
    """
    streams = 0
    for fragment in _fragments(compressed, file):
        announced = _announced(fragment)
        if announced is None:
            continue
        streams += 1
        if announced != (form.columns, form.rows, 1):
            columns, rows, values = announced
            raise InputError(
                f"{file.path} is a damaged DICOM file: its compressed voxels are {columns} x {rows} of {values} "
                f"value{'s' * (values != 1)}, where its header tells {form.columns} x {form.rows}"
            )
    if streams != form.frames:
        raise InputError(
            f"{file.path} is a damaged DICOM file: it holds {streams} compressed images, where its header tells "
            f"{form.frames}; replace it by a good copy"
        )


def encapsulated(file: DicomFile) -> bytes:
    """The compressed voxels with their item tags, and all that follows them in the file.

    Raises:
        InputError: the file cannot be read.
    """
    assert file.pixels is not None
    with readable(file.path), file.contents() as contents:
        contents.seek(file.pixels.offset)
        return contents.read()


def check_items(compressed: bytes, file: DicomFile) -> None:
    """Check that the items of compressed voxels are complete, and what follows them.

    Raises:
        InputError: they are damaged.
    """
    for _ in _fragments(compressed, file):
        pass


def minimal_file(syntax: str, form: PixelFormat, compressed: bytes) -> bytes:
    """A DICOM file with compressed voxels and nothing but what their decoder has to know."""
    meta = b"".join(
        (
            _element(0x0002, 0x0001, b"OB", b"\0\1"),
            _element(0x0002, 0x0002, b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
            _element(0x0002, 0x0003, b"UI", b"1.2.3"),
            _element(0x0002, 0x0010, b"UI", syntax.encode()),
        )
    )
    numbers = {
        0x0010: form.rows,
        0x0011: form.columns,
        0x0100: form.allocated,
        0x0101: form.stored,
        0x0102: form.high_bit,
        0x0103: int(form.signed),
    }
    header = [
        _element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
        _element(0x0008, 0x0018, b"UI", b"1.2.3"),
        _element(0x0028, 0x0002, b"US", struct.pack("<H", 1)),
        _element(0x0028, 0x0004, b"CS", b"MONOCHROME2"),
    ]
    if form.frames > 1:
        header.append(_element(0x0028, 0x0008, b"IS", str(form.frames).encode()))
    header += [_element(0x0028, number, b"US", struct.pack("<H", value)) for number, value in numbers.items()]
    length = _element(0x0002, 0x0000, b"UL", struct.pack("<I", len(meta)))
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + compressed
    return b"".join((bytes(128), b"DICM", length, meta, *header, pixels))


def _element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
    """One element of explicit type, little-endian."""
    padded = value + (b"\0" if kind in (b"UI", b"OB") else b" ") * (len(value) % 2)
    if kind == b"OB":
        return struct.pack("<HH2sHI", group, number, kind, 0, len(padded)) + padded
    return struct.pack("<HH2sH", group, number, kind, len(padded)) + padded


def _fragments(compressed: bytes, file: DicomFile) -> Iterator[bytes]:
    """The first bytes of every fragment but the table of offsets.

    Raises:
        InputError: the items end before their delimiter.
    """
    place, first = 0, True
    while compressed[place : place + 4] == _ITEM:
        length = int.from_bytes(compressed[place + 4 : place + 8], "little")
        if place + 8 + length > len(compressed):
            break
        if not first:
            yield compressed[place + 8 : place + 8 + min(length, 65536)]
        place, first = place + 8 + length, False
    if compressed[place : place + 4] != _DELIMITER:
        raise InputError(f"{file.path} is a damaged or truncated DICOM file: replace it by a complete copy")
    assert file.pixels is not None
    check_end(file, file.pixels.offset + place + 8)


def _announced(fragment: bytes) -> tuple[int, int, int] | None:
    """Columns, rows and values a voxel of the stream that begins in a fragment; ``None`` if none begins there."""
    if fragment[:2] == _JPEG:
        return _announced_by_jpeg(fragment)
    begin = fragment[:256].find(_JPEG_2000)  # some writers put the boxes of a file before it
    if begin < 0 or len(fragment) < begin + 42:
        return None
    right, bottom, left, top = struct.unpack(">4I", fragment[begin + 8 : begin + 24])
    (values,) = struct.unpack(">H", fragment[begin + 40 : begin + 42])
    return right - left, bottom - top, values


def _announced_by_jpeg(fragment: bytes) -> tuple[int, int, int] | None:
    place = 2
    while place + 10 <= len(fragment) and fragment[place] == 0xFF:
        marker = fragment[place + 1]
        if marker in _SIZES:
            rows, columns, values = struct.unpack(">HHB", fragment[place + 5 : place + 10])
            return columns, rows, values
        place += 2 + int.from_bytes(fragment[place + 2 : place + 4], "big") if marker != 0xFF else 1
    return None
