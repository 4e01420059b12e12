"""The noise level of a scan, estimated from its voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from .content import content_of
from .geometry import SliceGeometry
from .in_plane_resolution import in_plane_resolution, on_acquired_grid
from .volume import Volume

#: Voxels along the sides of the windows in which detail is averaged, and the quantile of these means that is taken to
#: be noise alone: for white noise of unit variance it is that.
WINDOW = 7
FLATTEST = 0.1
FLATTEST_OF_NOISE = 0.5865


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
    r"""Estimate the standard deviation of white noise from the in-plane detail of the flattest tissue.

    The detail is what the filter (1, -2, 1) along both in-plane axes leaves, divided by 6, so that white noise keeps
    its standard deviation and what is linear along either axis vanishes (Immerkaer, CVIU 1996). Anatomy has detail as
    fine as noise has, but not everywhere: the estimate is a low quantile of the mean square detail over windows that
    lie in tissue whole, over what this quantile is for noise of unit variance. Where no window lies in tissue, it is
    the median detail of tissue divided by 0.6745 (Donoho and Johnstone, Biometrika 1994). It is at least 1e-4 of the
    intensity range (1st to 99th percentile), since a simulation may have no noise.

    Args:
        data: intensities, three axes.
        through_plane_axis: the axis that the filter leaves out.
    """
    low, high = np.percentile(data, (1, 99))
    floor = 1e-4 * float(high - low if high > low else np.ptp(data))
    in_windows, alone = [], []
    for one in np.moveaxis(data, through_plane_axis, 0):
        tissue = one[1:-1, 1:-1] > low + 0.1 * (high - low)
        squares = (_curvature(_curvature(one, 0), 1) / 6) ** 2
        if min(squares.shape, default=0) >= WINDOW:
            whole = uniform_filter(tissue.astype(np.float32), WINDOW, mode="constant") > 1 - 0.5 / WINDOW**2
            in_windows.append(uniform_filter(squares, WINDOW)[whole])
        alone.append(squares[tissue])
    windows, each = np.concatenate(in_windows) if in_windows else np.empty(0), np.concatenate(alone)
    if windows.size:
        return max(float(np.sqrt(np.quantile(windows, FLATTEST) / FLATTEST_OF_NOISE)), floor)
    if each.size:
        return max(float(np.sqrt(np.median(each))) / 0.6745, floor)
    return floor


def _curvature(data: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Second differences along an axis."""
    return np.diff(data, n=2, axis=axis)
