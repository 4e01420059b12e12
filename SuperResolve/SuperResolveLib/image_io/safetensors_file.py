"""The safetensors format: named arrays and a few texts in one file, which can be read without trusting it.

A file is the length of its header in bytes (8 bytes, little-endian), the header, and the data. The header is a JSON
object of ``{"dtype", "shape", "data_offsets": [begin, end]}`` by name, with the texts as ``"__metadata__"``; the
offsets count from the header's end, and the arrays, in C order and little-endian, fill the data without gap or overlap.
Reading it runs nothing and makes room for nothing that the file's size does not bear out. It is written here so that
torch and numpy are enough to use a model.

Source: https://github.com/huggingface/safetensors (its README gives the format).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .files import PathLike, write_whole
from .strict_json import format_json, parse_json

Tensors = dict[str, NDArray[np.generic]]

#: The most bytes of a header and the most arrays in a file: ten times what a large network needs.
LARGEST_HEADER, MOST_TENSORS = 2**22, 2**15
#: The most axes of an array, and the most values it could have if axes of size 0 were not 0.
MOST_AXES, MOST_VALUES = 8, 2**48

_METADATA = "__metadata__"
#: The alignment of the data in bytes, which the header is filled up to with spaces.
_ALIGNMENT = 8
#: How many values of an array are handed to the disk at once.
_PART = 2**20

_TYPES = {
    name: np.dtype(code)
    for name, code in (
        ("BOOL", "?"),
        ("U8", "u1"),
        ("I8", "i1"),
        ("U16", "<u2"),
        ("I16", "<i2"),
        ("F16", "<f2"),
        ("U32", "<u4"),
        ("I32", "<i4"),
        ("F32", "<f4"),
        ("U64", "<u8"),
        ("I64", "<i8"),
        ("F64", "<f8"),
    )
}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}


@dataclass(frozen=True)
class _Entry:
    """An array in the header: its name, type, shape, and the bytes of the data that hold it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def write_tensors(path: PathLike, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> str:
    """Write arrays and texts, completely or not at all; the same arrays and texts give the same bytes.

    Args:
        path: of the file.
        tensors: arrays of numbers by name.
        metadata: texts by name.

    Returns:
        The BLAKE2b hash of the file.

    Raises:
        InputError: the writing fails, or the header would be larger than can be read again.
        ValueError: an array's type has no name in the format.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        dtype = tensor.dtype.newbyteorder("<")
        if dtype not in _NAMES or name == _METADATA:
            raise ValueError(f"{name}: safetensors files hold no {tensor.dtype} of that name")
        arrays[name] = tensor.astype(dtype, copy=False)
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))  # so that each is aligned
    header: dict[str, Any] = {_METADATA: dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name in order:
        array = arrays[name]
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = format_json(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > LARGEST_HEADER or len(order) > MOST_TENSORS:
        raise InputError(f"{path} cannot be written: {len(order)} tensors are too many for one safetensors file")
    return write_whole(path, len(text).to_bytes(8, "little"), text, *(_parts(arrays[name]) for name in order))


def read_tensors(path: PathLike, largest: int | None = None) -> tuple[Tensors, dict[str, str]]:
    """Read all arrays and texts of a file.

    Args:
        path: of the file.
        largest: the most bytes that it may have; ``None`` for any size.

    Returns:
        Arrays by name, each its own, and texts by name.

    Raises:
        InputError: it is not there, is no safetensors file, is too large, or contradicts itself.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a .safetensors file")
        if not path.exists():
            raise InputError(f"{path} does not exist: check its name")
        if not path.is_file():
            raise InputError(f"{path} is not a file: give a .safetensors file")
        size = path.stat().st_size
        if largest is not None and size > largest:
            raise InputError(f"{path} has {size / 2**20:.0f} MiB, and at most {largest / 2**20:.0f} MiB are read")
        with path.open("rb") as file:
            entries, metadata = _header(file, size)
            return {entry.name: _tensor(file, entry) for entry in entries}, metadata
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path} is no whole safetensors file ({error}): fetch or write it anew") from error


def _parts(array: NDArray[Any]) -> Iterator[bytes]:
    """The bytes of an array in C order, a part at a time."""
    flat = array.reshape(-1)
    for first in range(0, flat.size, _PART):
        yield flat[first : first + _PART].tobytes()


def _header(file: BinaryIO, size: int) -> tuple[list[_Entry], dict[str, str]]:
    """What a file of so many bytes says that it holds, in the order of the data, at which the file then stands.

    Raises:
        ValueError: it contradicts itself or the file's size.
    """
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise ValueError("it is shorter than its header says")
    if length > LARGEST_HEADER:
        raise ValueError(f"its header has {length} bytes, and at most {LARGEST_HEADER} are read")
    text = file.read(length)
    if text[:1] != b"{":
        raise ValueError("its header is no JSON object")
    header = parse_json(text)
    if len(header) > MOST_TENSORS:
        raise ValueError(f"it has {len(header)} tensors, and at most {MOST_TENSORS} are read")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its metadata are not texts")
    entries = sorted((_entry(name, told) for name, told in header.items()), key=lambda entry: (entry.begin, entry.end))
    edges = [0, *(edge for entry in entries for edge in (entry.begin, entry.end)), size - 8 - length]
    if any(before != after for before, after in list(pairwise(edges))[::2]):
        raise ValueError("its tensors leave gaps, overlap, or do not end where the file does")
    return entries, metadata


def _entry(name: str, told: Any) -> _Entry:
    """What the header tells of an array.

    Raises:
        ValueError: it contradicts itself.
    """
    called = f"tensor {name[:80]!r}"
    if not isinstance(told, dict) or set(told) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{called} must have dtype, shape and data_offsets alone")
    dtype = _TYPES.get(told["dtype"]) if isinstance(told["dtype"], str) else None
    if dtype is None:
        raise ValueError(f"{called} is of a type other than {', '.join(_TYPES)}")
    shape, offsets = told["shape"], told["data_offsets"]
    if not _are_counts(shape) or len(shape) > MOST_AXES or math.prod(max(each, 1) for each in shape) > MOST_VALUES:
        raise ValueError(f"{called} has an impossible shape")
    if not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"{called} has impossible offsets")
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{called} has another size than its shape and type need")
    return _Entry(name, dtype, tuple(shape), offsets[0], offsets[1])


def _are_counts(values: Any) -> bool:
    """Whether these are a list of numbers that can count bytes or values."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**63 for value in values)


def _tensor(file: BinaryIO, entry: _Entry) -> NDArray[np.generic]:
    """The array that begins where the file stands.

    Raises:
        ValueError: the file ends within it, or it holds truth values that are neither.
    """
    count = math.prod(entry.shape)
    flat = np.fromfile(file, np.uint8 if entry.dtype == np.bool_ else entry.dtype, count)
    if flat.size != count:
        raise ValueError("it became shorter while it was read")
    if entry.dtype == np.bool_:
        if flat.max(initial=0) > 1:
            raise ValueError(f"tensor {entry.name[:80]!r} holds truth values other than 0 and 1")
        flat = flat.astype(np.bool_)
    return flat.reshape(entry.shape)
