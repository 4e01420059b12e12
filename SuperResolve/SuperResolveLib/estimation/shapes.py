r"""The shapes that a slice profile is looked for among: from bells to boxes.

Generalised Gaussians :math:`k(x) \propto \exp(-(|x|/a)^p)`, integrated over each tap: p = 2 is a Gaussian, p to
infinity a rect, and the excitation profiles of slice-selective pulses, flat tops with finite flanks, lie between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammainc

from ..physics.profile import SliceProfile

FloatArray = NDArray[np.floating]

#: Shapes end where they fall to this part of their maximum.
END = 0.01
#: Exponents from pointed bells to boxes.
EXPONENTS = (1.0, 60.0)


@dataclass(frozen=True)
class BellIntegral:
    """The integral of a generalised Gaussian of the given FWHM (mm) and exponent, which ends at 1 % of its maximum."""

    fwhm_mm: float
    exponent: float

    @property
    def reach(self) -> float:
        """Where it ends, in mm from its middle."""
        return float(self.fwhm_mm / 2 * (np.log(END) / np.log(0.5)) ** (1 / self.exponent))

    def __call__(self, offset: FloatArray) -> FloatArray:
        """From minus infinity to ``offset`` mm; 1 in all."""
        inside = np.clip(np.abs(offset), 0.0, self.reach)
        part = gammainc(1 / self.exponent, np.log(2) * (2 * inside / self.fwhm_mm) ** self.exponent)
        whole = gammainc(1 / self.exponent, -np.log(END))
        return 0.5 + 0.5 * np.sign(offset) * part / whole


def bell(fwhm_mm: float, exponent: float, tap_spacing: float, fewest_taps: int = 1) -> SliceProfile:
    """A generalised Gaussian on taps ``tap_spacing`` mm apart, at least ``fewest_taps`` of them on each side."""
    integral = BellIntegral(fwhm_mm, exponent)
    half = max(fewest_taps, int(np.ceil(integral.reach / tap_spacing - 0.5)))
    offsets = np.arange(-half, half + 1) * tap_spacing
    return SliceProfile(
        integral(offsets + tap_spacing / 2) - integral(offsets - tap_spacing / 2), tap_spacing, integral
    )


def bell_of(fwhm_mm: float, rms_mm: float, tap_spacing: float, fewest_taps: int = 1) -> SliceProfile:
    r"""The generalised Gaussian of this FWHM whose taps have this root-mean-square width, or the nearest there is (mm).

    At a given FWHM the rms width falls with the exponent, from the heavy tails of small ones to a rect's
    :math:`FWHM / \sqrt{12}`.
    """

    def excess(log_exponent: float) -> float:
        return bell(fwhm_mm, float(np.exp(log_exponent)), tap_spacing, fewest_taps).standard_deviation_mm - rms_mm

    smallest, largest = np.log(EXPONENTS)
    if excess(smallest) < 0:
        exponent = smallest
    elif excess(largest) > 0:
        exponent = largest
    else:
        exponent = brentq(excess, smallest, largest, xtol=1e-3)
    return bell(fwhm_mm, float(np.exp(exponent)), tap_spacing, fewest_taps)
