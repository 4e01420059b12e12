"""Reading planes off those that a network made of slices, so many of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .degradation import cubic_reading

FloatArray = NDArray[np.floating]


def fine_reading(slices: int, factor: int, lead: float, positions: FloatArray) -> FloatArray:
    """The matrix that reads ``positions`` (slice coordinates) off fine planes by cubic convolution.

    Slice k has the fine planes at k + (j - lead) / factor for j = 0 to factor - 1. Positions on a fine plane take it;
    beyond the first and last the outermost is taken. Shape (positions, slices factor), rows summing to 1.
    """
    matrix = cubic_reading(slices * factor, np.asarray(positions) * factor + lead)
    matrix[np.abs(matrix) < 1e-9] = 0.0
    return matrix / matrix.sum(axis=1, keepdims=True)
