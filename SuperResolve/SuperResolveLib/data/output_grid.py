"""The output grid: the planes along the through-plane axis on which a result lies.

Plane positions are in *slice coordinates*, which count slices along the through-plane axis: slice k is centred on k,
and the field of view of n slices reaches from -1/2 to n - 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .geometry import SliceGeometry
from .volume import Volume

#: The farthest that planes may lie beyond the outermost slice centres, in slice spacings.
FARTHEST_BEYOND = 2
#: The finest that the planes may be spaced, as a fraction 1 / FINEST of the slice spacing.
FINEST = 100
#: How far from parallel to the slices planes may lie at their corners, in in-plane voxels.
LARGEST_OBLIQUITY = 0.05


@dataclass(frozen=True)
class OutputGrid:
    """The planes on which a result lies.

    Attributes:
        positions: plane centres in slice coordinates, evenly spaced, ascending, shape (planes,).
        spacing: distance between planes in mm.
        affine: voxel index to RAS mm of the result, shape (4, 4).
    """

    positions: NDArray[np.floating]
    spacing: float
    affine: NDArray[np.float64]


def output_grid(
    scan: Volume, geometry: SliceGeometry, spacing: float | None = None, like: Volume | None = None
) -> OutputGrid:
    """Lay planes through the scan's field of view, or take over those of another volume.

    Args:
        scan: the scan.
        geometry: its geometry.
        spacing: distance between planes in mm; the in-plane voxel size by default.
        like: a volume whose planes are taken instead; they must be parallel to the slices.

    Raises:
        InputError: ``spacing`` is coarser or very much finer than the slices, or ``like`` does not span the scan.
    """
    if like is not None:
        positions = _planes_of(like, scan, geometry)
    else:
        positions = _planes_through(geometry, geometry.in_plane_voxel if spacing is None else spacing)
    step_in_slices = float(positions[1] - positions[0])
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, geometry.axis] * positions[0]
    affine[:3, geometry.axis] *= step_in_slices
    return OutputGrid(positions, step_in_slices * geometry.slice_spacing, affine)


def _planes_through(geometry: SliceGeometry, spacing: float) -> NDArray[np.floating]:
    """Planes ``spacing`` mm apart that share the middle of the scan's field of view.

    With n slices a distance s apart and plane spacing d, there are m = round(n s / d) planes at slice coordinates
    (n - 1)/2 + (j - (m - 1)/2) d/s for j = 0..m-1. Where n s / d is not whole, the ends of the field of view move by
    less than half a plane spacing.
    """
    if not geometry.slice_spacing / FINEST <= spacing <= geometry.slice_spacing * (1 + 1e-6):
        raise InputError(
            f"an output spacing of {spacing:g} mm is not between the slice spacing of {geometry.slice_spacing:g} mm "
            f"and a hundredth of it: choose another output spacing"
        )
    count = round(geometry.slice_count * geometry.slice_spacing / spacing)
    centred = np.arange(count) - (count - 1) / 2
    return (geometry.slice_count - 1) / 2 + centred * spacing / geometry.slice_spacing


def _planes_of(like: Volume, scan: Volume, geometry: SliceGeometry) -> NDArray[np.floating]:
    """Plane centres of ``like`` in the scan's slice coordinates, ascending."""
    like_to_scan = np.linalg.inv(scan.affine) @ like.affine
    steps = like_to_scan[geometry.axis, :3]
    axis = int(np.argmax(np.abs(steps)))
    others = np.delete(steps, axis)
    obliquity = np.max(np.abs(others) * np.delete(like.shape, axis))
    if obliquity > LARGEST_OBLIQUITY * geometry.in_plane_voxel / geometry.slice_spacing:
        raise InputError("the planes of --like are not parallel to the scan's slices: resample it to the scan's axes")
    positions = like_to_scan[geometry.axis, 3] + steps[axis] * np.arange(like.shape[axis])
    positions = np.sort(positions)
    step = positions[1] - positions[0] if positions.size > 1 else 0.0
    if not 0 < step <= 1 or positions[0] > 0.501 or positions[-1] < geometry.slice_count - 1.501:
        raise InputError(
            "the planes of --like do not cover the scan's slices, or lie farther apart than they: "
            "give a volume with thinner planes that spans the whole scan"
        )
    if positions[0] < -FARTHEST_BEYOND or positions[-1] > geometry.slice_count - 1 + FARTHEST_BEYOND:
        raise InputError(
            f"the planes of --like reach more than {FARTHEST_BEYOND} slice spacings beyond the scan, where nothing is "
            "known: crop it to the scan"
        )
    return positions
