"""A volume that belongs to a scan, stored as the scan is: the same axes, directions and in-plane voxels.

What was made from a scan, or drawn on it, comes back from other programs with its axes permuted or reversed, or cropped
to what is in it. None of this changes where a voxel is, and all of it is undone here without interpolation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .geometry import SliceGeometry
from .volume import Volume

#: How far voxels may lie from the scan's, in voxels: as far as headers in single precision round.
LARGEST_SHIFT = 0.05


def in_scan_order(volume: Volume, scan: Volume, geometry: SliceGeometry, name: str) -> Volume:
    """The volume with its axes in the order and direction of the scan's; its planes stay its own.

    Args:
        volume: planes parallel to the scan's slices, with the scan's in-plane voxels or a whole number of them more or
            fewer on any side.
        scan: the scan.
        geometry: of the scan.
        name: what messages call the volume.

    Raises:
        InputError: its planes are not parallel to the slices, or its in-plane voxels are not the scan's.
    """
    turned = _turned(volume, scan, name)
    steps = np.linalg.inv(scan.affine) @ turned.affine
    through, in_plane = geometry.axis, list(geometry.in_plane_axes)
    oblique = steps[:3, :3] - np.diag(np.diag(steps))[:3, :3]
    if np.max(np.abs(oblique) @ turned.shape) > LARGEST_SHIFT:
        raise InputError(
            f"the planes of {name} are not parallel to the scan's slices, or turned in plane: resample it to the "
            "scan's axes"
        )
    start = steps[:3, 3][in_plane]
    end = start + (np.diag(steps)[in_plane] - 1) * np.array(turned.shape)[in_plane]
    if np.max(np.abs([start - np.rint(start), end - np.rint(start)])) > LARGEST_SHIFT:
        sizes = " x ".join(f"{turned.spacing[axis]:.4g}" for axis in in_plane)
        wanted = " x ".join(f"{scan.spacing[axis]:.4g}" for axis in in_plane)
        raise InputError(
            f"the in-plane voxels of {name} ({sizes} mm) are not those of the scan ({wanted} mm) or lie between them: "
            "resample it to the scan's in-plane voxels"
        )
    if np.diag(steps)[through] > 1 + LARGEST_SHIFT / turned.shape[through]:
        raise InputError(f"the planes of {name} lie farther apart than the scan's slices: give a volume of thin planes")
    return turned


def on_in_plane_voxels(
    volume: Volume, scan: Volume, geometry: SliceGeometry, name: str, outside: float | None
) -> NDArray[np.float32]:
    """The voxels of a volume in the scan's order, cropped or padded in plane to the scan's.

    Args:
        volume: as :func:`in_scan_order` gives it.
        scan: the scan.
        geometry: of the scan.
        name: what messages call the volume.
        outside: the value of voxels that the volume does not have; ``None`` if there must be none.

    Raises:
        InputError: the volume does not have all of the scan's in-plane voxels, and must.
    """
    start = np.rint((np.linalg.inv(scan.affine) @ volume.affine)[:3, 3]).astype(int)
    data = volume.data
    for axis in geometry.in_plane_axes:
        first, size = -int(start[axis]), scan.shape[axis]
        if outside is None and (first < 0 or first + size > volume.shape[axis]):
            raise InputError(f"{name} does not cover the scan in plane: give a volume that does")
        data = part_along(data, axis, first, size, outside or 0.0)
    return data


def plane_positions(volume: Volume, scan: Volume, geometry: SliceGeometry) -> NDArray[np.float64]:
    """The planes of a volume in the scan's order, in slice coordinates, ascending; shape (planes,)."""
    steps = np.linalg.inv(scan.affine) @ volume.affine
    axis = geometry.axis
    return np.asarray(steps[axis, 3] + steps[axis, axis] * np.arange(volume.shape[axis]))


def part_along(data: NDArray[np.float32], axis: int, first: int, size: int, outside: float) -> NDArray[np.float32]:
    """The voxels ``first`` to ``first + size`` along an axis, those beyond the array with the value ``outside``."""
    count = data.shape[axis]
    if (first, size) == (0, count):
        return data
    low, high = min(max(first, 0), count), min(max(first + size, 0), count)
    before = min(max(-first, 0), size)
    width = [(0, 0)] * 3
    width[axis] = (before, size - (high - low) - before)
    return np.pad(np.take(data, range(low, high), axis), width, constant_values=outside)


def _turned(volume: Volume, scan: Volume, name: str) -> Volume:
    """The volume with its axes permuted and reversed to run as nearly as they can along the scan's."""
    directions = [each.affine[:3, :3] / each.spacing for each in (scan, volume)]
    cosines = directions[0].T @ directions[1]
    order = [int(axis) for axis in np.argmax(np.abs(cosines), axis=1)]
    if sorted(order) != [0, 1, 2]:
        raise InputError(f"the planes of {name} are not parallel to the scan's slices: resample it to the scan's axes")
    data, affine = volume.data.transpose(order), volume.affine[:, [*order, 3]].copy()
    for axis in range(3):
        if cosines[axis, order[axis]] < 0:
            data = np.flip(data, axis)
            affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
            affine[:3, axis] *= -1
    return replace(volume, data=np.ascontiguousarray(data), affine=affine)
