"""What the header of a NRRD file says of its grid and its voxels.

Source: the format's definition, teem.sourceforge.net/nrrd/format.html. Where it leaves a choice, this follows ITK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .checks import check_scalar, check_shape
from .stored import LPS_TO_RAS, NO_ORIENTATION, converted
from .text_header import TextHeader, checked_voxel_sizes, header_lines, not_of_its_type, shown

#: The fields that there are, without the blanks in their names.
_FIELDS = (
    "content", "number", "type", "dimension", "sizes", "spacings", "thicknesses", "axismins", "axismaxs", "centers",
    "centerings", "labels", "units", "kinds", "blocksize", "endian", "encoding", "min", "max", "oldmin", "oldmax",
    "lineskip", "byteskip", "datafile", "sampleunits", "space", "spacedimension", "spaceunits", "spaceorigin",
    "spacedirections", "measurementframe",
)  # fmt: skip
_TYPES = {
    np.dtype(kind): names.split(",")
    for kind, names in {
        np.int8: "signed char,int8,int8_t",
        np.uint8: "uchar,unsigned char,uint8,uint8_t",
        np.int16: "short,short int,signed short,signed short int,int16,int16_t",
        np.uint16: "ushort,unsigned short,unsigned short int,uint16,uint16_t",
        np.int32: "int,signed int,int32,int32_t",
        np.uint32: "uint,unsigned int,uint32,uint32_t",
        np.int64: "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
        np.uint64: "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
        np.float32: "float",
        np.float64: "double",
    }.items()
}
_ENCODINGS = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "txt": "digits", "text": "digits",
    "ascii": "digits", "hex": "hex",
}  # fmt: skip
#: Signs of the axes of LPS coordinates in each space that names its axes; other spaces tell no orientation.
_SPACES = {
    "right-anterior-superior": (-1, -1, 1), "left-anterior-superior": (1, -1, 1), "left-posterior-superior": (1, 1, 1),
    "ras": (-1, -1, 1), "las": (1, -1, 1), "lps": (1, 1, 1),
}  # fmt: skip
_SPACE_NAMES = (
    r"((right|left)-(anterior|posterior)-superior|scanner-xyz|3d-(right|left)-handed)(-time)?|(ras|las|lps)t?"
)
#: Kinds of an axis of voxels, and of one of images; others hold the values of one voxel.
_OF_VOXELS, _OF_IMAGES = ("domain", "space", "none", "???", ""), ("time", "list")
#: Length of each unit in mm; no unit is mm.
_UNITS = {"": 1.0, "mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "nm": 1e-6} | {
    "millimeter": 1.0, "millimeters": 1.0, "millimetre": 1.0, "millimetres": 1.0, "micron": 1e-3, "microns": 1e-3
}  # fmt: skip


@dataclass(frozen=True)
class NrrdHeader:
    """What a header says.

    Attributes:
        shape: number of voxels along i, j and k.
        kind: type of the voxels, in the byte order of the file.
        encoding: ``"digits"``, ``"hex"`` or one of :class:`~.byte_stream.ByteStream`.
        affine: voxel index to RAS mm, shape (4, 4).
        warnings: what the user should know, a sentence each.
        data_file: name of the file that holds the voxels; empty if they follow the header.
        line_skip: how many lines come before the voxels.
        byte_skip: how many bytes come then, after decompression; -1 if raw voxels end the file.
    """

    shape: tuple[int, int, int]
    kind: np.dtype[Any]
    encoding: str
    affine: NDArray[np.float64]
    warnings: tuple[str, ...]
    data_file: str
    line_skip: int
    byte_skip: int


def read_header(file: BinaryIO, fields: TextHeader) -> NrrdHeader:
    """Read the header that begins a file, up to the blank line that ends it.

    Args:
        file: the file at its start.
        fields: empty; filled with the header's fields.

    Raises:
        InputError: it is no NRRD header, damaged, or does not describe a scalar 3-D image.
    """
    lines = header_lines(file, fields.path)
    if not re.fullmatch(r"NRRD000[1-9]", next(lines, "")):
        raise not_of_its_type(fields.path, "NRRD")
    for line in lines:
        if not line:
            break
        name, colon, value = line.partition(":")
        if line.startswith("#") or value.startswith("="):  # a comment, or what programs note beyond the format
            continue
        name = name.lower().replace(" ", "")
        if not colon or name not in _FIELDS:
            raise fields.error(f"has the line {shown(line)}, which is no field of NRRD")
        fields.add(name, value.strip())
    shape, axes = _grid(fields)
    affine, warnings = _affine(fields, axes)
    encoding = _ENCODINGS.get(fields.text("encoding").lower())
    if encoding is None:
        raise fields.error(f"names the encoding {shown(fields.text('encoding'))}, which NRRD has not")
    byte_skip, line_skip = fields.whole_number("byteskip", 0), fields.whole_number("lineskip", 0)
    if byte_skip < (-1 if encoding == "raw" else 0) or not 0 <= line_skip <= 10**6:
        raise fields.error("skips a number of bytes or lines that is not possible")
    return NrrdHeader(
        shape, _kind(fields, encoding), encoding, affine, warnings, fields.text("datafile"), line_skip, byte_skip
    )


def _kind(fields: TextHeader, encoding: str) -> np.dtype[Any]:
    name = fields.text("type").lower()
    kind = next((kind for kind, names in _TYPES.items() if name in names), None)
    if kind is None:
        raise fields.error(f"names the type {shown(name)}, which is no number type of NRRD")
    if kind.itemsize == 1 or encoding == "digits":
        return kind
    endian = fields.text("endian").lower()
    if endian not in ("little", "big"):
        raise fields.error(f"has the byte order {shown(endian)}, where endian must be little or big")
    return kind.newbyteorder("<" if endian == "little" else ">")


def _grid(fields: TextHeader) -> tuple[tuple[int, int, int], list[int]]:
    """The shape, and which axes of the file i, j and k are."""
    dimension = fields.whole_number("dimension", 0)
    if not 1 <= dimension <= 16:
        raise fields.error(f"says that it is {dimension}-D")
    sizes = fields.whole_numbers("sizes", dimension)
    kinds = [word.lower() for word in fields.text("kinds").split()] or [""] * dimension
    if len(kinds) != dimension:
        raise fields.error(f"has {len(kinds)} kinds of axes where {dimension} are needed")
    of_voxels = [axis for axis in range(dimension) if kinds[axis] in _OF_VOXELS]
    of_images = [axis for axis in range(dimension) if kinds[axis] in _OF_IMAGES]
    for axis in range(dimension):
        if axis not in (*of_voxels, *of_images):
            check_scalar(sizes[axis], complex_valued=kinds[axis] == "complex", path=fields.path)
    return check_shape([sizes[axis] for axis in (*of_voxels, *of_images)], fields.path), of_voxels[:3]


def _affine(fields: TextHeader, axes: list[int]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The affine of three axes, voxel index to RAS mm, and warnings."""
    space = fields.text("space").lower()
    if space and not re.fullmatch(_SPACE_NAMES, space):
        raise fields.error(f"names the space {shown(space)}, which NRRD has not")
    signs = _SPACES.get(space.removesuffix("-time") if len(space) > 4 else space[:3])
    unoriented = NO_ORIENTATION.format(why=f" (space {shown(space)})" if space else "")
    affine = np.eye(4)
    if "spacedirections" in fields:
        affine[:3, :3] = np.column_stack([_directions(fields)[axis] for axis in axes])
        if "spaceorigin" in fields:
            affine[:3, 3] = _vector(fields, fields.text("spaceorigin"))
        units = _units(fields, "spaceunits", [0, 1, 2])
        affine[:3] *= np.multiply(units, signs or (1, 1, 1))[:, None]
        warnings = () if signs else (unoriented,)
    else:
        spacings = np.full(3, np.nan)
        if "spacings" in fields:
            spacings = fields.numbers("spacings", fields.whole_number("dimension", 0))[axes]
        checked_voxel_sizes(spacings, ["spacings"] * 3, fields.path)
        units = _units(fields, "units", axes)
        affine[:3, :3] = np.diag(spacings * units)
        affine[:3, 3] = _first_centres(fields, spacings, axes) * units
        warnings = (unoriented,)
    told = tuple(converted(unit) for unit in dict.fromkeys(units) if unit != 1.0)
    return LPS_TO_RAS @ affine, warnings + told


