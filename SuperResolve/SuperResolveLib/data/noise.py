"""The noise level of a scan, estimated from its voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .content import content_of
from .geometry import SliceGeometry
from .in_plane_resolution import in_plane_resolution, on_acquired_grid
from .volume import Volume


def scan_noise(scan: Volume, geometry: SliceGeometry) -> float:
    """Estimate the standard deviation of a scan's noise, in its intensity unit.

    The scan is first brought to its acquired in-plane resolution, since zero filling correlates the noise of
    neighbouring voxels; then :func:`noise_level` applies.
    """
    acquired, content = in_plane_resolution(scan, geometry).acquired, content_of(scan.data)
    sizes = [
        round(content.shape[axis] * voxel / size)
        for axis, voxel, size in zip(geometry.in_plane_axes, geometry.in_plane_spacing, acquired, strict=True)
    ]
    return noise_level(on_acquired_grid(content, geometry.in_plane_axes, sizes), geometry.axis)


def noise_level(data: NDArray[np.float32], through_plane_axis: int) -> float:
    """Estimate the standard deviation of white noise from the in-plane detail of voxels that hold signal.

    In every 2x2 in-plane block with rows (a, b) and (c, d), (a - b - c + d) / 2 cancels what is constant or linear and
    has the standard deviation of the noise. The estimate is the median of its absolute value over blocks brighter than
    the background, divided by 0.6745 (Donoho and Johnstone, Biometrika 1994). It is at least 1e-4 of the intensity
    range (1st to 99th percentile), since a simulation may have no noise.

    Args:
        data: intensities, three axes.
        through_plane_axis: the axis that the blocks leave out.
    """
    slices = np.moveaxis(data, through_plane_axis, 0)
    upper, lower = slices[:, :-1], slices[:, 1:]
    along, across = upper + lower, upper - lower
    brightness = (along[..., :-1] + along[..., 1:]) / 4
    low, high = np.percentile(data, (1, 99))
    detail = (across[..., :-1] - across[..., 1:])[brightness > low + 0.1 * (high - low)] / 2
    floor = 1e-4 * float(high - low if high > low else np.ptp(data))
    if detail.size == 0:
        return floor
    return max(float(np.median(np.abs(detail))) / 0.6745, floor)
