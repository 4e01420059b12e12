r"""The power spectrum of a scan, by in-plane frequency (in rings) and by frequency across the slices.

Each slice is Fourier transformed in plane, which gives :math:`F_n(u)` for slice n and in-plane frequency u. Across the
slices the spectrum is a multitaper periodogram (Thomson, Proc. IEEE 1982), averaged over rings of u:

.. math:: I(r, f) = \frac1K \sum_k \Big\langle \Big| \sum_n h_k(n) F_n(u) e^{-2 \pi i f n} \Big|^2 \Big\rangle_{|u| = r}

The K Slepian tapers :math:`h_k` keep strong low frequencies from leaking into weak ones, where profiles differ most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq

from ...data.tapers import slepian, tukey
from ..reference import Reference

FloatArray = NDArray[np.float64]

#: Number of rings, evenly spaced in log frequency from ``LOWEST`` (cycles per tap) to the Nyquist frequency.
RINGS = 24
LOWEST = 0.012
#: Largest number of frequencies across the slices, from 0 to half a cycle per slice; few slices give fewer.
FREQUENCIES = 16
#: Time-bandwidth product and number of the tapers.
BANDWIDTH, TAPERS = 2.5, 3
#: Fraction of the image at each in-plane border that is faded out before the transform.
FADE = 0.15


@dataclass(frozen=True)
class Rings:
    """The power spectrum of a scan.

    Attributes:
        radius: mean in-plane frequency of each ring in cycles per tap, shape (rings,).
        frequency: frequencies across the slices in cycles per slice, shape (frequencies,).
        power: I, shape (rings, frequencies).
        count: number of in-plane frequencies in each ring, shape (rings,); u and -u count once.
        tapers: the tapers h_k, shape (K, slices).
        step: slice spacing in taps.
    """

    radius: FloatArray
    frequency: FloatArray
    power: FloatArray
    count: FloatArray
    tapers: FloatArray
    step: float


def rings_of(reference: Reference) -> Rings:
    """Compute the power spectrum of a scan at its acquired in-plane resolution.

    All in-plane frequencies are used, so that it is the same for slices that are stored in the opposite order and for
    images that are flipped or transposed.
    """
    first, second = reference.directions
    tap = reference.tap_spacing
    rows, columns, slices = first.data.shape
    stack = first.data - np.median(first.data).astype(np.float64)
    stack *= (tukey(rows, 2 * FADE)[:, None] * tukey(columns, 2 * FADE))[..., None]
    radius = np.hypot(fftfreq(rows, first.voxel / tap)[:, None], fftfreq(columns, second.voxel / tap))
    highest = 0.5 * tap / max(first.voxel, second.voxel)
    ring = np.digitize(radius, np.geomspace(LOWEST, highest, RINGS + 1)) - 1
    inside = (ring >= 0) & (ring < RINGS)
    ring = ring[inside]
    count = np.bincount(ring, minlength=RINGS)
    filled = count > 0
    frequency = np.linspace(0.0, 0.5, min(FREQUENCIES, slices // 2 + 1))
    tapers = slepian(slices, BANDWIDTH, TAPERS)
    power = [np.bincount(ring, _power(stack, tapers, f)[inside], minlength=RINGS) for f in frequency]
    return Rings(
        radius=np.bincount(ring, radius[inside], minlength=RINGS)[filled] / count[filled],
        frequency=frequency,
        power=np.transpose(power)[filled] / count[filled, None],
        count=count[filled] / 2,
        tapers=tapers,
        step=reference.slice_spacing / tap,
    )


def _power(stack: FloatArray, tapers: FloatArray, frequency: float) -> FloatArray:
    """The multitaper periodogram at one frequency across slices, at every in-plane frequency, shape (rows, columns)."""
    phase = 2 * np.pi * frequency * np.arange(stack.shape[2])
    across = stack @ (tapers * np.cos(phase)).T - 1j * (stack @ (tapers * np.sin(phase)).T)
    return np.asarray((np.abs(fft2(across, axes=(0, 1))) ** 2).mean(axis=2))
