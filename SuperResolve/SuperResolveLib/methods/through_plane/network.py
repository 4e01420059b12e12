"""Networks of torch between slices and their fine grid."""

from __future__ import annotations

from ...networks.backbone import Backbone
from ...networks.gated_edsr import GatedEDSR
from ...networks.slice_to_planes import SliceToPlanes
from ...physics.fine_grid import MARGIN, FineGrid
from ...physics.problem import Problem
from .told import told


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


def network_for(network: GatedEDSR, fine_grid: FineGrid, ratio: float, in_bfloat16: bool = False) -> SliceToPlanes:
    """The network between slices and that fine grid, for through-plane images of that ratio of spacing to pixel."""
    acquisition = told(ratio, fine_grid.profile, fine_grid.slice_spacing, fine_grid.damping)
    return network_on(fine_grid, network.at(acquisition, in_bfloat16))
