"""Cubic B-spline interpolation between the slices: the reference that uses no profile (Unser 1999)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from ..physics.acquisition import along
from ..progress import ProgressCallback
from .problem import MethodSettings, Problem


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> NDArray[np.float32]:
    """The interpolating cubic spline through the slices, read at the planes; constant beyond the outer slices'
    centres.
    """
    progress(0.0, "interpolating")
    count = problem.geometry.slice_count
    spline = make_interp_spline(np.arange(count), np.eye(count), k=3)
    matrix = spline(np.clip(problem.grid.positions, 0, count - 1))
    return along(matrix, problem.slices, problem.geometry.axis)
