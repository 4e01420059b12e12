r"""The shapes that a slice profile is looked for among: from bells to boxes.

Generalised Gaussians :math:`k(x) \propto \exp(-(|x|/a)^p)`, integrated over each tap: p = 2 is a Gaussian, p to
infinity a rect, and the excitation profiles of slice-selective pulses, flat tops with finite flanks, lie between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from ...profile import SliceProfile

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class BellIntegral:
    """The integral of a generalised Gaussian of the given FWHM (mm) and exponent."""

    fwhm: float
    exponent: float

    def __call__(self, offset: FloatArray) -> FloatArray:
        """From minus infinity to ``offset`` mm."""
        scale = self.fwhm / 2 / np.log(2) ** (1 / self.exponent)
        tail = gammainc(1 / self.exponent, (np.abs(offset) / scale) ** self.exponent)
        return 0.5 + 0.5 * np.sign(offset) * tail


def bell(fwhm: float, exponent: float, interval: float, reach: float) -> SliceProfile:
    """A generalised Gaussian on taps ``interval`` mm apart, out to ``reach`` mm on each side."""
    half = max(1, int(np.ceil(reach / interval)))
    offsets = np.arange(-half, half + 1) * interval
    integral = BellIntegral(fwhm, exponent)
    return SliceProfile(integral(offsets + interval / 2) - integral(offsets - interval / 2), interval)
