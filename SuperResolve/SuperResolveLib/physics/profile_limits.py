"""Limits between which the numbers of a slice profile are plausible; beyond them a unit was mistaken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

#: Widths and distances between taps in mm: somewhat less than the finest voxels, and as much as a hand is wide.
NARROWEST, WIDEST = 0.009, 100.0
#: Sums of weights that can be scaled to 1 without losing digits.
SMALLEST_SUM, LARGEST_SUM = 1e-12, 1e12


def checked_sum(weights: NDArray[np.float64]) -> float:
    """The sum of weights that are finite, not negative, and not all zero.

    Raises:
        InputError: it is nearly zero or far too large.
    """
    total = sum(weights.tolist())  # numpy warns where this overflows
    if not SMALLEST_SUM <= total <= LARGEST_SUM:
        raise InputError(f"a slice profile's weights sum to {total:.3g}: scale them so that they sum to about 1")
    return total


def check_tap_spacing(tap_spacing: float) -> None:
    """Refuse taps that are implausibly close or far apart.

    Raises:
        InputError: their distance is not a plausible number of mm.
    """
    if not NARROWEST <= tap_spacing <= WIDEST:
        raise InputError(f"the distance between a slice profile's taps is {_not_plausible(tap_spacing)}")


def checked_width(width_mm: float) -> float:
    """A width in mm.

    Raises:
        InputError: it is not a plausible number of mm.
    """
    if not NARROWEST <= width_mm <= WIDEST:
        raise InputError(f"a slice profile's width is {_not_plausible(width_mm)}")
    return float(width_mm)


def _not_plausible(length: float) -> str:
    return f"{length:.4g} mm, where {NARROWEST:g} to {WIDEST:g} mm are plausible: give it in mm"
