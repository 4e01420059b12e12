"""Artefacts that repeat with the slices: peaks in the spectrum along the through-plane axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import InputError
from .image_quality import Image, Mask

#: How far from a peak its surroundings begin (a Hann window's main lobe ends at 2) and end, in frequency bins.
_NEAREST, _FARTHEST = 3, 8
#: Smoothing in plane, in voxels: brings out what is fainter than the noise, as the eye does.
_SMOOTHING = 3.0


@dataclass(frozen=True)
class Periodicity:
    """How far spectra stand out at one over the slice spacing: about 1 where nothing repeats with the slices.

    Attributes:
        brightness: of the intensities, with or without smoothing in plane, whichever is more: stripes.
        sharpness: of the steps from plane to plane, smoothed in plane: planes on slices that are sharper than between.
    """

    brightness: float
    sharpness: float


def slice_periodicity(volume: Image, axis: int, ratio: float, mask: Mask | None = None) -> Periodicity:
    r"""How far the slices show in a volume made of them.

    With :math:`S(f)` the power at f cycles a plane of the lines along ``axis`` (mean removed, Hann window), averaged
    over lines, a spectrum stands out by the largest over m = 1, 2, ... of :math:`S(m/r) / \sqrt{S_- S_+}`, where
    :math:`S_\pm` are the means of S from 3 to 8 bins above and below m/r.

    Args:
        volume: planes of the answer, any shape.
        axis: the through-plane axis.
        ratio: r, the distance between slices in planes, at least 1.2.
        mask: only lines that run through it are taken; all unless given.

    Raises:
        InputError: the volume spans fewer than 8 slices, too few for a spectrum, or no line runs through the mask.
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
    r"""The amplitude of the strongest stripe in an error that repeats with the slices, in the error's unit.

    The largest over m = 1, 2, ... of :math:`2 |\langle e\, \exp(-2 \pi i\, m z / r) \rangle|`, the mean over the mask,
    z counting planes: what :func:`slice_periodicity` finds may stand out and yet be far below the noise.

    Args:
        error: result minus truth.
        axis: the through-plane axis.
        ratio: r, the distance between slices in planes.
        mask: where to look.
    """
    inside = np.moveaxis(np.where(mask, error, 0.0), axis, 0).sum(axis=(1, 2), dtype=np.float64) / mask.sum()
    planes = np.arange(len(inside))
    return max(float(2 * np.abs(inside @ np.exp(-2j * np.pi * frequency * planes))) for frequency in _multiples(ratio))


def _multiples(ratio: float) -> list[float]:
    """One over the slice spacing and its multiples up to one cycle in two planes, in cycles a plane."""
    return [m / ratio for m in range(1, max(1, int(ratio / 2 + 1e-6)) + 1)]


def _smoothed_in_plane(planes: Image) -> Image:
    return np.asarray(ndimage.gaussian_filter(planes, (0, _SMOOTHING, _SMOOTHING)), dtype=np.float32)


def _windowed(lines: Image) -> NDArray[np.float64]:
    """Lines, in columns, without their mean, under a Hann window."""
    window = np.hanning(len(lines) + 2)[1:-1, None]
    return np.asarray((lines - (window * lines).sum(axis=0) / window.sum()) * window)


def _prominence(lines: NDArray[np.float64], frequencies: Sequence[float], farthest: int) -> float:
    """The largest over frequencies of the power there over the geometric mean of the mean powers below and above."""
    offsets = np.arange(_NEAREST, farthest + 1) / len(lines)
    prominences = []
    for frequency in frequencies:
        around = np.concatenate([[frequency], frequency - offsets, frequency + offsets])
        waves = np.exp(-2j * np.pi * around[:, None] * np.arange(len(lines)))
        power = np.mean(np.abs(waves @ lines) ** 2, axis=1)
        below, above = np.split(power[1:], 2)
        prominences.append(float(power[0] / np.sqrt(below.mean() * above.mean())))
    return max(prominences)
