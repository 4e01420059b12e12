r"""The regularised least-squares inverse of the acquisition operator: the reference that learns nothing.

:math:`x = \arg\min |A x - y|^2 + \lambda |D x|^2 = (A^T A + \lambda D^T D)^{-1} A^T y` with D first differences along
the through-plane axis (Tikhonov). For white noise of variance :math:`\sigma^2` and through-plane differences of
variance :math:`\tau^2` this is the most probable volume at :math:`\lambda = \sigma^2 / \tau^2`.
"""

from __future__ import annotations

from typing import ClassVar

from ..physics.problem import Problem
from ..progress import ProgressCallback
from .method import MethodInfo, MethodSettings, Restoration


class Tikhonov:
    """Tikhonov's inverse applied to every through-plane line."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="tikhonov",
        title="Tikhonov (regularised inverse)",
        summary="Regularised least-squares inverse of the acquisition. Takes seconds.",
        learns_from="nothing",
        cost=0.5,
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """The inverse at the damping that the scan's noise asks for."""
        progress(0.0, "inverting the acquisition")
        stack = problem.stack
        damping = stack.tikhonov_damping(problem.grid.spacing)
        return Restoration(stack.operator.regularised_inverse(stack.slices, damping))
