"""Arrays out of a tensor bundle, the files in which TensorFlow keeps variables, without TensorFlow.

``NAME.index`` is a sorted table of LevelDB's format: blocks of entries, each a key that shares so many bytes with the
one before, and a value; at its end a footer tells where the block lies that tells where the others do. A value is a
protocol buffer that tells of a tensor its type, its shape, and where in ``NAME.data-00000-of-00001`` its numbers lie.

Sources: https://github.com/google/leveldb/blob/main/doc/table_format.md and the message ``BundleEntryProto`` of
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.errors import InputError

Tensors = dict[str, NDArray[np.float32]]

#: The last bytes of a table, of its footer's so many, and what follows a block: its compression and a checksum.
MAGIC, FOOTER, TRAILER = bytes.fromhex("57fb808b247547db"), 48, 5
#: TensorFlow's number of the type of single precision.
FLOAT = 1
#: Numbers of fields of the message that tells of a tensor, of its shape, and of a dimension of that.
DTYPE, SHAPE, SHARD, OFFSET, SIZE = 1, 2, 3, 4, 5
DIMENSION, EXTENT = 2, 1
#: Ways in which a field is stored: a number of varying length, or of 8 or 4 bytes, or bytes after their count.
VARYING, EIGHT, COUNTED, FOUR = 0, 1, 2, 5


def read_bundle(path: Path) -> Tensors:
    """The arrays in single precision of a bundle of one data file, by key.

    Args:
        path: of the bundle, without an ending.

    Raises:
        InputError: a file is not there, or is not of this format.
    """
    try:
        index = path.with_name(f"{path.name}.index").read_bytes()
        data = path.with_name(f"{path.name}.data-00000-of-00001").read_bytes()
        return dict(_tensors(index, data))
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error
    except (ValueError, IndexError) as error:
        raise InputError(f"{path.name} is no tensor bundle that can be read: {error}") from error


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for key, value in _entries_of_table(index):
        fields = dict(_fields(value))
        if not key or fields.get(DTYPE) != FLOAT:  # the empty key tells of the bundle itself
            continue
        dimensions = [dict(_fields(_bytes(told))) for _, told in _fields(_bytes(fields.get(SHAPE, b"")))]
        shape = tuple(_number(each.get(EXTENT, 0)) for each in dimensions)
        first, size = _number(fields.get(OFFSET, 0)), _number(fields.get(SIZE, 0))
        if fields.get(SHARD, 0) != 0 or size != 4 * math.prod(shape) or first + size > len(data):
            raise ValueError(f"{key.decode()} does not lie in its data")
        yield key.decode(), np.frombuffer(data, "<f4", size // 4, first).reshape(shape)


def _entries_of_table(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not index.endswith(MAGIC):
        raise ValueError("its index is no table")
    footer = memoryview(index)[-FOOTER:]
    _, at = _handle(footer, 0)  # of the block of what else there is to tell
    where, _ = _handle(footer, at)
    for _, handle in _entries(index, *where):
        yield from _entries(index, *_handle(memoryview(handle), 0)[0])


def _entries(index: bytes, first: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a block."""
    block = memoryview(index)[first : first + size + TRAILER]
    if size < 8 or len(block) < size + TRAILER or block[size] != 0:  # its last 8 bytes at least are where it restarts
        raise ValueError("its index is cut off or compressed")
    restarts = int.from_bytes(block[size - 4 : size], "little")
    at, end, key = 0, size - 4 * (restarts + 1), b""
    while at < end:
        shared, at = _varying(block, at)
        own, at = _varying(block, at)
        length, at = _varying(block, at)
        key = key[:shared] + bytes(block[at : at + own])
        at += own
        yield key, bytes(block[at : at + length])
        at += length


def _handle(buffer: memoryview, at: int) -> tuple[tuple[int, int], int]:
    """Where a block begins and how long it is, and where in the buffer goes on what follows."""
    first, at = _varying(buffer, at)
    size, at = _varying(buffer, at)
    return (first, size), at


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a message's fields."""
    buffer, at = memoryview(message), 0
    while at < len(buffer):
        tag, at = _varying(buffer, at)
        number, way = tag >> 3, tag & 7
        if way == VARYING:
            value, at = _varying(buffer, at)
            yield number, value
            continue
        if way not in (EIGHT, COUNTED, FOUR):
            raise ValueError(f"a field is stored in the way {way}")
        length, at = _varying(buffer, at) if way == COUNTED else ({EIGHT: 8, FOUR: 4}[way], at)
        yield number, bytes(buffer[at : at + length])
        at += length


def _varying(buffer: memoryview, at: int) -> tuple[int, int]:
    """A number, seven bits a byte with the lowest first, and where goes on what follows."""
    value = shift = 0
    while True:
        byte = buffer[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("a field that should be a number is none")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a field that should be a message is none")
    return value
