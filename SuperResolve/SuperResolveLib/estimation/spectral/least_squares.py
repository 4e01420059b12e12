r"""Nonlinear least squares by the method of Levenberg and Marquardt (Marquardt, SIAM J. Appl. Math. 1963).

The sum of squares :math:`|r(x)|^2` is minimised by steps

.. math:: (J^T J + \lambda \operatorname{diag} J^T J)\, \delta = -J^T r

with J the Jacobian of r. A prior among the residuals makes the matrix regular, so that it is factorised by Cholesky:
for some hundred residuals this takes half as long as the orthogonal factorisation that general solvers need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

FloatArray = NDArray[np.float64]

#: Damping: at first, by how much it changes, and where a step that does not help ends the search.
DAMPING, FACTOR, LARGEST = 1e-3, 10.0, 1e8
#: A step that changes the sum of squares by less than this fraction is the last; so small that rounding does not tell.
TOLERANCE = 1e-6


class Minimum(NamedTuple):
    """Where the sum of squares is least, shape (parameters,), the residuals there, and J^T J there."""

    values: FloatArray
    residuals: FloatArray
    normal: FloatArray


def minimise(
    residual: Callable[[FloatArray], FloatArray], jacobian: Callable[[FloatArray], FloatArray], start: FloatArray
) -> Minimum:
    """Minimise a sum of squares.

    Args:
        residual: r at some values of the parameters, shape (residuals,).
        jacobian: J there, shape (residuals, parameters); of full rank.
        start: the values to start from.
    """
    values, residuals, damping = start, residual(start), DAMPING
    while True:
        slopes = jacobian(values)
        normal, gradient = slopes.T @ slopes, slopes.T @ residuals
        squares = float(residuals @ residuals)
        while True:
            damped = normal + np.diag(damping * np.diag(normal))
            step = cho_solve(cho_factor(damped, check_finite=False), -gradient, check_finite=False)
            tried = residual(values + step)
            gain = squares - float(tried @ tried)
            if gain >= 0:
                break
            damping *= FACTOR
            if damping > LARGEST:
                return Minimum(values, residuals, normal)
        values, residuals, damping = values + step, tried, damping / FACTOR
        if gain <= TOLERANCE * squares:
            slopes = jacobian(values)
            return Minimum(values, residuals, slopes.T @ slopes)
