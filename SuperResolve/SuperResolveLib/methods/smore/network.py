"""The network of a problem, between the scan's slices and their fine grid."""

from __future__ import annotations

from ...networks.backbone import Backbone
from ...networks.slice_to_planes import SliceToPlanes
from ...physics.fine_grid import MARGIN, FineGrid
from ..problem import Problem
from ..tikhonov import noise_damping


def fine_grid_of(problem: Problem) -> FineGrid:
    """The fine grid that meets the planes of the answer."""
    geometry = problem.geometry
    return FineGrid.meeting(
        problem.grid.positions,
        problem.profile,
        geometry.slice_spacing,
        geometry.in_plane_voxel,
        noise_damping(problem),
        geometry.slice_count,
    )


def network_on(fine_grid: FineGrid, backbone: Backbone) -> SliceToPlanes:
    """The network from slices to that fine grid; as long as the backbone adds nothing, Tikhonov's inverse."""
    return SliceToPlanes(backbone, fine_grid.inverse, fine_grid.factor, MARGIN, fine_grid.shown)
