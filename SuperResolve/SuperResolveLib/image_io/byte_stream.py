"""The bytes of a file, decompressed piece by piece: never more than were asked for, and verified to the last.

No size that a header announces is believed: before memory is taken for it, it is held against what the file can hold.
"""

from __future__ import annotations

import bz2
import math
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

#: The most voxels that a volume may have; a thousand slices of 1024 x 1024 voxels are fewer.
MOST_VOXELS = 2**30
#: Deflate, which gzip and zlib use, cannot shrink data further than this.
DEFLATE_LIMIT = 1032
#: Images that are shrunk further than this and are larger than ``UNQUESTIONED`` bytes are no scans but traps: scans
#: have noise, which hardly shrinks at all, and masked ones are shrunk some 50 times.
PLAUSIBLE_RATIO, UNQUESTIONED = 250, 2**28

_PIECE = 2**20
#: How each compressed encoding is decoded, and how its streams begin where several may follow one another.
_DECODERS: dict[str, tuple[Callable[[], Any], bytes]] = {
    "gzip": (lambda: zlib.decompressobj(wbits=31), b"\x1f\x8b\x08"),
    "zlib": (lambda: zlib.decompressobj(wbits=47), b""),  # 47: zlib's header or gzip's, as ITK reads them
    "bzip2": (bz2.BZ2Decompressor, b"BZh"),
}


class ByteStream:
    """Reads a part of a file, decompressing it.

    Args:
        path: the file, which is closed when the ``with`` block ends.
        encoding: ``"raw"``, ``"gzip"``, ``"zlib"`` or ``"bzip2"``.
        start: where in the file the stream begins.
        length: how many bytes it has in the file; ``None`` for all to the end of the file.

    Attributes:
        path: the file.
        left: how many bytes of the stream are not yet read from the file.
        trailing: how many bytes follow the compressed data, once :meth:`finish` has found their end.

    Raises:
        InputError: the file does not hold that many bytes; every method raises it where the data are damaged.
    """

    def __init__(self, path: Path, encoding: str = "raw", start: int = 0, length: int | None = None) -> None:
        self.path = path
        self._encoding = encoding
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        self.left = size - start if length is None else length
        if self.left < 0 or not 0 <= start <= size - self.left:
            self._file.close()
            raise _truncated(path, f"it has {size} bytes, and its header announces {start + max(self.left, 0)}")
        self._file.seek(start)
        self._stored = self.left
        self._decoder = _DECODERS[encoding][0]() if encoding != "raw" else None
        self._pending = b""
        self.trailing = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def check_announced(self, sizes: Sequence[int], kind: np.dtype[Any]) -> int:
        """The bytes that an image takes, if the file can hold it.

        Args:
            sizes: number of voxels along each axis.
            kind: type of the voxels.

        Raises:
            InputError: it has implausibly many voxels, or more than can be in the file.
        """
        voxels = math.prod(sizes)
        needed = voxels * kind.itemsize
        text = f"{' x '.join(map(str, sizes))} voxels of {kind.itemsize} bytes"
        if voxels > MOST_VOXELS:
            raise InputError(f"the header of {self.path} announces {text}, more than any scan has: repair the header")
        there, most = (self.left, 1) if self._decoder is None else (self._stored, DEFLATE_LIMIT)
        if needed > there * most and self._encoding != "bzip2":
            raise _truncated(self.path, f"its header announces {text}, and {there} bytes are there")
        if self._decoder is not None and max(needed, 4 * voxels) > max(UNQUESTIONED, PLAUSIBLE_RATIO * self._stored):
            raise InputError(
                f"the header of {self.path} announces {text} in {self._stored} compressed bytes, which no scan fits "
                "in: check the file, and store it without compression if it is right"
            )
        return needed

    def read(self, count: int) -> NDArray[np.uint8]:
        """The next ``count`` bytes.

        Raises:
            InputError: there are fewer.
        """
        contents = np.empty(count, np.uint8)
        filled = 0
        while filled < count:
            piece = self._piece(min(count - filled, _PIECE))
            if not piece:
                raise _truncated(self.path, f"{filled} bytes are there where {count} are needed")
            contents[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
        return contents

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes.

        Raises:
            InputError: there are fewer.
        """
        while count > 0:
            count -= self.read(min(count, _PIECE)).size

    def finish(self, most: int) -> int:
        """Read to the end, which verifies the checksum, and return how many bytes there were.

        Args:
            most: the number of bytes above which the header cannot be that of these voxels.

        Raises:
            InputError: there are more than ``most``, or the checksum is wrong.
        """
        if self._decoder is None:
            count = self.left
        else:
            count = 0
            while count <= most and (piece := self._piece(_PIECE)):
                count += len(piece)
        if count > most:
            raise InputError(
                f"the header of {self.path} does not fit its voxels, of which at least {count} bytes are left over: "
                "repair the header"
            )
        return count

    def _piece(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        if self._decoder is None:
            return self._from_file(most)
        try:
            while not self._decoder.eof or self._next_member():
                wanted = getattr(self._decoder, "needs_input", True)  # bz2 keeps what it was given, zlib hands it back
                data = (self._pending or self._from_file(_PIECE)) if wanted else b""
                piece: bytes = self._decoder.decompress(data, most)
                self._pending = getattr(self._decoder, "unconsumed_tail", b"")
                if piece:
                    return piece
                if not data and wanted and not self._decoder.eof:
                    raise _truncated(self.path, "its compressed data have no end")
        except (zlib.error, OSError) as error:
            reason = str(error).rpartition(": ")[2]
            raise InputError(
                f"{self.path} cannot be read, it is damaged ({reason}): replace it by a complete copy"
            ) from error
        return b""

    def _next_member(self) -> bool:
        """Begin with the next compressed stream, as gzip's and bzip2's may be joined; what else follows is counted."""
        create, magic = _DECODERS[self._encoding]
        pending: bytes = getattr(self._decoder, "unused_data", b"")
        while len(pending) < max(1, len(magic)) and (more := self._from_file(_PIECE)):
            pending += more
        if magic and pending.startswith(magic):
            self._decoder, self._pending = create(), pending
            return True
        self.trailing = len(pending) + self.left
        return False

    def _from_file(self, most: int) -> bytes:
        piece = self._file.read(min(most, self.left))
        self.left -= len(piece)
        return piece


def opened(path: Path) -> ByteStream:
    """The bytes of a file that may be compressed by gzip, which its first bytes tell.

    Raises:
        InputError: it is damaged.
    """
    with path.open("rb") as file:
        return ByteStream(path, "gzip" if file.read(2) == b"\x1f\x8b" else "raw")


def compressed(contents: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Bytes in the encoding ``"gzip"`` or ``"zlib"``, part by part.

    They hold no time, so that equal volumes give equal files.

    Only runs of one value are sought, as in a margin: in a scan's noise nothing else repeats, and looking for it takes
    three times as long and saves nothing.
    """
    encoder = zlib.compressobj(1, zlib.DEFLATED, 31 if encoding == "gzip" else 15, 9, zlib.Z_RLE)
    yield from map(encoder.compress, contents)
    yield encoder.flush()


def _truncated(path: Path, what: str) -> InputError:
    return InputError(f"{path} cannot be read, it is truncated ({what}): replace it by a complete copy")
