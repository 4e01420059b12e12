"""The scan as estimators see it: on the acquired in-plane resolution, normalised, one array per in-plane direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import SliceGeometry
from ..data.in_plane_resolution import in_plane_resolution, on_acquired_grid
from ..data.volume import Volume


@dataclass(frozen=True)
class Direction:
    """One in-plane direction: ``data`` has shape (along, across, slices), ``voxel`` is the step along it in mm."""

    data: NDArray[np.float32]
    voxel: float


@dataclass(frozen=True)
class Reference:
    """The two in-plane directions of a scan, to be matched with its through-plane direction.

    Attributes:
        directions: the scan seen along each in-plane axis.
        slice_spacing: in mm.
        slice_thickness: in mm, where the header tells.
        tap_spacing: distance between the taps of the profile in mm: the in-plane voxel.
        warnings: what was found in plane.
    """

    directions: tuple[Direction, Direction]
    slice_spacing: float
    slice_thickness: float | None
    tap_spacing: float
    warnings: tuple[str, ...]


def reference_of(scan: Volume, geometry: SliceGeometry) -> Reference:
    """Bring a scan to its acquired in-plane resolution and an intensity range of about 0 to 1."""
    resolution = in_plane_resolution(scan, geometry)
    counts = [scan.shape[axis] for axis in geometry.in_plane_axes]
    pairs = zip(counts, geometry.in_plane_spacing, resolution.acquired, strict=True)
    sizes = [round(count * voxel / acquired) for count, voxel, acquired in pairs]
    data = on_acquired_grid(scan.data, geometry.in_plane_axes, sizes)
    low, high = np.percentile(data, (0.5, 99.5))
    scale = high - low if high > low else np.ptp(data)
    stack = np.moveaxis((data - low) / scale, geometry.axis, 2).astype(np.float32)
    voxels = [voxel * count / size for voxel, count, size in zip(geometry.in_plane_spacing, counts, sizes, strict=True)]
    return Reference(
        (
            Direction(np.ascontiguousarray(stack), voxels[0]),
            Direction(np.ascontiguousarray(stack.transpose(1, 0, 2)), voxels[1]),
        ),
        geometry.slice_spacing,
        scan.header.slice_thickness_mm,
        geometry.in_plane_voxel,
        resolution.warnings,
    )
