"""The resolution and the noise that a volume has by itself, alike along all axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter

from .fields import FloatArray

#: Share of volumes whose k-space is truncated instead of blurred; ends of the ranges of the part that is kept, and of
#: the part of that over which it fades out, as scanners filter to ring less.
TRUNCATED, KEPT, FADING = 0.25, (0.65, 1.0), (0.1, 0.6)
#: Ends of the range of the blur's FWHM in voxels, and by how much an axis may differ from that.
FWHM, DIFFERENCE = (0.0, 2.0), 0.09
#: Standard deviations of a Gaussian in its FWHM.
SIGMAS = 2 * np.sqrt(2 * np.log(2))
#: Share of volumes with noise, and its largest standard deviation.
NOISY, NOISE = 1 / 3, 0.03


def with_resolution(random: np.random.Generator, image: FloatArray) -> FloatArray:
    """The volume with a resolution drawn at random, in some with slight ringing."""
    unevenness = random.uniform(1 - DIFFERENCE, 1 + DIFFERENCE, 3)
    if random.uniform() < TRUNCATED:
        return truncated(image, np.minimum(random.uniform(*KEPT) * unevenness, 1), random.uniform(*FADING))
    return np.asarray(gaussian_filter(image, random.uniform(*FWHM) * unevenness / SIGMAS, mode="nearest"), np.float32)


def truncated(image: FloatArray, kept: NDArray[np.float64], fading: float) -> FloatArray:
    """The magnitude of a volume without the outer part of its k-space, as zero filling leaves it.

    It is mirrored at its far ends first, lest opposite faces ring into each other.

    Args:
        image: the volume.
        kept: the part of k-space that is kept along each axis, from 0 to 1.
        fading: the part of that over which it falls to 0, by half a period of a cosine.
    """
    for axis, part in enumerate(kept):
        size = image.shape[axis]
        spectrum = fft.rfft(np.concatenate([image, np.flip(image, axis)], axis), axis=axis)
        outwards = np.clip((np.arange(size + 1) / (part * size) - 1) / fading + 1, 0, 1)
        window = np.where(outwards < 1, 0.5 + 0.5 * np.cos(np.pi * outwards), 0).astype(np.float32)
        spectrum *= np.expand_dims(window, [other for other in range(3) if other != axis])
        image = np.asarray(fft.irfft(spectrum, axis=axis), np.float32)[tuple(slice(n) for n in image.shape)]
    return np.abs(image)


def with_noise(random: np.random.Generator, image: FloatArray) -> FloatArray:
    """In some volumes the magnitude of the image with complex Gaussian noise, which is Rician."""
    if random.uniform() >= NOISY:
        return image
    noise = random.uniform(0, NOISE) * random.standard_normal((2, *image.shape), dtype=np.float32)
    return np.asarray(np.hypot(image + noise[0], noise[1]), np.float32)
