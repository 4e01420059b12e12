"""Reading and writing NRRD files, whose coordinates are LPS.

Own code rather than a library: pynrrd follows a header to any file and does not verify what it decompresses, so that
after what is needed to trust a file little is left for it to do; and Slicer does not bring it along.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..errors import InputError
from .byte_stream import ByteStream, compressed
from .checks import readable
from .files import write_whole
from .intensities import stored_bytes, written
from .nrrd_header import NrrdHeader, read_header
from .stored import LPS_TO_RAS, StoredImage
from .text_header import TextHeader, beside, shown
from .voxel_data import read_digits, read_hex, read_voxels


def read(path: Path, ending: str) -> StoredImage:
    """Read a NRRD file; ``ending`` is that of its name.

    A ``.nrrd`` holds its own voxels. Those of a ``.nhdr`` may be in another file, which must lie beside it.

    Raises:
        InputError: it is damaged, is not a scalar 3-D image, or its affine cannot be used.
    """
    with readable(path):
        with path.open("rb") as file:
            header = read_header(file, TextHeader(path))
            start = file.tell()
        data = path
        if header.data_file:
            start, data = 0, _data_file(path, ending, header.data_file)
        voxels, warnings = _voxels(data, start, header)
    return StoredImage(voxels, header.affine, warnings=header.warnings + warnings)


def write(volume: Volume, path: Path, keep_type: bool, compress: bool) -> None:
    """Write a NRRD file.

    Raises:
        InputError: the writing fails.
    """
    voxels = written(volume, keep_type)
    affine = LPS_TO_RAS @ volume.affine
    header = (
        f"NRRD0004\ntype: {voxels.dtype.name if voxels.dtype.kind in 'iu' else 'float'}\ndimension: 3\n"
        f"space: left-posterior-superior\nsizes: {' '.join(map(str, voxels.shape))}\n"
        f"space directions: {' '.join(_vector(affine[:3, axis]) for axis in range(3))}\nkinds: domain domain domain\n"
        f"endian: little\nencoding: {'gzip' if compress else 'raw'}\nspace origin: {_vector(affine[:3, 3])}\n\n"
    )
    contents = stored_bytes(voxels, "<")
    write_whole(path, header.encode("ascii"), compressed(contents, "gzip") if compress else contents)


def _data_file(path: Path, ending: str, name: str) -> Path:
    if ending == ".nrrd":
        raise InputError(
            f"the header of {path} names {shown(name)} as the file of its voxels, and a .nrrd holds its own: if they "
            "are in a file beside it, rename it to .nhdr"
        )
    if name.split()[0].upper() == "LIST" or "%" in name:
        raise InputError(f"the voxels of {path} are in several files: write it as one .nrrd")
    return beside(path, name)


def _voxels(data: Path, start: int, header: NrrdHeader) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The voxels that begin at byte ``start`` of a file, before what is to be skipped."""
    if header.line_skip:
        with data.open("rb") as file:
            file.seek(start)
            for _ in range(header.line_skip):
                while not file.readline(2**20).endswith(b"\n"):
                    if not file.peek(1):
                        raise InputError(f"{data} has fewer lines than its header skips: replace it by a complete copy")
            start = file.tell()
    skip = header.byte_skip
    if skip == -1:
        start, skip = data.stat().st_size - int(np.prod(header.shape, dtype=object)) * header.kind.itemsize, 0
    with ByteStream(data, "raw" if header.encoding in ("digits", "hex") else header.encoding, start) as stream:
        stream.skip(skip)
        if header.encoding == "digits":
            return read_digits(stream, header.shape, header.kind), ()
        if header.encoding == "hex":
            return read_hex(stream, header.shape, header.kind), ()
        return read_voxels(stream, header.shape, header.kind)


def _vector(components: NDArray[np.float64]) -> str:
    return f"({','.join(map(repr, components.tolist()))})"