def _directions(fields: TextHeader) -> list[NDArray[np.float64]]:
    """The step in space along every axis, zero along one that is not in space."""
    words = re.findall(r"none|\([^()]*\)|\S", fields.text("spacedirections"))
    dimension = fields.whole_number("dimension", 0)
    if len(words) != dimension:
        raise fields.error(f"has {len(words)} space directions where {dimension} are needed")
    return [np.zeros(3) if word == "none" else _vector(fields, word) for word in words]


def _vector(fields: TextHeader, text: str) -> NDArray[np.float64]:
    """The first three components of a vector such as ``(1,0,0)``, of the dimension of the space."""
    components = TextHeader(fields.path)
    inner = re.fullmatch(r"\(([^()]*)\)", text)
    components.add("space directions and origin", inner.group(1).replace(",", " ") if inner else shown(text))
    space = fields.text("space").lower()
    count = 4 if space.endswith("-time") or (len(space) == 4 and space.endswith("t")) else 3
    return components.numbers("space directions and origin", fields.whole_number("spacedimension", count))[:3]


def _first_centres(fields: TextHeader, spacings: NDArray[np.float64], axes: list[int]) -> NDArray[np.float64]:
    """Where the centre of the first voxel is by the axes' minima, as ITK reads them; 0 where there are none."""
    if "axismins" not in fields:
        return np.zeros(3)
    dimension = fields.whole_number("dimension", 0)
    minima = fields.numbers("axismins", dimension)[axes]
    centers = fields.text("centers", "centerings").lower().split() or ["cell"] * dimension
    if not np.isfinite(minima).all() or len(centers) != dimension:
        return np.zeros(3)
    return minima + [
        0.0 if centers[axis] == "node" else spacing / 2 for axis, spacing in zip(axes, spacings, strict=True)
    ]


def _units(fields: TextHeader, name: str, axes: list[int]) -> list[float]:
    """The lengths in mm of the units along axes."""
    if name not in fields:
        return [1.0] * len(axes)
    words = re.findall(r'"([^"]*)"', fields.text(name))
    if len(words) <= max(axes):
        raise fields.error(f"has {len(words)} units where {max(axes) + 1} are needed")
    for axis in axes:
        if words[axis].strip().lower() not in _UNITS:
            raise fields.error(f"gives lengths in the unit {shown(words[axis])}, which is not known")
    return [_UNITS[words[axis].strip().lower()] for axis in axes]
