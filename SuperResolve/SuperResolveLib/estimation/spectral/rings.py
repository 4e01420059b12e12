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
from scipy.signal.windows import dpss, tukey

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
#: Number of in-plane frequencies that are transformed across slices at once, to limit memory.
AT_ONCE = 2**15


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
    """Compute the power spectrum of a scan at its acquired in-plane resolution."""
    first, second = reference.directions
    tap = reference.tap_spacing
    rows, columns, slices = first.data.shape
    stack = first.data - np.median(first.data)
    stack *= tukey(rows, 2 * FADE)[:, None, None].astype(np.float32) * tukey(columns, 2 * FADE)[:, None].astype(
        np.float32
    )
    spectrum = fft2(stack, axes=(0, 1))[: rows // 2 + 1]
    u = fftfreq(rows, first.voxel / tap)[: rows // 2 + 1]
    v = fftfreq(columns, second.voxel / tap)
    radius = np.hypot(u[:, None], v[None, :])
    highest = 0.5 * tap / max(first.voxel, second.voxel)
    edges = np.geomspace(LOWEST, highest, RINGS + 1)
    ring = np.digitize(radius, edges) - 1
    inside = (ring >= 0) & (ring < RINGS)
    return _averaged(spectrum[inside], ring[inside], radius[inside], reference.slice_spacing / tap, slices)


def _averaged(
    spectrum: NDArray[np.complex64], ring: NDArray[np.intp], radius: FloatArray, step: float, slices: int
) -> Rings:
    """The multitaper periodogram across slices, averaged over rings.

    Args:
        spectrum: in-plane spectrum of each slice, shape (in-plane frequencies, slices).
        ring: index of the ring of each in-plane frequency.
        radius: each in-plane frequency in cycles per tap.
        step: slice spacing in taps.
        slices: number of slices.
    """
    frequency = np.linspace(0.0, 0.5, min(FREQUENCIES, slices // 2 + 1))
    tapers = dpss(slices, BANDWIDTH, TAPERS)
    waves = np.exp(-2j * np.pi * np.arange(slices)[:, None] * frequency)
    total = np.zeros((RINGS, len(frequency)))
    for start in range(0, len(ring), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        power = np.zeros((len(ring[part]), len(frequency)))
        for taper in tapers:
            power += np.abs(spectrum[part] @ (taper[:, None] * waves).astype(np.complex64)) ** 2 / len(tapers)
        for index in range(len(frequency)):
            total[:, index] += np.bincount(ring[part], power[:, index], minlength=RINGS)
    count = np.bincount(ring, minlength=RINGS)
    filled = count > 0
    return Rings(
        radius=np.bincount(ring, radius, minlength=RINGS)[filled] / count[filled],
        frequency=frequency,
        power=total[filled] / count[filled, None],
        count=count[filled].astype(np.float64),
        tapers=tapers,
        step=step,
    )
