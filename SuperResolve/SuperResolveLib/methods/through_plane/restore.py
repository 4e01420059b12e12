"""The trained network applied to a scan: to through-plane images of both orientations, seen upside down as well."""

from __future__ import annotations

from ...physics.problem import Problem
from ...progress import ProgressCallback, parts_of
from ..method import MethodSettings, Restoration
from .adding_network import AddingNetwork, Convolutions
from .answer import Answer, normalised
from .told import fine_grid_of, told
from .views import plain_views


def restore(
    convolutions: Convolutions, problem: Problem, settings: MethodSettings, progress: ProgressCallback
) -> Restoration:
    """The mean over views of what the network adds to Tikhonov's inverse, on the planes of the answer."""
    stack, low, scale = normalised(problem)
    answer, fine_grid, positions = (
        Answer(problem, settings.combine, low, scale),
        fine_grid_of(problem),
        problem.grid.positions,
    )
    views = plain_views(fine_grid, len(stack), positions)
    geometry = problem.stack.geometry
    for view, progress_of_view in zip(views, parts_of(progress, len(views)), strict=True):
        ratio = geometry.slice_spacing / geometry.in_plane_spacing[view.orientation]
        acquisition = told(ratio, fine_grid.profile, fine_grid.slice_spacing, fine_grid.damping)
        network = AddingNetwork(convolutions, acquisition, fine_grid, len(stack))
        for part, planes in view.parts(network, fine_grid, stack, positions, progress_of_view):
            answer.add(view, answer.place(part), answer.scaled(planes), 1 / len(views))
    return Restoration(answer.combined())
