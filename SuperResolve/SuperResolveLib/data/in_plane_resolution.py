r"""In-plane zero filling: voxels finer than the resolution that was acquired.

A scanner that fills k-space with zeros before its Fourier transform leaves a cliff in the image's spectrum, at the
acquired fraction of the Nyquist frequency, and little but noise above it. Anatomy and scanner filters fall smoothly
instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.ndimage import uniform_filter1d

from .geometry import AXIS_NAMES, SliceGeometry
from .volume import Volume

FloatArray = NDArray[np.float64]

#: How far the spectrum must fall at the cliff, beyond the slope before it, in dB.
CLIFF = 6.0
#: How steeply it may fall behind the cliff, in dB over the whole band to the Nyquist frequency.
FLOOR_SLOPE = 40.0
#: Acquired fractions of the Nyquist frequency that are looked for.
FRACTIONS = (0.3, 0.93)
_BAND, _EDGE = 0.07, 0.03
#: A resolution within this factor of the voxel is the voxel, rounded.
ROUNDING = 1.03


@dataclass(frozen=True)
class InPlaneResolution:
    """The acquired resolution along each in-plane axis, in mm, and whether the voxels are finer than that.

    Both belong to ``geometry.in_plane_axes``, in the same order.
    """

    acquired: tuple[float, float]
    zero_filled: tuple[bool, bool]
    warnings: tuple[str, ...]


def in_plane_resolution(volume: Volume, geometry: SliceGeometry) -> InPlaneResolution:
    """The acquired resolution as the user told it; else from in-plane zero filling, which is found from the spectrum,
    and which a header that tells the acquired resolution can veto.
    """
    acquired = geometry.acquired or _from_spectrum(volume, geometry)
    filled = [
        resolution > ROUNDING * voxel for resolution, voxel in zip(acquired, geometry.in_plane_spacing, strict=True)
    ]
    warnings: tuple[str, ...] = ()
    if any(filled):
        which = " and ".join(
            f"{size:.2f} mm along {AXIS_NAMES[axis]}"
            for axis, size, is_filled in zip(geometry.in_plane_axes, acquired, filled, strict=True)
            if is_filled
        )
        source = "about" if geometry.acquired is None else "given as"
        voxels = " x ".join(f"{size:.2f}" for size in geometry.in_plane_spacing)
        warnings = (
            f"in-plane zero filling: the voxels are {voxels} mm, but the acquired resolution is {source} {which}; "
            "the slice profile is relative to the acquired resolution",
        )
    return InPlaneResolution(acquired, (filled[0], filled[1]), warnings)


def _from_spectrum(volume: Volume, geometry: SliceGeometry) -> tuple[float, float]:
    """The acquired resolution along each in-plane axis in mm, as the spectrum shows it."""
    acquired = []
    for axis, voxel in zip(geometry.in_plane_axes, geometry.in_plane_spacing, strict=True):
        in_header = volume.header.acquired_spacing_mm[axis]
        vetoed = in_header is not None and in_header < ROUNDING * voxel
        acquired.append(voxel if vetoed else voxel / acquired_fraction(volume.data, axis))
    return acquired[0], acquired[1]


def acquired_fraction(data: NDArray[np.float32], axis: int) -> float:
    """The acquired fraction of the Nyquist frequency along an axis; 1 where the spectrum shows no cliff."""
    count = data.shape[axis]
    if count < 64:
        return 1.0
    power = np.mean(dct(np.moveaxis(data, axis, -1), axis=-1, norm="ortho").reshape(-1, count) ** 2, axis=0)
    level = 10 * np.log10(uniform_filter1d(power, max(3, count // 64)) + 1e-30)
    frequency = (np.arange(count) + 0.5) / count

    def mean(start: float, end: float) -> float:
        return float(level[(frequency >= start) & (frequency < end)].mean())

    best, cliff, halfway = 0.0, 1.0, 0.0
    for candidate in np.arange(FRACTIONS[0], FRACTIONS[1], 1 / count):
        before = mean(candidate - _EDGE - _BAND, candidate - _EDGE)
        after = mean(candidate + _EDGE, min(candidate + _EDGE + _BAND, 1.0))
        slope = (mean(candidate - 0.22, candidate - 0.15) - before) / (0.155 - _EDGE - _BAND / 2 + 0.03)
        excess = before - after - max(slope, 0.0) * (2 * _EDGE + _BAND)
        if excess > best:
            best, cliff, halfway = excess, float(candidate), (before + after) / 2
    if best < CLIFF:
        return 1.0
    behind = frequency > cliff + _EDGE
    if behind.sum() < 4 or -np.polyfit(frequency[behind], level[behind], 1)[0] > FLOOR_SLOPE:
        return 1.0
    edge = (frequency > cliff - _EDGE) & (level < halfway)
    return float(frequency[np.argmax(edge)])


def on_acquired_grid(data: NDArray[np.float32], axes: Sequence[int], sizes: Sequence[int]) -> NDArray[np.float32]:
    """The volume on coarser voxels along some axes, by cutting off the cosine spectrum above their Nyquist
    frequency.
    """
    for axis, size in zip(axes, sizes, strict=True):
        count = data.shape[axis]
        if size < count:
            kept = np.take(dct(data, axis=axis, norm="ortho"), range(size), axis=axis)
            data = (idct(kept, axis=axis, norm="ortho") * np.sqrt(size / count)).astype(np.float32)
    return data
