"""Cubic B-spline interpolation between the slices: the reference that uses no profile (Unser 1999)."""

from __future__ import annotations

from typing import ClassVar

from ..physics.acquisition import along
from ..physics.degradation import spline_reading
from ..physics.problem import Problem
from ..progress import ProgressCallback
from .method import MethodInfo, MethodSettings, Restoration


class BSpline:
    """The interpolating cubic spline through the slices, constant beyond the centres of the outer ones."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="bspline",
        title="B-spline (interpolation)",
        summary="Cubic B-spline interpolation between slices, which does not undo the profile: to compare with. "
        "Takes seconds.",
        learns_from="nothing",
        cost=0.3,
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """The spline read at the planes."""
        progress(0.0, "interpolating")
        stack = problem.stack
        matrix = spline_reading(stack.geometry.slice_count, problem.grid.positions)
        return Restoration(along(matrix, stack.slices, stack.geometry.axis))
