"""The trained network applied to a scan: to through-plane images of both orientations, seen upside down as well."""

from __future__ import annotations

import torch

from ...device import choose_device, reproducible
from ...networks.gated_edsr import GatedEDSR
from ...physics.problem import Problem
from ...progress import ProgressCallback, parts_of
from ..method import MethodSettings, Restoration
from .answer import Answer, normalised
from .told import fine_grid_of, network_for
from .views import plain_views


def restore(network: GatedEDSR, problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> Restoration:
    """The mean over views of what the network adds to Tikhonov's inverse, on the planes of the answer."""
    device = choose_device(settings.device)
    stack, low, scale = normalised(problem)
    answer, fine_grid, positions = (
        Answer(problem, settings.combine, low, scale),
        fine_grid_of(problem),
        problem.grid.positions,
    )
    views = plain_views(fine_grid, len(stack), positions)
    geometry = problem.stack.geometry
    network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]  # in no stub
    with reproducible(settings.seed):
        for view, told in zip(views, parts_of(progress, len(views)), strict=True):
            ratio = geometry.slice_spacing / geometry.in_plane_spacing[view.orientation]
            of_view = network_for(network, fine_grid, ratio)
            for part, planes in view.parts(of_view, fine_grid, stack, positions, told):
                answer.add(view, answer.place(part), answer.scaled(planes), 1 / len(views))
    return Restoration(answer.combined())
