"""Reading and writing profile tables, and profiles given as text such as ``gaussian:4.5``.

A profile table is a text file with the columns ``offset_mm`` and ``weight``, separated by tabs, and a row for each tap.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..physics.profile import SliceProfile
from .files import PathLike, write_whole

FloatArray = NDArray[np.float64]

COLUMNS = ("offset_mm", "weight")
#: The largest width in mm that is accepted; no slice is as thick, so that a larger one must be a typing error.
WIDEST = 100.0

_SHAPES: dict[str, Callable[[float, float], SliceProfile]] = {
    "gaussian": SliceProfile.gaussian,
    "rect": SliceProfile.rect,
}


def read_profile(path: PathLike, tap_spacing: float = 1.0) -> SliceProfile:
    """Read the profile in a table.

    Rows may be in any order, and weights may have any positive sum. One row must have offset 0, the slice centre; if it
    is not the middle one, zeros are added on one side until it is.

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
    tap_spacing = (offsets[-1] - offsets[0]) / (offsets.size - 1) if offsets.size > 1 else tap_spacing
    if tap_spacing <= 0 or np.abs(np.diff(offsets) - tap_spacing).max(initial=0.0) > 0.01 * tap_spacing:
        raise InputError(f"the offsets in {name} are not evenly spaced: give one row a tap, at equal distances")
    index = offsets / tap_spacing
    taps = np.round(index).astype(int)
    if np.abs(index - taps).max() > 0.1 or 0 not in taps:
        raise InputError(f"no row of {name} has offset_mm 0, the slice centre: shift its offsets")
    edge = int(np.abs(taps).max())
    centred = np.zeros(2 * edge + 1)
    centred[taps + edge] = weights
    try:
        return SliceProfile(centred, float(tap_spacing))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


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
        tap_spacing: distance between taps in mm for a shape, and for a table with a single row.

    Raises:
        InputError: the text stands for no profile, or the table cannot be used.
    """
    kind, colon, width = text.partition(":")
    if colon and kind.strip().lower() in _SHAPES:
        return _SHAPES[kind.strip().lower()](_width(width, text), tap_spacing)
    if not os.path.exists(text):
        raise InputError(f"{text!r} is no profile: give gaussian:MM, rect:MM, or the path of a profile table (.tsv)")
    return read_profile(text, tap_spacing)


def _width(text: str, whole: str) -> float:
    """The width in mm that ``text``, a part of ``whole``, stands for."""
    try:
        width = float(text)
    except ValueError:
        raise InputError(f"the width in {whole!r} is not a number: give it in mm, as in gaussian:4.5") from None
    if not 0 < width <= WIDEST:
        raise InputError(f"the width in {whole!r} is not between 0 and {WIDEST:g} mm: give the slice thickness")
    return width


def _columns(path: PathLike) -> tuple[FloatArray, FloatArray]:
    """The offsets and weights in a table, in the order of its rows."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [line.rstrip("\r\n").split("\t") for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"the profile {path} cannot be read ({reason}): give a text table") from error
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
        raise InputError(f"the row {' '.join(row)!r} of {path} does not hold a finite offset_mm and weight")
    return value
