"""Reading and writing profile tables, and profiles given as text such as ``gaussian:4.5``.

A profile table is a text file with the columns ``offset_mm`` and ``weight``, separated by tabs, and a row for each tap.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..physics.profile import SliceProfile
from ..physics.profile_limits import WIDEST, check_tap_spacing, checked_width
from .files import PathLike, write_whole

FloatArray = NDArray[np.float64]

COLUMNS = ("offset_mm", "weight")
#: The most bytes of a table; a row takes some forty.
LARGEST_TABLE = 2**20
#: A profile this many times narrower than an in-plane voxel is in metres.
SHARPEST = 20

_SHAPES: dict[str, Callable[[float, float], SliceProfile]] = {
    "gaussian": SliceProfile.gaussian,
    "rect": SliceProfile.rect,
}


def read_profile(path: PathLike, tap_spacing: float = 1.0) -> SliceProfile:
    """Read the profile in a table.

    Rows may be in any order, and weights may have any sum that is not nearly zero. One row must have offset 0, the
    slice centre; if it is not the middle one, zeros are added on one side until it is.

    Args:
        path: a table as :func:`write_profile` writes it; further columns are ignored.
        tap_spacing: distance between taps in mm for a table with a single row, which does not tell it.

    Raises:
        InputError: it cannot be read, lacks a column, or its rows are not a profile.
    """
    return profile_of_columns(*_columns(path), str(path), tap_spacing)


def profile_of_columns(offsets: FloatArray, weights: FloatArray, name: str, tap_spacing: float = 1.0) -> SliceProfile:
    """The profile whose taps are in two columns, with the rules of :func:`read_profile`.

    Args:
        offsets: offsets from the slice centre in mm, shape (taps,).
        weights: weights, shape (taps,).
        name: what messages call the table.
        tap_spacing: distance between taps in mm if there is a single one.

    Raises:
        InputError: the columns are not a profile.
    """
    order = np.argsort(offsets)
    offsets, weights = offsets[order], weights[order]
    if offsets.size > 1:
        tap_spacing = offsets[-1] / (offsets.size - 1) - offsets[0] / (offsets.size - 1)
    if tap_spacing <= 0 or np.abs(np.diff(offsets) - tap_spacing).max(initial=0.0) > 0.01 * tap_spacing:
        raise InputError(f"the offsets in {name} are not evenly spaced: give one row a tap, at equal distances")
    with _naming(name):
        check_tap_spacing(tap_spacing)
    index = offsets / tap_spacing
    taps = np.round(index).astype(int)
    if np.abs(index - taps).max() > 0.1 or 0 not in taps:
        raise InputError(f"no row of {name} has offset_mm 0, the slice centre: shift its offsets")
    edge = int(np.abs(taps).max())
    centred = np.zeros(2 * edge + 1)
    centred[taps + edge] = weights
    with _naming(name):
        return SliceProfile(centred, float(tap_spacing))


def write_profile(profile: SliceProfile, path: PathLike) -> None:
    """Write a profile as a table with every digit of its numbers, completely or not at all.

    A profile with a single tap is written with a zero on each side, so that the table tells its tap spacing.

    Raises:
        InputError: the writing fails.
    """
    offsets, weights = profile.offsets, profile.weights
    if weights.size == 1:
        offsets, weights = np.array([-1.0, 0.0, 1.0]) * profile.tap_spacing, np.pad(weights, 1)
    rows = [f"{offset!r}\t{weight!r}" for offset, weight in zip(offsets.tolist(), weights.tolist(), strict=True)]
    write_whole(path, ("\n".join(["\t".join(COLUMNS), *rows]) + "\n").encode())


def parse_profile(text: str, tap_spacing: float) -> SliceProfile:
    """The profile that a text stands for: ``gaussian:MM``, ``rect:MM`` or the path of a table.

    Args:
        text: a shape and its FWHM in mm, or a path.
        tap_spacing: distance between taps in mm for a shape, and for a table with a single row: that of the scan's
            in-plane voxels.

    Raises:
        InputError: the text stands for no profile, or the table cannot be used or is in another unit than mm.
    """
    kind, colon, width = text.partition(":")
    if colon and kind.strip().lower() in _SHAPES:
        width_mm = _width(width, text)
        profile = _SHAPES[kind.strip().lower()](width_mm, tap_spacing)
    elif os.path.exists(text):
        profile = read_profile(text, tap_spacing)
        width_mm = profile.fwhm_mm
    else:
        raise InputError(f"{text!r} is no profile: give gaussian:MM, rect:MM, or the path of a profile table (.tsv)")
    if width_mm < tap_spacing / SHARPEST:
        raise InputError(
            f"the profile {text!r} is {width_mm:.3g} mm wide, far less than the in-plane voxel of {tap_spacing:.3g} "
            "mm: give it in mm"
        )
    return profile


def _width(text: str, whole: str) -> float:
    """The width in mm that ``text``, a part of ``whole``, stands for."""
    try:
        width = float(text)
    except ValueError:
        raise InputError(f"the width in {whole!r} is not a number: give it in mm, as in gaussian:4.5") from None
    if not 0 < width <= WIDEST:
        raise InputError(f"the width in {whole!r} is not between 0 and {WIDEST:g} mm: give the slice thickness")
    with _naming(repr(whole)):
        return checked_width(width)


def _columns(path: PathLike) -> tuple[FloatArray, FloatArray]:
    """The offsets and weights in a table, in the order of its rows."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(LARGEST_TABLE + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"the profile {path} cannot be read ({reason}): give a text table") from error
    if len(text) > LARGEST_TABLE:
        raise InputError(f"{path} is far too long for a profile table: give one row a tap")
    lines = [line.split("\t") for line in text.splitlines() if line.strip()]
    names = [name.strip() for name in lines[0]] if lines else []
    if not set(COLUMNS) <= set(names):
        raise InputError(f"{path} is no profile table: its first line must be the column names offset_mm and weight")
    if len(lines) == 1:
        raise InputError(f"the profile {path} has no taps: give one row a tap below the column names")
    values = np.array([[_number(row, names.index(column), path) for column in COLUMNS] for row in lines[1:]])
    return values[:, 0], values[:, 1]


def _number(row: list[str], column: int, path: PathLike) -> float:
    try:
        value = float(row[column])
    except (IndexError, ValueError):
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"the row {' '.join(row)[:60]!r} of {path} does not hold a finite offset_mm and weight")
    return value


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Begin the message of an InputError with the name of the table."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
