"""The resolution and the noise that a volume has by itself, alike along all axes."""

from __future__ import annotations

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from .fields import FloatArray

#: Share of volumes whose k-space is truncated instead of blurred, and ends of the range of the part that is kept.
TRUNCATED, KEPT = 0.25, (0.6, 1.0)
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
        return truncated(image, np.minimum(random.uniform(*KEPT) * unevenness, 1))
    return np.asarray(gaussian_filter(image, random.uniform(*FWHM) * unevenness / SIGMAS, mode="nearest"), np.float32)


def truncated(image: FloatArray, kept: np.ndarray) -> FloatArray:
    """The volume with the outer part of k-space set to 0, as zero filling does; ``kept`` is the part along each axis.

    The volume is mirrored at its far ends first, lest opposite faces ring into each other.
    """
    for axis, part in enumerate(kept):
        mirrored = np.concatenate([image, np.flip(image, axis)], axis)
        spectrum = fft.rfft(mirrored, axis=axis)
        cut = [slice(None)] * 3
        cut[axis] = slice(int(np.ceil(part * image.shape[axis])) + 1, None)
        spectrum[tuple(cut)] = 0
        image = np.take(fft.irfft(spectrum, axis=axis), range(image.shape[axis]), axis)
    return np.asarray(image, np.float32)


def with_noise(random: np.random.Generator, image: FloatArray) -> FloatArray:
    """In some volumes the magnitude of the image with complex Gaussian noise, which is Rician."""
    if random.uniform() >= NOISY:
        return image
    noise = random.uniform(0, NOISE) * random.standard_normal((2, *image.shape), dtype=np.float32)
    return np.asarray(np.hypot(image + noise[0], noise[1]), np.float32)
