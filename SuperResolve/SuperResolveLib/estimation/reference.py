"""The scan as estimators use it: at its acquired in-plane resolution, normalised, one array per in-plane direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.content import content_within
from ..data.geometry import SliceGeometry
from ..data.in_plane_resolution import in_plane_resolution, on_acquired_grid
from ..data.volume import Volume


@dataclass(frozen=True)
class Direction:
    """The scan seen along one in-plane direction.

    Attributes:
        data: normalised intensities, shape (along the direction, across it, slices).
        voxel: voxel size along the direction in mm.
    """

    data: NDArray[np.float32]
    voxel: float


@dataclass(frozen=True)
class Reference:
    """The two in-plane directions of a scan, with which its through-plane direction is compared.

    Attributes:
        directions: the scan seen along each in-plane axis.
        slice_spacing: distance between slice centres in mm.
        slice_thickness: nominal slice thickness in mm from the header; ``None`` if it has none.
        tap_spacing: distance between the taps of the profile in mm, which is the in-plane voxel size.
        warnings: what the user should know about the in-plane resolution, a sentence each.
    """

    directions: tuple[Direction, Direction]
    slice_spacing: float
    slice_thickness: float | None
    tap_spacing: float
    warnings: tuple[str, ...]


def reference_of(scan: Volume, geometry: SliceGeometry) -> Reference:
    """Bring a scan to its acquired in-plane resolution, and its intensities to a range of about 0 to 1.

    The 0.5th percentile of the intensities becomes 0 and the 99.5th becomes 1. Empty borders are left out.

    Raises:
        InputError: fewer than 8 slices hold an image.
    """
    content = content_within(scan.data, geometry)
    resolution = in_plane_resolution(scan, geometry)
    counts = [content.shape[axis] for axis in geometry.in_plane_axes]
    pairs = zip(counts, geometry.in_plane_spacing, resolution.acquired, strict=True)
    sizes = [round(count * voxel / acquired) for count, voxel, acquired in pairs]
    data = on_acquired_grid(content, geometry.in_plane_axes, sizes)
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
