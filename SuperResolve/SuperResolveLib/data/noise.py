"""How noisy a scan is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import SliceGeometry
from .in_plane_resolution import in_plane_resolution, on_acquired_grid
from .volume import Volume


def scan_noise(scan: Volume, geometry: SliceGeometry) -> float:
    """:func:`noise_level` of a scan on its acquired in-plane resolution, since zero filling smooths the noise."""
    acquired = in_plane_resolution(scan, geometry).acquired
    sizes = [
        round(scan.shape[axis] * voxel / size)
        for axis, voxel, size in zip(geometry.in_plane_axes, geometry.in_plane_spacing, acquired, strict=True)
    ]
    return noise_level(on_acquired_grid(scan.data, geometry.in_plane_axes, sizes), geometry.axis)


def noise_level(data: NDArray[np.float32], through_plane_axis: int) -> float:
    """Standard deviation of the noise, from the in-plane detail of voxels that hold signal.

    Half the difference between the diagonals of each 2x2 in-plane block is free of linear structure; its median
    absolute deviation over blocks above the background, divided by 0.6745, is a robust estimate (Donoho and Johnstone
    1994). At least one part in 10,000 of the intensity range, since a noise-free simulation has none.
    """
    planes = np.moveaxis(data, through_plane_axis, 0)
    rows, columns = planes.shape[1] // 2 * 2, planes.shape[2] // 2 * 2
    a, b = planes[:, 0:rows:2, 0:columns:2], planes[:, 0:rows:2, 1:columns:2]
    c, d = planes[:, 1:rows:2, 0:columns:2], planes[:, 1:rows:2, 1:columns:2]
    level = (a + b + c + d) / 4
    low, high = np.percentile(data, (1, 99))
    detail = ((a - b - c + d) / 2)[level > low + 0.1 * (high - low)]
    floor = 1e-4 * float(high - low if high > low else np.ptp(data))
    if detail.size == 0:
        return floor
    return max(float(np.median(np.abs(detail))) / 0.6745, floor)
