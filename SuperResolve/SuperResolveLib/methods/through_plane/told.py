r"""What the network for all scans starts from, a scan's fine grid, and what it is told of the acquisition.

It is told the ratio of slice spacing s to the pixel of the through-plane images, the profile's FWHM over s, and the
damping :math:`\lambda` of the inverse from which it starts, which tells the noise: :math:`\log_2(s/d) - 2`,
:math:`2 (w/s - 1)` and :math:`\log_{10} \lambda + 2`, all about -1 to 1.
"""

from __future__ import annotations

import math

from ...networks.gated_edsr_sizes import FACTOR
from ...physics.fine_grid import FineGrid
from ...physics.problem import Problem
from ...physics.profile import SliceProfile

#: What the network is told lies between these, however far outside its range a scan is.
FARTHEST = 2.0


def told(ratio: float, profile: SliceProfile, slice_spacing: float, damping: float) -> tuple[float, ...]:
    """What the network is told.

    Args:
        ratio: slice spacing over the pixel of the through-plane images.
        profile: of the slices.
        slice_spacing: in mm.
        damping: of the fine grid's inverse.
    """
    numbers = math.log2(ratio) - 2, 2 * (profile.fwhm_mm / slice_spacing - 1), math.log10(damping) + 2
    return tuple(min(max(number, -FARTHEST), FARTHEST) for number in numbers)


def fine_damping(damping: float, plane_spacing: float, slice_spacing: float) -> float:
    r"""The damping of the fine grid's inverse that penalises the slope of what it finds as much as on the planes.

    :math:`\lambda \sum_i (x_{i+1} - x_i)^2 \approx \lambda h \int x'^2` for planes a distance h apart.
    """
    return damping * plane_spacing * FACTOR / slice_spacing


def fine_grid_of(problem: Problem) -> FineGrid:
    """The fine grid of a scan, of ``FACTOR`` planes a slice."""
    stack, grid = problem.stack, problem.grid
    spacing = stack.geometry.slice_spacing
    return FineGrid.meeting(
        grid.positions,
        stack.profile,
        spacing,
        spacing / FACTOR,
        fine_damping(stack.tikhonov_damping(grid.spacing), grid.spacing, spacing),
        stack.geometry.slice_count,
    )
