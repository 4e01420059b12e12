"""Banded linear algebra: the matrices along the through-plane axis are zero far from a diagonal.

A slice sees the planes around it, and an inverse forgets those far away. Work on what is left grows in proportion to
the number of slices.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solveh_banded

FloatArray = NDArray[np.floating]

#: Rows that are solved, or multiplied, at once.
BLOCK = 64
#: What an inverse holds of a slice farther away than this much of its largest weight is left out.
NEGLIGIBLE = 1e-10


def gram(matrix: FloatArray) -> sparse.csr_array:
    """The matrix M Mᵀ of a matrix M, sparse."""
    rows = sparse.csr_array(matrix)
    return sparse.csr_array(rows @ rows.T)


def solve(system: sparse.csr_array, right: FloatArray) -> FloatArray:
    r"""Solve the symmetric, positive definite, banded system :math:`G X = B`.

    The columns of B that lie side by side are solved together, on a window of G around what they hold. The window grows
    until the solution has faded to :data:`NEGLIGIBLE` at its edges; beyond them it is zero.

    Args:
        system: G, shape (n, n).
        right: B, shape (n, columns), its non-zeros in a band too.

    Returns:
        X, shape (n, columns).

    Raises:
        LinAlgError: G is not positive definite to rounding.
    """
    bands = _bands(system)
    solution = np.zeros(right.shape)
    for start in range(0, right.shape[1], BLOCK):
        columns = slice(start, min(start + BLOCK, right.shape[1]))
        held = np.flatnonzero(np.any(right[:, columns] != 0, axis=1))
        first, last = (int(held[0]), int(held[-1]) + 1) if held.size else (0, 0)
        margin = max(8 * len(bands), last - first)
        while True:
            window = slice(max(0, first - margin), min(len(right), last + margin))
            found = solveh_banded(bands[:, window], right[window, columns], check_finite=False)
            if _faded(found, window, len(right), len(bands)):
                break
            margin *= 2
        solution[window, columns] = np.where(np.abs(found) > NEGLIGIBLE * np.abs(found).max(initial=0.0), found, 0.0)
    return solution


def blocks(matrix: FloatArray) -> Iterator[tuple[slice, slice]]:
    """Rows of a matrix, some at a time, and the columns in which they are not zero; all at once if that is most."""
    rows, columns = matrix.shape
    spans = [_span(matrix[start : start + BLOCK]) for start in range(0, rows, BLOCK)]
    if 2 * sum(span.stop - span.start for span in spans) > columns * len(spans):
        yield slice(0, rows), slice(0, columns)
        return
    for start, span in zip(range(0, rows, BLOCK), spans, strict=True):
        yield slice(start, min(start + BLOCK, rows)), span


def _span(rows: FloatArray) -> slice:
    """The columns from the first to the last that are not zero."""
    held = np.flatnonzero(np.any(rows != 0, axis=0))
    return slice(int(held[0]), int(held[-1]) + 1) if held.size else slice(0, 0)


def _bands(system: sparse.csr_array) -> FloatArray:
    """The diagonals of a symmetric matrix, the main one last, as LAPACK has them."""
    entries = sparse.coo_array(system)
    row, column = entries.coords
    width = int(np.max(np.abs(row - column), initial=0))
    upper = row <= column
    bands = np.zeros((width + 1, system.shape[0]))
    bands[width + row[upper] - column[upper], column[upper]] = entries.data[upper]
    return bands


def _faded(found: FloatArray, window: slice, size: int, width: int) -> bool:
    """Whether a solution on a window has faded at those of its edges that are no edges of the whole."""
    edges = ([found[:width]] if window.start > 0 else []) + ([found[-width:]] if window.stop < size else [])
    limit = NEGLIGIBLE * float(np.abs(found).max(initial=0.0))
    return all(float(np.abs(edge).max(initial=0.0)) <= limit for edge in edges)
