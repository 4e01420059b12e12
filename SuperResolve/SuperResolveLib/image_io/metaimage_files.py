"""Reading and writing MetaImage files, whose coordinates are LPS.

Source: the format's definition, itk.org/Wiki/MetaIO/Documentation. Where it leaves a choice, this follows ITK, which
itself is not used as its reader trusts the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..errors import InputError
from .byte_stream import ByteStream, compressed
from .checks import check_scalar, check_shape, readable
from .files import write_whole
from .intensities import stored_bytes, written
from .stored import LPS_TO_RAS, NO_ORIENTATION, StoredImage
from .text_header import TextHeader, beside, header_lines, not_of_its_type, shown
from .voxel_data import read_digits, read_voxels

_TYPES = {
    "MET_CHAR": np.int8, "MET_UCHAR": np.uint8, "MET_SHORT": np.int16, "MET_USHORT": np.uint16, "MET_INT": np.int32,
    "MET_UINT": np.uint32, "MET_LONG": np.int32, "MET_ULONG": np.uint32, "MET_LONG_LONG": np.int64,
    "MET_ULONG_LONG": np.uint64, "MET_FLOAT": np.float32, "MET_DOUBLE": np.float64,
}  # fmt: skip
_DIRECTIONS, _ORIGIN = ("TransformMatrix", "Rotation", "Orientation"), ("Offset", "Position", "Origin")


def read(path: Path, ending: str) -> StoredImage:
    """Read a MetaImage file; ``ending`` is that of its name.

    A ``.mha`` holds its own voxels. Those of a ``.mhd`` may be in another file, which must lie beside it.

    Raises:
        InputError: it is damaged, is not a scalar 3-D image, or its affine cannot be used.
    """
    header = TextHeader(path)
    with readable(path):
        with path.open("rb") as file:
            for line in header_lines(file, path):
                _add(header, line)
                if "ElementDataFile" in header:
                    break
            start = file.tell()
        dimension = _dimension(header)
        shape = check_shape(header.whole_numbers("DimSize", dimension), path)
        check_scalar(header.whole_number("ElementNumberOfChannels", 1), complex_valued=False, path=path)
        affine, warnings = _affine(header, dimension)
        data = _data_file(header, ending)
        voxels, told = _voxels(header, data or path, 0 if data else start, shape)
    return StoredImage(voxels, affine, warnings=warnings + told)


def write(volume: Volume, path: Path, keep_type: bool, compress: bool) -> None:
    """Write a MetaImage file.

    Raises:
        InputError: the writing fails.
    """
    voxels = written(volume, keep_type)
    affine = LPS_TO_RAS @ volume.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    contents = stored_bytes(voxels, "<")
    parts = list(compressed(contents, "zlib")) if compress else contents
    kinds = {np.dtype(kind): name for name, kind in reversed(_TYPES.items())}
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"CompressedData = {compress}\n{f'CompressedDataSize = {sum(map(len, parts))}{chr(10)}' if compress else ''}"
        f"TransformMatrix = {_text((affine[:3, :3] / spacing).T)}\nOffset = {_text(affine[:3, 3])}\n"
        f"CenterOfRotation = 0 0 0\nElementSpacing = {_text(spacing)}\nDimSize = {_text(np.array(voxels.shape))}\n"
        f"ElementType = {kinds[voxels.dtype]}\nElementDataFile = LOCAL\n"
    )
    write_whole(path, header.encode("ascii"), parts)


def _add(header: TextHeader, line: str) -> None:
    name, sign, value = line.partition("=")
    if not sign:
        name, sign, value = line.partition(":")
    if line.strip() and not sign:
        raise not_of_its_type(header.path, "MetaImage")
    if line.strip():
        header.add(name.strip(), value.strip())


def _dimension(header: TextHeader) -> int:
    """The number of dimensions of an image."""
    fields = ("NDims", "DimSize", "ElementType", "ElementDataFile")
    if header.text("ObjectType", default="Image") != "Image" or not all(name in header for name in fields):
        raise not_of_its_type(header.path, "MetaImage")
    dimension = header.whole_number("NDims", 0)
    if not 1 <= dimension <= 10:
        raise header.error(f"says that it is {dimension}-D")
    return dimension


def _affine(header: TextHeader, dimension: int) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The affine of the first three axes, voxel index to RAS mm, and a warning if it has no directions."""
    affine = np.eye(4)
    sizes = header.voxel_sizes("ElementSpacing" if "ElementSpacing" in header else "ElementSize")
    directions = next((name for name in _DIRECTIONS if name in header), None)
    if directions:
        matrix = header.numbers(directions, dimension**2).reshape(dimension, dimension)
        affine[:3, :3] = matrix[:3, :3].T
    affine[:3, :3] *= sizes
    origin = next((name for name in _ORIGIN if name in header), None)
    if origin:
        affine[:3, 3] = header.numbers(origin, dimension)[:3]
    return LPS_TO_RAS @ affine, () if directions else (NO_ORIENTATION.format(why=""),)


def _data_file(header: TextHeader, ending: str) -> Path | None:
    """The file that holds the voxels; ``None`` if they follow the header."""
    name = header.text("ElementDataFile")
    if name.upper() == "LOCAL":
        return None
    if ending == ".mha":
        raise InputError(
            f"the header of {header.path} has ElementDataFile = {shown(name)}, which must be LOCAL in a .mha, as it "
            "holds its own voxels: if they are in a file beside it, rename it to .mhd"
        )
    if not name or name.split()[0].upper() == "LIST" or "%" in name:
        raise InputError(f"the voxels of {header.path} are in several files or in none: write it as one .mha")
    return beside(header.path, name)


def _voxels(
    header: TextHeader, data: Path, start: int, shape: tuple[int, int, int]
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The voxels that begin at byte ``start`` of a file, or where the header says."""
    name = header.text("ElementType").removesuffix("_ARRAY")
    if name not in _TYPES:
        raise header.error(f"has ElementType = {shown(name)}, which is no number type of MetaImage")
    big = _is_true(header, "BinaryDataByteOrderMSB" if "BinaryDataByteOrderMSB" in header else "ElementByteOrderMSB")
    kind = np.dtype(_TYPES[name]).newbyteorder(">" if big else "<")
    compressed, skip = _is_true(header, "CompressedData"), header.whole_number("HeaderSize", 0)
    if skip == -1 and not compressed:
        start = data.stat().st_size - int(np.prod(shape, dtype=object)) * kind.itemsize
    elif skip != 0:
        if compressed or skip < start:
            raise header.error(f"has HeaderSize = {skip}, where voxels cannot begin")
        start = skip
    length = (header.whole_number("CompressedDataSize", 0) or None) if compressed else None
    with ByteStream(data, "zlib" if compressed else "raw", start, length) as stream:
        if not _is_true(header, "BinaryData", default="True"):
            return read_digits(stream, shape, kind.newbyteorder("=")), ()
        return read_voxels(stream, shape, kind)


def _is_true(header: TextHeader, name: str, default: str = "False") -> bool:
    return header.text(name, default=default)[:1] in ("T", "t", "1")


def _text(numbers: NDArray[Any]) -> str:
    return " ".join(map(repr, numbers.ravel().tolist()))
