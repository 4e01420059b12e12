r"""The posterior of the profile's width and shape, from the evidence of the scan and a prior on the width.

A priori all families of shapes are equally probable, and the width w of each is log-normal with median m. The posterior
is

.. math:: p \propto \exp(-D / 2\varphi)\; N(\log w; \log m, \sigma)

with D minus twice the log evidence. The interval is made wider than that of this posterior in three ways, as the model
of the anatomy is only approximate: the log evidence is divided by :math:`\varphi` = :data:`CAUTION`; the standard
deviation of log width is at least :data:`TRUST`; and where several families compete, the interval is stretched by
:data:`OTHER_SHAPES`, since the true shape may belong to none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .search import Evidence

FloatArray = NDArray[np.float64]

#: Divisor of the log evidence.
CAUTION = 1.5
#: Standard deviation of log width that no scan reduces.
TRUST = 0.03
#: Factor by which the interval is stretched; chosen so that it holds the truth in about 80 % of Table 1's simulations.
OTHER_SHAPES = 1.1


@dataclass(frozen=True)
class WidthPrior:
    """A log-normal prior on the FWHM.

    Attributes:
        median: median of the FWHM in mm.
        spread: standard deviation of its natural logarithm.
    """

    median: float
    spread: float

    @classmethod
    def from_spacing(cls, slice_spacing: float) -> WidthPrior:
        """The prior without a header: slices are roughly as thick as they are apart (mm)."""
        return cls(0.7 * slice_spacing, 0.7)

    @classmethod
    def from_thickness(cls, slice_thickness: float) -> WidthPrior:
        """The prior about the header's thickness in mm, which is only nominal and not relative to the in-plane PSF."""
        return cls(slice_thickness, 0.3)


@dataclass(frozen=True)
class Posterior:
    """Summary of the posterior.

    Attributes:
        fwhm_mm, rms_mm: geometric posterior means of the FWHM and of the taps' root-mean-square width in mm.
        interval_mm: 80 % interval of the FWHM in mm.
        prior_share: posterior variance of log width divided by its prior variance, at most 1.
        misfit: mean squared residual of the best fit in units of the expected variance; about 1 for a good fit.
    """

    fwhm_mm: float
    rms_mm: float
    interval_mm: tuple[float, float]
    prior_share: float
    misfit: float

    @classmethod
    def of(cls, evidences: Sequence[Evidence], prior: WidthPrior) -> Posterior:
        """Combine the evidence of each family with the prior."""
        log_width = np.array([evidence.log_width for evidence in evidences])
        deviance = np.array([evidence.deviance for evidence in evidences])
        log_prior = -0.5 * ((log_width - np.log(prior.median)) / prior.spread) ** 2
        before, after = _normalised(log_prior), _normalised(log_prior - deviance / 2 / CAUTION)
        fwhm_mm = np.array([evidence.fwhm_mm for evidence in evidences])
        rms_mm = np.array([evidence.rms_mm for evidence in evidences])
        stretch = OTHER_SHAPES if len(evidences) > 1 else 1.0
        remaining = _variance(log_width, after) + TRUST**2
        return cls(
            fwhm_mm=float(np.exp(np.sum(after * log_width))),
            rms_mm=float(np.exp(np.sum(after * np.log(rms_mm)))),
            interval_mm=_interval(np.log(fwhm_mm).ravel(), after.ravel(), stretch),
            prior_share=min(1.0, remaining / _variance(log_width, before)),
            misfit=min(evidence.misfit for evidence in evidences),
        )


def _normalised(log_weights: FloatArray) -> FloatArray:
    """Weights that sum to 1 from their logarithms."""
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _variance(values: FloatArray, weights: FloatArray) -> float:
    """The weighted variance; the weights sum to 1."""
    return float(np.sum(weights * (values - np.sum(weights * values)) ** 2))


def _interval(log_fwhm: FloatArray, weights: FloatArray, stretch: float) -> tuple[float, float]:
    """The 80 % interval of the FWHM in mm.

    Its ends are the 10th and 90th percentile of log FWHM; their distances from the mean are enlarged by :data:`TRUST`
    and then multiplied by ``stretch``.
    """
    order = np.argsort(log_fwhm)
    cumulative = np.cumsum(weights[order])
    ends = log_fwhm[order][np.minimum(np.searchsorted(cumulative, (0.1, 0.9)), len(order) - 1)]
    mean = float(np.sum(weights * log_fwhm))
    distances = stretch * np.hypot(ends - mean, ndtri(0.9) * TRUST)
    return float(np.exp(mean - distances[0])), float(np.exp(mean + distances[1]))
