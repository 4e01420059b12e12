r"""What scan and prior together say of the profile's width and shape.

Each family of shapes counts alike beforehand; within it the logarithm of the width is normal. The posterior is

.. math:: p \propto \exp(-D / 2\varphi)\; N(\log w; \log m, \sigma)

with D minus twice the log evidence. What the model of anatomy does not know of itself widens it twice: evidence counts
for 1 / :math:`\varphi`, :math:`\varphi` = :data:`CAUTION`, and no width is known better than to :data:`TRUST`. Where
several families compete, the interval is longer by :data:`OTHER_SHAPES`, for shapes that are none of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from .search import Evidence

FloatArray = NDArray[np.float64]

#: What evidence is divided by.
CAUTION = 1.5
#: Standard deviation of the logarithm of the width that always remains.
TRUST = 0.03
#: How much longer the interval is than the families' own, so that it holds about 80 % in Table 1's simulations.
OTHER_SHAPES = 1.1


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
        fwhm_mm, rms_mm: posterior means (geometric) of the FWHM and of the taps' root-mean-square width in mm.
        interval_mm: of the FWHM, to hold it with a probability of 80 %.
        prior_share: variance of log width after the scan was seen, relative to before.
        misfit: of the best fit, in units of the expected error: about 1.
    """

    fwhm_mm: float
    rms_mm: float
    interval_mm: tuple[float, float]
    prior_share: float
    misfit: float

    @classmethod
    def of(cls, found: Sequence[Evidence], prior: WidthPrior) -> Posterior:
        """Combine the families' evidence with the prior."""
        log_width = np.array([evidence.log_width for evidence in found])
        deviance = np.array([evidence.deviance for evidence in found])
        log_prior = -0.5 * ((log_width - np.log(prior.median)) / prior.spread) ** 2
        before, after = _normalised(log_prior), _normalised(log_prior - deviance / 2 / CAUTION)
        fwhm_mm = np.array([evidence.fwhm_mm for evidence in found])
        rms_mm = np.array([evidence.rms_mm for evidence in found])
        remaining = _variance(log_width, after) + TRUST**2
        return cls(
            fwhm_mm=float(np.exp(np.sum(after * log_width))),
            rms_mm=float(np.exp(np.sum(after * np.log(rms_mm)))),
            interval_mm=_interval(np.log(fwhm_mm).ravel(), after.ravel(), OTHER_SHAPES if len(found) > 1 else 1.0),
            prior_share=min(1.0, remaining / _variance(log_width, before)),
            misfit=min(evidence.misfit for evidence in found),
        )


def _normalised(log_weights: FloatArray) -> FloatArray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _variance(values: FloatArray, weights: FloatArray) -> float:
    return float(np.sum(weights * (values - np.sum(weights * values)) ** 2))


def _interval(log_fwhm: FloatArray, weights: FloatArray, longer: float) -> tuple[float, float]:
    """The 10th and 90th percentile, their distances from the mean grown by what always remains unknown, and ``longer``
    times that.
    """
    order = np.argsort(log_fwhm)
    cumulative = np.cumsum(weights[order])
    ends = log_fwhm[order][np.minimum(np.searchsorted(cumulative, (0.1, 0.9)), len(order) - 1)]
    mean = float(np.sum(weights * log_fwhm))
    distances = longer * np.hypot(ends - mean, norm.ppf(0.9) * TRUST)
    return float(np.exp(mean - distances[0])), float(np.exp(mean + distances[1]))
