"""The resolution left through plane, before and after super-resolution, measured alike.

The slice profile of a scan tells how thick its slices are. That figure cannot be compared with one measured in a
result, which tells how much worse the result still is through plane than in plane, interpolation and all. So the scan
is interpolated to the planes of the result first, and both volumes are measured in the same way
(:func:`~SuperResolveLib.workflows.estimate.measure_resolution`). A figure of one in-plane voxel is as good as in plane.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..data.geometry import AXIS_NAMES, AxisName, SliceGeometry, scan_geometry
from ..data.output_grid import output_grid
from ..data.volume import Volume
from ..errors import InputError
from ..estimation.result import EstimatedProfile
from ..physics.acquisition import along
from ..physics.degradation import spline_reading
from ..progress import ProgressCallback, part_of, silent
from .estimate import measure_resolution

#: Volumes are compared in their middle, on no more voxels than this along an in-plane axis: enough for the figures, and
#: large volumes take no longer.
WIDEST = 256


@dataclass(frozen=True)
class ResolutionChange:
    """The relative profile left through plane.

    Attributes:
        interpolated: in the scan, interpolated by cubic B-splines to the planes of the result.
        result: in the result.
    """

    interpolated: EstimatedProfile
    result: EstimatedProfile


def resolution_change(
    scan: Volume, result: Volume, axis: AxisName = "auto", progress: ProgressCallback = silent
) -> ResolutionChange:
    """Measure a scan, interpolated to the planes of a result, and the result.

    Args:
        scan: the scan that was super-resolved.
        result: the volume that was made from it, on the scan's in-plane voxels.
        axis: the scan's through-plane axis; ``"auto"`` takes the one with the largest spacing.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the result is not on the scan's in-plane voxels, or one of the two cannot be measured.
        Cancelled: raised by ``progress``.
    """
    progress = part_of(progress)
    geometry = scan_geometry(scan, axis)
    if any(scan.shape[other] != result.shape[other] for other in geometry.in_plane_axes):
        raise InputError(
            "the result does not have the scan's in-plane voxels: give the scan that it was made from, with its axes "
            "in the same order"
        )
    middle = _middle(result, geometry)
    volumes = (_interpolated(_middle(scan, geometry), geometry, middle), middle)
    name = AXIS_NAMES[geometry.axis]
    before, after = (
        measure_resolution(volume, axis=name, progress=part_of(progress, start, start + 0.5))
        for volume, start in zip(volumes, (0.0, 0.5), strict=True)
    )
    return ResolutionChange(before, after)


def left_after_interpolation(
    scan: Volume, axis: AxisName = "auto", progress: ProgressCallback = silent
) -> EstimatedProfile:
    """The relative profile left in a scan that is interpolated by cubic B-splines to isotropic voxels.

    Arguments and errors are those of :func:`resolution_change`.
    """
    geometry = scan_geometry(scan, axis)
    volume = _interpolated(_middle(scan, geometry), geometry, None)
    return measure_resolution(volume, axis=AXIS_NAMES[geometry.axis], progress=progress)


def _interpolated(scan: Volume, geometry: SliceGeometry, like: Volume | None) -> Volume:
    """The spline through the slices, on the planes of ``like`` or on isotropic voxels."""
    grid = output_grid(scan, geometry, like=like)
    matrix = spline_reading(geometry.slice_count, grid.positions)
    return scan.on_grid(along(matrix, scan.data, geometry.axis), grid.affine)


def _middle(volume: Volume, geometry: SliceGeometry) -> Volume:
    """The part of a volume that is compared: whole along the through-plane axis."""
    cut, affine = [slice(None)] * 3, volume.affine.copy()
    for axis in geometry.in_plane_axes:
        first = max(0, (volume.shape[axis] - WIDEST) // 2)
        cut[axis] = slice(first, first + WIDEST)
        affine[:3, 3] += first * volume.affine[:3, axis]
    return Volume(volume.data[tuple(cut)], affine)
