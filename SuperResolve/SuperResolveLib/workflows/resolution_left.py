"""What super-resolution gained: the resolution left in the scan interpolated, beside that left in the result.

A scan's own number is its slice thickness, and a result's is how much worse its through-plane axis still is than in
plane. Only volumes on the same planes are measured alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..data.geometry import AXIS_NAMES, SliceGeometry
from ..data.output_grid import output_grid
from ..data.volume import Volume
from ..estimation.registry import ESTIMATORS, chosen
from ..estimation.result import EstimatedProfile
from ..physics.acquisition import along
from ..physics.degradation import spline_reading
from ..progress import ProgressCallback, part_of, silent
from ..registry import AUTO
from .estimate import measure_resolution

#: About so many voxels are enough to measure: of a larger volume the middle is taken, in plane.
VOXELS = 4_000_000


@dataclass(frozen=True)
class ResolutionLeft:
    """The relative profiles left along the through-plane axis, measured alike.

    Attributes:
        interpolated: of the scan, interpolated by cubic B-splines on the planes of the result.
        result: of the result.
    """

    interpolated: EstimatedProfile
    result: EstimatedProfile


def resolution_left(
    scan: Volume,
    result: Volume,
    geometry: SliceGeometry,
    acquired_resolution: Sequence[float] = (),
    progress: ProgressCallback = silent,
) -> ResolutionLeft:
    """Measure a result, and the scan interpolated on its planes, by the same measure.

    Args:
        scan: the scan.
        result: what was made of it, on its in-plane voxels.
        geometry: of the scan.
        acquired_resolution: as in :func:`~SuperResolveLib.workflows.estimate.measure_resolution`.
        progress: receives how far it is.

    Raises:
        InputError: the result is not on the scan's in-plane voxels, or cannot be measured.
    """
    grid = output_grid(scan, geometry, None, result)
    matrix = spline_reading(geometry.slice_count, grid.positions)
    interpolated = Volume(along(matrix, scan.data, geometry.axis), grid.affine)

    def left(volume: Volume, start: float) -> EstimatedProfile:
        return measure_resolution(
            _middle(volume, geometry),
            axis=AXIS_NAMES[geometry.axis],
            acquired_resolution=acquired_resolution,
            progress=part_of(progress, start, start + 0.5),
        )

    return ResolutionLeft(left(interpolated, 0.0), left(result, 0.5))


def share_of_run(cost: float) -> float:
    """The share of super-resolving, which costs so much, in a run that also measures what is left."""
    return cost / (cost + 2 * ESTIMATORS.info(chosen(AUTO)).cost)


def _middle(volume: Volume, geometry: SliceGeometry) -> Volume:
    """The middle of a volume in plane, of about :data:`VOXELS` voxels."""
    part = min(1.0, (VOXELS / volume.data.size) ** 0.5)
    crop = [slice(None)] * 3
    for axis in geometry.in_plane_axes:
        size = round(part * volume.shape[axis])
        start = (volume.shape[axis] - size) // 2
        crop[axis] = slice(start, start + size)
    return replace(volume, data=volume.data[tuple(crop)], warnings=())
