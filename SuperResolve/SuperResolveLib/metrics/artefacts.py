"""Artefacts that repeat with the slices, found as peaks in the spectrum along the through-plane axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import InputError
from .image_quality import Image, Mask

#: The surroundings of a peak: from 3 frequency bins (the main lobe of a Hann window ends at 2) to 8 bins away.
_NEAREST, _FARTHEST = 3, 8
#: Standard deviation of the smoothing in plane, in voxels; it reveals stripes fainter than the noise, as the eye does.
_SMOOTHING = 3.0


@dataclass(frozen=True)
class Periodicity:
    """How far spectra stand out at the frequency of the slices; about 1 if nothing repeats with the slices.

    Attributes:
        brightness: of the intensities, with or without smoothing in plane, whichever is larger: shows stripes.
        sharpness: of the absolute differences between neighbouring planes, smoothed in plane: shows planes on slices
            that are sharper than those between slices.
    """

    brightness: float
    sharpness: float


def slice_periodicity(volume: Image, axis: int, ratio: float, mask: Mask | None = None) -> Periodicity:
    r"""Measure how visible the slices of the scan are in a super-resolved volume.

    Let :math:`S(f)` be the power spectrum at f cycles per plane along ``axis`` (mean removed, Hann window), averaged
    over lines of voxels. It stands out at the frequency of the slices by the largest over m = 1, 2, ... of
    :math:`S(m/r) / \sqrt{S_- S_+}`, where :math:`S_-` and :math:`S_+` are the means of S from 3 to 8 frequency bins
    below and above m/r.

    Args:
        volume: intensities on the planes of the answer, three axes.
        axis: the through-plane axis.
        ratio: r, the distance between slices in planes, at least 1.2.
        mask: only lines that run through this mask are used; by default all.

    Raises:
        InputError: the volume spans fewer than 8 slices, or no line runs through the mask.
    """
    count = volume.shape[axis]
    if count < 8 * ratio:
        raise InputError(f"{count} planes at a ratio of {ratio:g} are fewer than 8 slices: give a larger volume")
    planes = np.moveaxis(volume, axis, 0)
    chosen = np.ones(planes.shape[1:], dtype=bool) if mask is None else mask.any(axis=axis)
    if not chosen.any():
        raise InputError("no line runs through the mask: give one that covers the head")
    images = (planes, _smoothed_in_plane(planes), _smoothed_in_plane(np.abs(np.diff(planes, axis=0))))
    frequencies = _multiples(ratio)
    farthest = min(_FARTHEST, int(count / ratio / 2))
    plain, smoothed, steps = (_prominence(_windowed(image[:, chosen]), frequencies, farthest) for image in images)
    return Periodicity(brightness=max(plain, smoothed), sharpness=steps)


def stripe_amplitude(error: Image, axis: int, ratio: float, mask: Mask) -> float:
    r"""The amplitude of the strongest stripes in an error e that repeat with the slices, in the unit of the error.

    It is the largest over m = 1, 2, ... of :math:`2 |\langle e\, \exp(-2 \pi i\, m z / r) \rangle|`, with the mean
    taken over the mask and z the index of the plane. It complements :func:`slice_periodicity`, which may find stripes
    that are far fainter than the noise.

    Args:
        error: result minus truth, three axes.
        axis: the through-plane axis.
        ratio: r, the distance between slices in planes.
        mask: where to measure.
    """
    inside = np.moveaxis(np.where(mask, error, 0.0), axis, 0).sum(axis=(1, 2), dtype=np.float64) / mask.sum()
    planes = np.arange(len(inside))
    return max(float(2 * np.abs(inside @ np.exp(-2j * np.pi * frequency * planes))) for frequency in _multiples(ratio))


def _multiples(ratio: float) -> list[float]:
    """The frequency of the slices, 1/r, and its multiples up to the Nyquist frequency, in cycles per plane."""
    return [m / ratio for m in range(1, max(1, int(ratio / 2 + 1e-6)) + 1)]


def _smoothed_in_plane(planes: Image) -> Image:
    return np.asarray(ndimage.gaussian_filter(planes, (0, _SMOOTHING, _SMOOTHING)), dtype=np.float32)


def _windowed(lines: Image) -> NDArray[np.float64]:
    """Lines of voxels, in columns, with their mean removed and multiplied by a Hann window."""
    window = np.hanning(len(lines) + 2)[1:-1, None]
    return np.asarray((lines - (window * lines).sum(axis=0) / window.sum()) * window)


def _prominence(lines: NDArray[np.float64], frequencies: Sequence[float], farthest: int) -> float:
    """The largest ratio of the power at a frequency to the geometric mean of the mean powers below and above it."""
    offsets = np.arange(_NEAREST, farthest + 1) / len(lines)
    prominences = []
    for frequency in frequencies:
        around = np.concatenate([[frequency], frequency - offsets, frequency + offsets])
        waves = np.exp(-2j * np.pi * around[:, None] * np.arange(len(lines)))
        power = np.mean(np.abs(waves @ lines) ** 2, axis=1)
        below, above = np.split(power[1:], 2)
        prominences.append(float(power[0] / np.sqrt(below.mean() * above.mean())))
    return max(prominences)
