"""In-plane zero filling: how it is found, and how a volume is brought back to the resolution that was acquired.

A scanner that pads k-space with zeros before the Fourier transform makes voxels finer than the acquired resolution. The
image's spectrum then drops abruptly (the *cliff*) at the acquired fraction of the Nyquist frequency, with little but
noise above it. Anatomy and scanner filters make it fall smoothly instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.ndimage import uniform_filter1d

from .content import content_of
from .geometry import AXIS_NAMES, SliceGeometry
from .volume import Volume

FloatArray = NDArray[np.float64]

#: The least drop that makes a cliff, in dB beyond what the slope below it predicts.
CLIFF = 6.0
#: The steepest fall of the noise above a cliff, in dB per Nyquist frequency.
FLOOR_SLOPE = 40.0
#: Smallest and largest acquired fraction of the Nyquist frequency that is searched for.
FRACTIONS = (0.3, 0.93)
#: Fewest voxels along an axis that give a spectrum to search.
FEWEST_VOXELS = 64
#: Width of the bands whose mean levels are compared below and above a cliff, and the distance of each from the cliff,
#: as fractions of the Nyquist frequency.
_BAND, _EDGE = 0.07, 0.03
#: The band from which, with the one next to the cliff, the slope below the cliff is found: its ends, as distances below
#: the cliff.
_SLOPE_BAND = (0.22, 0.15)
#: A resolution within this factor of the voxel size counts as equal to it, as headers round.
ROUNDING = 1.03


@dataclass(frozen=True)
class InPlaneResolution:
    """The acquired in-plane resolution of a scan.

    Attributes:
        acquired: acquired resolution in mm along each of ``geometry.in_plane_axes``.
        zero_filled: for each of them, whether the voxels are finer than the acquired resolution.
        warnings: what the user should know, a sentence each.
    """

    acquired: tuple[float, float]
    zero_filled: tuple[bool, bool]
    warnings: tuple[str, ...]


def in_plane_resolution(volume: Volume, geometry: SliceGeometry) -> InPlaneResolution:
    """Find the acquired in-plane resolution of a volume.

    It is the one that the user gave (``geometry.acquired``); without one it is found from the spectrum, unless the
    header says that the image is not zero-filled.
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
        sentence = (
            f"in-plane zero filling: the voxels are {voxels} mm, but the acquired resolution is {source} {which}; "
            "the slice profile is relative to the acquired resolution"
        )
        warnings = (sentence,)
    return InPlaneResolution(acquired, (filled[0], filled[1]), warnings)


def _from_spectrum(volume: Volume, geometry: SliceGeometry) -> tuple[float, float]:
    """The acquired resolution in mm along each in-plane axis from the spectrum, unless the header rules filling out."""
    content, acquired = content_of(volume.data), []
    for axis, voxel in zip(geometry.in_plane_axes, geometry.in_plane_spacing, strict=True):
        in_header = volume.header.acquired_spacing_mm[axis]
        not_filled = in_header is not None and in_header < ROUNDING * voxel
        acquired.append(voxel if not_filled else voxel / acquired_fraction(content, axis))
    return acquired[0], acquired[1]


def acquired_fraction(data: NDArray[np.float32], axis: int) -> float:
    """The acquired fraction of the Nyquist frequency along an axis; 1 where the spectrum has no cliff."""
    if data.shape[axis] < FEWEST_VOXELS:
        return 1.0
    frequency, level = _spectrum(data, axis)
    drop, cliff, halfway = _largest_drop(frequency, level)
    if drop < CLIFF:
        return 1.0
    above = frequency > cliff + _EDGE
    if above.sum() < 4 or -np.polyfit(frequency[above], level[above], 1)[0] > FLOOR_SLOPE:
        return 1.0
    edge = (frequency > cliff - _EDGE) & (level < halfway)
    return float(frequency[np.argmax(edge)])


def _spectrum(data: NDArray[np.float32], axis: int) -> tuple[FloatArray, FloatArray]:
    """The smoothed cosine spectrum along an axis: fractions of the Nyquist frequency, and the level in dB at each."""
    count = data.shape[axis]
    waves = dct(np.moveaxis(data, axis, -1).astype(np.float64), axis=-1, norm="ortho", overwrite_x=True)
    power = np.mean(waves.reshape(-1, count) ** 2, axis=0)
    level = 10 * np.log10(uniform_filter1d(power, max(3, count // 64)) + 1e-30)
    return (np.arange(count) + 0.5) / count, level


def _largest_drop(frequency: FloatArray, level: FloatArray) -> tuple[float, float, float]:
    """The largest drop in dB beyond what the slope below it predicts, its frequency, and the level halfway down."""

    def mean(start: float, end: float) -> float:
        return float(level[(frequency >= start) & (frequency < end)].mean())

    largest, cliff, halfway = 0.0, 1.0, 0.0
    for candidate in np.arange(FRACTIONS[0], FRACTIONS[1], 1 / len(frequency)):
        below = mean(candidate - _EDGE - _BAND, candidate - _EDGE)
        above = mean(candidate + _EDGE, min(candidate + _EDGE + _BAND, 1.0))
        farther_below = mean(candidate - _SLOPE_BAND[0], candidate - _SLOPE_BAND[1])
        slope = (farther_below - below) / (sum(_SLOPE_BAND) / 2 - (_EDGE + _BAND / 2))
        drop = below - above - max(slope, 0.0) * (2 * _EDGE + _BAND)
        if drop > largest:
            largest, cliff, halfway = drop, float(candidate), (below + above) / 2
    return largest, cliff, halfway


def on_acquired_grid(data: NDArray[np.float32], axes: Sequence[int], sizes: Sequence[int]) -> NDArray[np.float32]:
    """Bring a volume to coarser voxels by cutting off its cosine spectrum above their Nyquist frequency.

    Args:
        data: intensities, three axes.
        axes: the axes to change.
        sizes: the number of voxels wanted along each of ``axes``; an axis that has no more stays as it is.
    """
    for axis, size in zip(axes, sizes, strict=True):
        count = data.shape[axis]
        if size < count:
            waves = dct(data.astype(np.float64), axis=axis, norm="ortho", overwrite_x=True)
            kept = np.take(waves, range(size), axis=axis) * np.sqrt(size / count)
            data = idct(kept, axis=axis, norm="ortho", overwrite_x=True).astype(np.float32)
    return data
