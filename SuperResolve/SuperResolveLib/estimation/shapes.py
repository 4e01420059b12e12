r"""Generalised Gaussians, the shapes among which estimators search for a slice profile.

:math:`k(x) \propto \exp(-(|x|/a)^p)` with scale a and exponent p, integrated over each tap: p = 2 is a Gaussian and the
limit of large p is a rect. The excitation profiles of slice-selective pulses, which have a flat top and flanks of
finite steepness, lie between the two.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ..physics.kernels import GeneralisedGaussianIntegral
from ..physics.profile import SliceProfile

#: Shapes are cut off where they fall to this fraction of their maximum.
END = 0.01
#: Smallest and largest exponent: from a two-sided exponential to almost a rect.
EXPONENTS = (1.0, 60.0)


def bell(fwhm_mm: float, exponent: float, tap_spacing: float, fewest_taps: int = 1) -> SliceProfile:
    """A generalised Gaussian on taps ``tap_spacing`` mm apart, with at least ``fewest_taps`` on each side."""
    integral = GeneralisedGaussianIntegral.of_fwhm(fwhm_mm, exponent, -np.log(END))
    half = max(fewest_taps, int(np.ceil(integral.reach / tap_spacing - 0.5)))
    offsets = np.arange(-half, half + 1) * tap_spacing
    return SliceProfile(
        integral(offsets + tap_spacing / 2) - integral(offsets - tap_spacing / 2), tap_spacing, integral
    )


def bell_of(fwhm_mm: float, rms_mm: float, tap_spacing: float, fewest_taps: int = 1) -> SliceProfile:
    r"""The generalised Gaussian of that FWHM whose taps have that root-mean-square width, both in mm.

    For one FWHM the root-mean-square width falls as the exponent grows, from that of the heavy tails of small exponents
    to :math:`FWHM / \sqrt{12}` of a rect. A width beyond what :data:`EXPONENTS` allow gives the nearest of them.
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
