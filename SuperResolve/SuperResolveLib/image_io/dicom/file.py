"""Opening a DICOM file with pydicom: its header, and where its pixel data lie.

Only the tags that are read are kept, the voxels stay in the file, and no read asks for more bytes than the file has,
so that a damaged length costs no memory.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import InputError
from ..checks import readable
from .tags import KEYWORDS, SEQUENCES, quiet, text

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
#: The most bytes to which a deflated file is inflated, a part of it at a time: more than enhanced files take. One that
#: inflates to more than the small number, and to so many times its size, is an empty claim.
LARGEST_INFLATED, SMALL_INFLATED, PART = 256 * 2**20, 32 * 2**20, 2**12
LARGEST_COMPRESSION = 200

#: Voxels as integers; as numbers in single and double precision.
PIXEL_DATA, _FIRST_PIXEL_TAG = 0x7FE00010, 0x7FE00008
UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelElement:
    """Where the voxels of a file lie.

    Attributes:
        tag: the tag of the element that holds them.
        offset: their first byte, in the file or in what it inflates to.
        length: their number of bytes as the file says; ``UNDEFINED_LENGTH`` if they are compressed.
    """

    tag: int
    offset: int
    length: int


@dataclass(frozen=True)
class DicomFile:
    """A DICOM file without its voxels.

    Attributes:
        path: the file.
        header: its tags, as a ``pydicom.Dataset``; what comes before the damage in a damaged file.
        syntax: UID of the transfer syntax.
        sop_classes: UIDs of the kind of object, as the file's meta group and its header tell it.
        pixels: where the voxels lie; ``None`` if it has none.
    """

    path: Path
    header: Any
    syntax: str
    sop_classes: frozenset[str]
    pixels: PixelElement | None

    @classmethod
    def opened(cls, path: Path) -> DicomFile | None:
        """The header of a file; ``None`` if it is no DICOM file.

        Raises:
            InputError: the file cannot be opened.
        """
        with readable(path), _Bounded(path) as file:
            begin = _begin(file)
        if begin is None:
            return None
        with quiet():
            meta, header, pixels = _parsed(path, begin)
            return cls(path, header, text(meta, "TransferSyntaxUID"), _classes(meta, header), pixels)

    @contextmanager
    def contents(self) -> Iterator[BinaryIO]:
        """The bytes that ``pixels.offset`` counts."""
        with _Bounded(self.path) as file:
            yield _inflated(file, self.path) if self.syntax == DEFLATED else file

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Values of the tags by keyword, empty if absent."""
        with quiet():
            return {keyword: text(self.header, keyword) for keyword in KEYWORDS}


def is_dicom(path: Path) -> bool:
    """Whether a file begins as a DICOM file does."""
    with _Bounded(path) as file:
        return _begin(file) is not None


class _Bounded(io.BufferedReader):
    """A file of which nobody asks for more bytes than it has."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None else min(size, self._size))


def _begin(file: BinaryIO) -> int | None:
    """Where the first tag lies: behind the preamble, or at 0 in files of old that have none."""
    file.seek(0)
    start = file.read(132)
    if start[128:] == b"DICM":
        return 132
    return 0 if start[:2] in (b"\x02\x00", b"\x08\x00") and start[3:4] == b"\0" else None


def _inflated(file: BinaryIO, path: Path) -> BinaryIO:
    """The file with what follows the meta group inflated, a part at a time.

    Raises:
        InputError: it is damaged, or inflates to more than any scan does.
    """
    meta_end = _meta(file, _begin(file) or 0)[1]
    file.seek(meta_end)
    deflated = file.read()
    inflater, checksum = zlib.decompressobj(-zlib.MAX_WBITS), 0
    contents = io.BytesIO(bytes(meta_end))
    contents.seek(meta_end)
    with readable(path):
        for begin in range(0, len(deflated), PART):
            part = inflater.decompress(deflated[begin : begin + PART])
            checksum = zlib.crc32(part, checksum)
            contents.write(part)
            if contents.tell() > max(SMALL_INFLATED, min(LARGEST_INFLATED, LARGEST_COMPRESSION * len(deflated))):
                break
    size = contents.tell() - meta_end
    trailer = checksum.to_bytes(4, "little") + size.to_bytes(4, "little")  # some writers add it
    if not inflater.eof or inflater.unused_data.removeprefix(trailer).strip(b"\0"):
        raise InputError(f"{path} is a damaged or truncated DICOM file: replace it by a complete copy")
    return contents


def _meta(file: BinaryIO, begin: int) -> tuple[Any, int]:
    """The meta group, and where it ends."""
    from pydicom.filereader import read_dataset

    file.seek(begin)
    with quiet():
        meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    return meta, file.tell()


def _parsed(path: Path, begin: int) -> tuple[Any, Any, PixelElement | None]:
    """Meta group, header and place of the voxels, as far as the file can be read."""
    from pydicom import Dataset
    from pydicom.datadict import tag_for_keyword
    from pydicom.filereader import read_dataset

    meta, header, found = Dataset(), Dataset(), []
    wanted: Any = [tag_for_keyword(keyword) for keyword in (*KEYWORDS, *SEQUENCES)]

    with _Bounded(path) as file:
        contents: BinaryIO = file

        def at_pixels(tag: int, _vr: str | None, length: int) -> bool:
            if _FIRST_PIXEL_TAG <= tag <= PIXEL_DATA:
                found.append(PixelElement(int(tag), contents.tell(), length))
            return tag >= _FIRST_PIXEL_TAG

        try:
            meta, end = _meta(file, begin)
            syntax = text(meta, "TransferSyntaxUID")
            contents = _inflated(file, path) if syntax == DEFLATED else file
            contents.seek(end)
            implicit = syntax in (IMPLICIT, "")
            header = read_dataset(contents, implicit, syntax != BIG_ENDIAN, stop_when=at_pixels, specific_tags=wanted)
        except Exception:  # a damaged header makes pydicom fail in almost any way
            return meta, header, None
    return meta, header, found[-1] if found else None


def _classes(meta: Any, header: Any) -> frozenset[str]:
    told = {text(meta, "MediaStorageSOPClassUID"), text(header, "SOPClassUID")}
    return frozenset(told - {""})
