"""The voxels of an image file, in any of the ways that formats store them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .byte_stream import ByteStream

#: The most characters that a number written in digits takes, with what stands between it and the next.
_WIDEST_NUMBER = 64


def read_voxels(
    stream: ByteStream, sizes: Sequence[int], kind: np.dtype[Any], spare: int | None = None
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Read the voxels that a stream holds from where it is to its end.

    Args:
        stream: the bytes, the first index of a voxel running fastest.
        sizes: number of voxels along each axis.
        kind: type of the voxels, in the byte order of the file.
        spare: how many bytes may follow the voxels in the format; ``None`` for fewer than a plane of voxels along any
            axis, so that a size that was changed is noticed, and with a warning.

    Returns:
        The voxels in the order of ``sizes``, and a warning if bytes that belong to nothing are left over.

    Raises:
        InputError: the sizes are implausible, or the bytes are damaged or more or fewer than the header announces.
    """
    needed = stream.check_announced(sizes, kind)
    voxels = stream.read(needed).view(kind).reshape(tuple(sizes)[::-1]).T
    extra = stream.finish(needed // max(sizes) - 1 if spare is None else spare)
    told = []
    if extra and spare is None:
        told.append(f"{extra} bytes follow the voxels that the header announces: they are ignored")
    if stream.trailing:
        told.append(f"{stream.trailing} bytes follow the compressed voxels: they are ignored")
    return voxels, tuple(told)


def read_digits(stream: ByteStream, sizes: Sequence[int], kind: np.dtype[Any]) -> NDArray[Any]:
    """Read voxels that are written as numbers in digits, with blanks between them.

    Arguments as in :func:`read_voxels`.

    Raises:
        InputError: they are not that many numbers of that type.
    """
    count = math.prod(sizes)
    text = f"{' x '.join(map(str, sizes))} numbers"
    if not count <= (stream.left + 1) // 2 <= _WIDEST_NUMBER * (count + 16):
        raise InputError(f"{stream.path} cannot hold the {text} that its header announces in {stream.left} characters")
    wide = np.dtype(np.float64) if kind.kind == "f" else np.dtype(np.uint64 if kind.kind == "u" else np.int64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy only warns where a text ends in something else than a number
            numbers = np.fromstring(stream.read(stream.left).tobytes().decode("ascii"), dtype=wide, sep=" ")
    except (ValueError, Warning):
        numbers = np.empty(0, wide)
    if numbers.size != count or (kind.kind != "f" and (numbers != numbers.astype(kind)).any()):
        raise InputError(f"{stream.path} does not hold the {text} of type {kind.name} that its header announces")
    return numbers.astype(kind).reshape(tuple(sizes)[::-1]).T


def read_hex(stream: ByteStream, sizes: Sequence[int], kind: np.dtype[Any]) -> NDArray[Any]:
    """Read voxels whose bytes are written as two hexadecimal digits each.

    Arguments as in :func:`read_voxels`.

    Raises:
        InputError: they are not the bytes that the header announces.
    """
    needed = stream.check_announced(sizes, kind)
    contents = b""
    if stream.left <= _WIDEST_NUMBER * needed:
        with suppress(ValueError):
            contents = bytes.fromhex(stream.read(stream.left).tobytes().decode("ascii"))
    if len(contents) != needed:
        raise InputError(f"{stream.path} does not hold the {needed} bytes that its header announces, in hexadecimal")
    return np.frombuffer(contents, kind).reshape(tuple(sizes)[::-1]).T
