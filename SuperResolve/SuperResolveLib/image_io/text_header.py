"""The text that begins a NRRD or MetaImage file: its fields, and the file beside it that may hold the voxels.

Nothing in it is trusted: lines and the whole are of bounded length, numbers are counted, and a file of voxels must lie
beside the header.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AXIS_NAMES
from ..errors import InputError

#: The most bytes of a line and of a header; the longest that programs write are thousands of acquisition notes.
LONGEST_LINE, LONGEST_HEADER = 2**16, 2**22
#: The most bytes of a file's name.
LONGEST_NAME = 255


class TextHeader:
    """The fields of a text header.

    Args:
        path: the file, for messages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fields: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def add(self, name: str, value: str) -> None:
        """Add a field.

        Raises:
            InputError: there is one of that name with another value.
        """
        if self._fields.setdefault(name, value) != value:
            raise self.error(f"gives {name} twice, and differently")

    def text(self, *names: str, default: str = "") -> str:
        """The value of the first of these fields that there is."""
        return next((self._fields[name] for name in names if name in self._fields), default)

    def numbers(self, name: str, count: int | None = None) -> NDArray[np.float64]:
        """The numbers that a field holds, which may be NaN.

        Raises:
            InputError: they are no numbers, or not ``count`` of them.
        """
        words = self.text(name).split()
        if count is not None and len(words) != count:
            raise self.error(f"has {len(words)} values of {name} where {count} are needed")
        try:
            return np.array([_number(word) for word in words])
        except ValueError:
            raise self.error(f"has {name} = {shown(self.text(name))}, which is not numbers") from None

    def whole_numbers(self, name: str, count: int | None = None) -> tuple[int, ...]:
        """The whole numbers that a field holds.

        Raises:
            InputError: as :meth:`numbers`, or they are not whole or of more than 18 digits.
        """
        numbers = self.numbers(name, count)
        if not (np.isfinite(numbers).all() and (np.abs(numbers) < 1e18).all() and (numbers % 1 == 0).all()):
            raise self.error(f"has {name} = {shown(self.text(name))}, which is not whole numbers")
        return tuple(int(word) if word.lstrip("+-").isdigit() else int(float(word)) for word in self.text(name).split())

    def whole_number(self, name: str, default: int) -> int:
        """The whole number that a field holds, or ``default`` where there is no such field."""
        return self.whole_numbers(name, 1)[0] if name in self else default

    def voxel_sizes(self, name: str) -> NDArray[np.float64]:
        """The voxel sizes along the first three axes, which begin a field, in the header's unit.

        Raises:
            InputError: they are not there, or one is not positive.
        """
        return checked_voxel_sizes(self.numbers(name)[:3], [name] * 3, self.path)

    def error(self, what: str) -> InputError:
        """The error that the header is so and cannot be used."""
        return InputError(f"the header of {self.path} {what}: repair the header")


def header_lines(file: BinaryIO, path: Path) -> Iterator[str]:
    """The lines of a header, without what ends them; bytes that are not UTF-8 are escaped as in file names.

    Raises:
        InputError: a line, or all of them, are longer than any header's.
    """
    total = 0
    while line := file.readline(LONGEST_LINE + 1):
        total += len(line)
        if len(line) > LONGEST_LINE or total > LONGEST_HEADER:
            raise InputError(
                f"{path} cannot be read, its header is far too long: check that it is of the type that its ending says"
            )
        yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")


def beside(path: Path, name: str) -> Path:
    """The file of that plain name in the folder of a header.

    Raises:
        InputError: it is not a plain name, or there is no such file, or it is a link to one in another folder.
    """
    name = name.removeprefix("./")
    if (
        not name
        or name in (".", "..")
        or len(os.fsencode(name)) > LONGEST_NAME
        or any(character in name for character in '/\\:*?"<>|\0\r\n')
    ):
        raise InputError(
            f"the header of {path} names {shown(name)} as the file of its voxels: only the plain name of a file beside "
            "it is followed; copy that file there and correct the name"
        )
    data = path.with_name(name)
    if not data.is_file():
        raise InputError(
            f"{path} cannot be read, its voxels are in the file {name}, which is not beside it: copy it there"
        )
    if data.resolve().parent != path.parent.resolve() or data.resolve() == path.resolve():
        raise InputError(f"the voxels of {path} are said to be in {name}, a link to another place: copy the file there")
    return data


def checked_voxel_sizes(sizes: NDArray[np.float64], names: Sequence[str], path: Path) -> NDArray[np.float64]:
    """Voxel sizes along three axes, from the fields of these names.

    Raises:
        InputError: there are not three, or one is not a positive number.
    """
    if sizes.size < 3:
        raise InputError(f"the header of {path} tells no voxel sizes ({names[0]}): repair the header")
    for axis, name, size in zip(AXIS_NAMES, names, sizes, strict=True):
        if not (np.isfinite(size) and size > 0):
            raise InputError(
                f"the header of {path} tells no voxel size along axis {axis} ({name} = {size:g}): repair the header"
            )
    return sizes


def not_of_its_type(path: Path, name: str) -> InputError:
    """The error that a file is not of the format of that name."""
    return InputError(f"{path} cannot be read, it is not {name}: check that it is of the type that its ending says")


def shown(value: str) -> str:
    """A value from a header for a message: in quotes, short, and without control characters."""
    return repr(value if len(value) <= 40 else f"{value[:37]}...")


def _number(word: str) -> float:
    if "_" in word:  # which Python's numbers may have
        raise ValueError
    return float(word)
