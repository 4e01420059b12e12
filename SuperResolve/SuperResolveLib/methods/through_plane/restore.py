"""The trained network applied to a scan: to through-plane images of both orientations, seen upside down as well."""

from __future__ import annotations

from ...physics.problem import Problem
from ...progress import ProgressCallback, part_of, parts_of
from ..method import MethodSettings, Restoration
from .adding_network import AddingNetwork, Convolutions
from .answer import Answer, normalised
from .members import Members
from .told import fine_grid_of, told
from .views import View, plain_views


def restore(
    convolutions: Convolutions, problem: Problem, settings: MethodSettings, progress: ProgressCallback
) -> Restoration:
    """The mean over views of what the network adds to Tikhonov's inverse, on the planes of the answer.

    With ``settings.uncertainty``, the views are the members of an ensemble, each with the error that the network
    expects of itself.
    """
    stack, low, scale = normalised(problem)
    answer = Answer(problem, settings.combine, low, scale)
    fine_grid, positions, geometry = fine_grid_of(problem), problem.grid.positions, problem.stack.geometry
    views = plain_views(fine_grid, len(stack), positions)

    def network_for(view: View) -> AddingNetwork:
        ratio = geometry.slice_spacing / geometry.in_plane_spacing[view.orientation]
        acquisition = told(ratio, fine_grid.profile, fine_grid.slice_spacing, fine_grid.damping)
        return AddingNetwork(convolutions, acquisition, fine_grid, len(stack), settings.uncertainty)

    if settings.uncertainty:
        members = Members(problem, fine_grid, stack, answer, settings.combine, len(views), of_consistent=True)
        members.add(network_for, views, part_of(progress, 0.0, 0.98))
        return members.finish()
    for view, progress_of_view in zip(views, parts_of(progress, len(views)), strict=True):
        for part, planes in view.parts(network_for(view), fine_grid, stack, positions, progress_of_view):
            answer.add(view, answer.place(part), answer.scaled(planes), 1 / len(views))
    return Restoration(answer.combined())
