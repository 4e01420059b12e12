r"""The regularised least-squares inverse of the acquisition matrix: the reference that learns nothing.

:math:`x = \arg\min |A x - y|^2 + \lambda |D x|^2 = (A^T A + \lambda D^T D)^{-1} A^T y` with D first differences along
the through-plane axis (Tikhonov). For white noise of variance :math:`\sigma^2` and through-plane differences of
variance :math:`\tau^2` this is the most probable volume at :math:`\lambda = \sigma^2 / \tau^2`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..physics.acquisition import along, regularised_inverse
from ..progress import ProgressCallback
from .problem import MethodSettings, Problem

#: Below this the inverse amplifies what the profile has wiped out, whatever the noise.
SMALLEST_DAMPING = 1e-3


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> NDArray[np.float32]:
    """Tikhonov's inverse applied to every through-plane line."""
    progress(0.0, "inverting the acquisition")
    inverse = regularised_inverse(problem.matrix, noise_damping(problem))
    return along(inverse, problem.slices, problem.geometry.axis)


def noise_damping(problem: Problem) -> float:
    r""":math:`\sigma^2 / \tau^2`, with the in-plane differences of the scan standing for the through-plane ones
    sought.
    """
    variances = [
        np.mean(np.diff(problem.slices, axis=axis) ** 2) * (problem.grid.spacing / voxel) ** 2
        for axis, voxel in zip(problem.geometry.in_plane_axes, problem.geometry.in_plane_spacing, strict=True)
    ]
    return max(problem.noise**2 / max(float(np.mean(variances)), 1e-30), SMALLEST_DAMPING)
