"""What follows the voxels of a DICOM file: nothing, zeros, or further elements; anything else is damage."""

from __future__ import annotations

import struct

from ...errors import InputError
from .file import BIG_ENDIAN, IMPLICIT, PIXEL_DATA, UNDEFINED_LENGTH, DicomFile

#: Types of elements whose length takes 4 bytes.
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")


def check_end(file: DicomFile, end: int) -> None:
    """Check what lies behind the voxels.

    Args:
        file: the file.
        end: where its voxels end, as ``file.pixels.offset`` counts.

    Raises:
        InputError: it is neither zeros nor elements of DICOM with ascending tags.
    """
    with file.contents() as contents:
        size = contents.seek(0, 2)
        place, before = end, PIXEL_DATA
        while place < size:
            contents.seek(place)
            tag, value, length = _element(contents.read(12), file.syntax)
            if tag > before and length == UNDEFINED_LENGTH:
                return
            if tag <= before or place + value + length > size:
                break
            place, before = place + value + length, tag
        contents.seek(place)
        rest = contents.read(size - place)
    if rest.strip(b"\0"):
        raise InputError(
            f"{file.path} is a damaged DICOM file: {len(rest)} bytes behind its voxels are no DICOM; "
            "replace it by a good copy"
        )


def _element(start: bytes, syntax: str) -> tuple[int, int, int]:
    """Tag, number of bytes before the value, and length of the value of the element that begins so."""
    start = start.ljust(12, b"\0")
    order = ">" if syntax == BIG_ENDIAN else "<"
    group, number = struct.unpack(f"{order}HH", start[:4])
    kind = start[4:6]
    if syntax == IMPLICIT or not (kind.isalpha() and kind.isupper()):
        return group << 16 | number, 8, struct.unpack(f"{order}I", start[4:8])[0]
    if kind in _LONG:
        return group << 16 | number, 12, struct.unpack(f"{order}I", start[8:12])[0]
    return group << 16 | number, 8, struct.unpack(f"{order}H", start[6:8])[0]
