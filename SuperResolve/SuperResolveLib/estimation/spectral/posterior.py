r"""What scan and prior together say of the profile's width and shape.

Each family of shapes counts alike beforehand; within it the logarithm of the width is normal. The posterior is

.. math:: p \propto \exp(-D / 2\varphi)\; N(\log w; \log m, \sigma)

with D minus twice the log evidence, and :math:`\varphi` = :data:`CAUTION` widening it for what the model of anatomy
does not know of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .search import Evidence

FloatArray = NDArray[np.float64]

#: How many times wider than the model's own the variance of log evidence is taken.
CAUTION = 2.0


@dataclass(frozen=True)
class WidthPrior:
    """Median of the FWHM in mm and standard deviation of its logarithm."""

    median: float
    spread: float

    @classmethod
    def from_spacing(cls, slice_spacing: float) -> WidthPrior:
        """Slices are about as thick as they are apart, more or less."""
        return cls(0.7 * slice_spacing, 0.7)

    @classmethod
    def from_thickness(cls, slice_thickness: float) -> WidthPrior:
        """The header's thickness is nominal, and the profile relative to in plane."""
        return cls(slice_thickness, 0.3)


@dataclass(frozen=True)
class Posterior:
    """The answer in numbers.

    Attributes:
        fwhm, rms: posterior means (geometric) of the FWHM and of the taps' root-mean-square width in mm.
        interval: the FWHM's 10th and 90th percentile in mm.
        shares: the posterior probability of each family.
        prior_share: variance of log width after the scan was seen, relative to before.
    """

    fwhm: float
    rms: float
    interval: tuple[float, float]
    shares: FloatArray
    prior_share: float

    @classmethod
    def of(cls, found: Sequence[Evidence], prior: WidthPrior) -> Posterior:
        """Combine the families' evidence with the prior."""
        log_width = np.array([evidence.log_width for evidence in found])
        deviance = np.array([evidence.deviance for evidence in found])
        log_prior = -0.5 * ((log_width - np.log(prior.median)) / prior.spread) ** 2
        before, after = _normalised(log_prior), _normalised(log_prior - deviance / 2 / CAUTION)
        fwhm = np.array([evidence.fwhm for evidence in found])
        rms = np.array([evidence.rms for evidence in found])
        low, high = _quantiles(fwhm.ravel(), after.ravel(), (0.1, 0.9))
        return cls(
            fwhm=float(np.exp(np.sum(after * log_width))),
            rms=float(np.exp(np.sum(after * np.log(rms)))),
            interval=(low, high),
            shares=after.sum(axis=1),
            prior_share=min(1.0, _variance(log_width, after) / _variance(log_width, before)),
        )


def _normalised(log_weights: FloatArray) -> FloatArray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _variance(values: FloatArray, weights: FloatArray) -> float:
    return float(np.sum(weights * (values - np.sum(weights * values)) ** 2))


def _quantiles(values: FloatArray, weights: FloatArray, levels: tuple[float, float]) -> tuple[float, float]:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    low, high = values[order][np.minimum(np.searchsorted(cumulative, levels), len(values) - 1)]
    return float(low), float(high)
