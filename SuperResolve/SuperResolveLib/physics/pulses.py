r"""Slice profiles of radio-frequency pulses: the windowed sinc, at small flip angles.

A pulse :math:`b(t) = \mathrm{sinc}(B t / T)\,(1 - \alpha + \alpha \cos(2 \pi t / T))`, :math:`|t| \le T/2`, of
time-bandwidth product B excites, at small flip angles, its Fourier transform (Pauly et al., JMR 1989): with
:math:`u = f T` and the sine integral Si,

.. math:: M_0(u) = (\mathrm{Si}(\pi (u + B/2)) - \mathrm{Si}(\pi (u - B/2))) / \pi

without a window, and :math:`M(u) = (1 - \alpha) M_0(u) + \alpha/2\,(M_0(u - 1) + M_0(u + 1))` with one. Windows are
Hann's, :math:`\alpha = 0.5`, and Hamming's, 0.46. The magnitude is what an image shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import sici

FloatArray = NDArray[np.floating]

HANN, HAMMING = 0.5, 0.46
#: How far beyond the edge of the slice the profile is followed, in transition widths: the first side lobes are in it.
BEYOND = 4.0
#: Samples of the tabulated integral in one transition width.
SAMPLES = 64


def windowed_sinc(frequency: FloatArray, time_bandwidth: float, window: float) -> FloatArray:
    """What the pulse excites, M(u).

    Args:
        frequency: u, off-resonance times the pulse's duration.
        time_bandwidth: B.
        window: alpha.
    """

    def without_window(u: FloatArray) -> FloatArray:
        edges = [sici(np.pi * (u + sign * time_bandwidth / 2))[0] for sign in (1, -1)]
        return np.asarray((edges[0] - edges[1]) / np.pi)

    sides = without_window(frequency - 1) + without_window(frequency + 1)
    return (1 - window) * without_window(frequency) + window / 2 * sides


@dataclass(frozen=True)
class WindowedSincIntegral:
    """The integral from minus infinity of a windowed sinc's slice profile, with its first side lobes; 1 in all.

    Attributes:
        reach: where it is cut off, in the unit of the offsets.
        offsets: at which it is known, from -reach to reach.
        integral: there.
    """

    reach: float
    offsets: FloatArray
    integral: FloatArray

    @classmethod
    def of_fwhm(cls, fwhm: float, time_bandwidth: float, window: float) -> WindowedSincIntegral:
        """That of a FWHM, in the unit of the offsets; see :func:`windowed_sinc`."""
        most = time_bandwidth / 2 + BEYOND
        u = np.linspace(-most, most, 2 * int(np.ceil(most * SAMPLES)) + 1)
        excited = np.abs(windowed_sinc(u, time_bandwidth, window))
        wide = np.flatnonzero(excited >= excited.max() / 2)[-1]
        # The last crossing of half the maximum, between two samples.
        share = (excited[wide] - excited.max() / 2) / (excited[wide] - excited[wide + 1])
        half = u[wide] + share * (u[1] - u[0])
        steps = (excited[1:] + excited[:-1]) / 2
        integral = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
        scale = fwhm / 2 / half
        return cls(float(most * scale), u * scale, integral)

    def __call__(self, offset: FloatArray) -> FloatArray:
        """The integral up to ``offset``, which is measured from the middle."""
        return np.interp(offset, self.offsets, self.integral)
