r"""The posterior of the profile's width and shape, from the evidence of the scan and a prior.

With the prior probability :math:`q_e` of each family e of shapes, and a prior :math:`\pi` of the width w
(:mod:`.prior`), the posterior is

.. math:: p \propto \exp(-D / 2\varphi)\; q_e\; \pi(\log w)

with D minus twice the log evidence. Intervals are made wider than those of this posterior, as the model of the anatomy
is only approximate and the true shape may belong to none of the families: the log evidence is divided by
:math:`\varphi` = :data:`CAUTION`; the standard deviation of log width is at least :data:`TRUST`; an interval spans the
middle half of every family that remains plausible; and where several compete it is stretched by :data:`OTHER_SHAPES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .prior import WidthPrior
from .search import Evidence, Family

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]

#: Divisor of the log evidence.
CAUTION = 2.5
#: Standard deviation of log width that no scan reduces.
TRUST = 0.02
#: Factor by which intervals are stretched.
OTHER_SHAPES = 1.1
#: A family whose probability is at least this fraction of the most probable one's remains plausible.
PLAUSIBLE_FAMILY = 0.2
#: A family this probable is decided.
DECIDED = 0.9


@dataclass(frozen=True)
class Posterior:
    """Summary of the posterior.

    Attributes:
        fwhm_mm, rms_mm: geometric posterior means of the FWHM and of the taps' root-mean-square width in mm.
        interval_mm, rms_interval_mm: their 80 % intervals in mm.
        prior_share: posterior variance of log width divided by its prior variance, at most 1.
        families: the probability of each family.
        misfit: mean squared residual of the best fit in units of the expected variance; about 1 for a good fit.
    """

    fwhm_mm: float
    rms_mm: float
    interval_mm: Interval
    rms_interval_mm: Interval
    prior_share: float
    families: Mapping[Family, float]
    misfit: float

    @classmethod
    def of(cls, evidences: Sequence[Evidence], families: Mapping[Family, float], widths: WidthPrior) -> Posterior:
        """Combine the evidence of each family with the prior: its probability, and that of its widths."""
        log_width = np.array([evidence.log_width for evidence in evidences])
        deviance = np.array([evidence.deviance for evidence in evidences])
        probable = np.log([families[evidence.family] for evidence in evidences])[:, None]
        weights = _normalised(probable + widths.log_density(log_width) - deviance / 2 / CAUTION)
        log_fwhm = np.log([evidence.fwhm_mm for evidence in evidences])
        log_rms = np.log([evidence.rms_mm for evidence in evidences])
        remaining = _variance(log_width, weights) + TRUST**2
        return cls(
            fwhm_mm=float(np.exp(np.sum(weights * log_width))),
            rms_mm=float(np.exp(np.sum(weights * log_rms))),
            interval_mm=_interval(log_fwhm, weights),
            rms_interval_mm=_interval(log_rms, weights),
            prior_share=min(1.0, remaining / widths.variance),
            families={evidence.family: float(row.sum()) for evidence, row in zip(evidences, weights, strict=True)},
            misfit=min(evidence.misfit for evidence in evidences),
        )

    @property
    def decided(self) -> Family | None:
        """The family of shapes where the scan decides it, else ``None``."""
        family = max(self.families, key=lambda each: self.families[each])
        return family if len(self.families) > 1 and self.families[family] >= DECIDED else None


def _normalised(log_weights: FloatArray) -> FloatArray:
    """Weights that sum to 1 from their logarithms."""
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _variance(values: FloatArray, weights: FloatArray) -> float:
    """The weighted variance; the weights sum to 1."""
    return float(np.sum(weights * (values - np.sum(weights * values)) ** 2))


def _interval(log_value: FloatArray, weights: FloatArray) -> Interval:
    """The 80 % interval of a width, from its logarithm and weights of shape (families, points).

    Its ends are the 10th and 90th percentile, or the quartiles of a plausible family that lie beyond; their distances
    from the mean are enlarged by :data:`TRUST` and, where there are several families, by :data:`OTHER_SHAPES`.
    """
    of_family = weights.sum(axis=1)
    low, high = _quantiles(log_value.ravel(), weights.ravel(), (0.1, 0.9))
    for values, own, total in zip(log_value, weights, of_family, strict=True):
        if total >= PLAUSIBLE_FAMILY * of_family.max():
            first, third = _quantiles(values, own / total, (0.25, 0.75))
            low, high = min(low, first), max(high, third)
    mean = float(np.sum(weights * log_value))
    stretch = OTHER_SHAPES if len(weights) > 1 else 1.0
    distances = stretch * np.hypot(np.maximum((mean - low, high - mean), 0.0), ndtri(0.9) * TRUST)
    return float(np.exp(mean - distances[0])), float(np.exp(mean + distances[1]))


def _quantiles(values: FloatArray, weights: FloatArray, at: Interval) -> Interval:
    """Two weighted quantiles; the weights sum to 1."""
    order = np.argsort(values)
    places = np.searchsorted(np.cumsum(weights[order]), at)
    low, high = values[order][np.minimum(places, len(order) - 1)]
    return float(low), float(high)
