"""The network of a problem, between the scan's slices and their fine grid."""

from __future__ import annotations

from ...networks.backbone import Backbone
from ...networks.slice_to_planes import SliceToPlanes
from ...physics.fine_grid import MARGIN, FineGrid
from ...physics.problem import Problem


def fine_grid_of(problem: Problem) -> FineGrid:
    """The fine grid that meets the planes of the answer."""
    stack = problem.stack
    return FineGrid.meeting(
        problem.grid.positions,
        stack.profile,
        stack.geometry.slice_spacing,
        stack.geometry.in_plane_voxel,
        stack.tikhonov_damping(problem.grid.spacing),
        stack.geometry.slice_count,
    )


def network_on(fine_grid: FineGrid, backbone: Backbone) -> SliceToPlanes:
    """The network from slices to that fine grid; as long as the backbone adds nothing, Tikhonov's inverse."""
    return SliceToPlanes(backbone, fine_grid.inverse, fine_grid.factor, MARGIN, fine_grid.shown)
