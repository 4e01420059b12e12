"""Kernels in one dimension: Gaussian and rect as integrals in closed form, and cubic convolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, ndtr

FloatArray = NDArray[np.floating]

#: FWHM of a Gaussian divided by its standard deviation.
FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))
#: Where a Gaussian is cut off, in standard deviations from its middle.
GAUSSIAN_REACH = 4.0


@dataclass(frozen=True)
class GaussianIntegral:
    """The integral from minus infinity of a Gaussian cut off at 4 standard deviations; 1 in all.

    Attributes:
        sigma: standard deviation, in the unit of the offsets.
    """

    sigma: float

    def __call__(self, offset: FloatArray) -> FloatArray:
        """The integral up to ``offset``, which is measured from the middle."""
        below = ndtr(np.clip(offset / self.sigma, -GAUSSIAN_REACH, GAUSSIAN_REACH))
        return np.asarray((below - ndtr(-GAUSSIAN_REACH)) / (1 - 2 * ndtr(-GAUSSIAN_REACH)))


@dataclass(frozen=True)
class RectIntegral:
    """The integral from minus infinity of a rect; 1 in all.

    Attributes:
        width: full width, in the unit of the offsets.
    """

    width: float

    def __call__(self, offset: FloatArray) -> FloatArray:
        """The integral up to ``offset``, which is measured from the middle."""
        return np.clip(offset / self.width + 0.5, 0.0, 1.0)


@dataclass(frozen=True)
class GeneralisedGaussianIntegral:
    r"""The integral from minus infinity of :math:`\exp(-|x/a|^p)`, cut off where it falls to :math:`e^{-c}`; 1 in all.

    With p = 2 and c = 8 it is a Gaussian cut off at 4 standard deviations; the larger p, the nearer to a rect.

    Attributes:
        scale: a, in the unit of the offsets.
        exponent: p.
        cut: c.
    """

    scale: float
    exponent: float
    cut: float = GAUSSIAN_REACH**2 / 2

    @classmethod
    def of_fwhm(cls, fwhm: float, exponent: float, cut: float = GAUSSIAN_REACH**2 / 2) -> GeneralisedGaussianIntegral:
        r"""That of a FWHM, :math:`a = FWHM / 2 / (\ln 2)^{1/p}`."""
        return cls(fwhm / 2 / np.log(2) ** (1 / exponent), exponent, cut)

    @property
    def reach(self) -> float:
        """Where it is cut off."""
        return float(self.scale * self.cut ** (1 / self.exponent))

    def __call__(self, offset: FloatArray) -> FloatArray:
        """The integral up to ``offset``, which is measured from the middle."""
        within = (np.minimum(np.abs(offset), self.reach) / self.scale) ** self.exponent  # of any exponent, no overflow
        half = gammainc(1 / self.exponent, within) / gammainc(1 / self.exponent, self.cut)
        return np.asarray(0.5 + 0.5 * np.sign(offset) * half)


def cubic_kernel(distance: FloatArray) -> FloatArray:
    """The kernel of cubic convolution with a = -1/2 (Keys, IEEE TASSP 1981, eq. 15), for distances in samples."""
    t = np.abs(distance)
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))
