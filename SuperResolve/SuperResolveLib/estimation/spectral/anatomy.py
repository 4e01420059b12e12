r"""A Bayesian model of a scan's power spectrum: that of the anatomy, blurred with a slice profile, sampled, and noise.

The power spectrum of the anatomy at in-plane frequency r and through-plane frequency w (cycles per tap) is modelled as

.. math:: \log S(r, w) = a_0(\log\rho) + \sum_{l = 2, 4, 6} a_l(\log\rho) P_l(\mu)

with :math:`\rho^2 = r^2 + w^2` and :math:`\mu = w / \rho`: a decay :math:`a_0` that all directions share, and Legendre
polynomials :math:`P_l` for differences between the through-plane axis and the in-plane ones. The scan is blurred with
the profile, sampled at the slice spacing, and has white noise of power n, so that its power spectrum at frequency f
across the slices (cycles per slice) is

.. math:: I(r, f) = \int S(r, w)\, P(w)^2\, T(f - s w)\, dw + n

with P the profile's transfer function, s the slice spacing in taps, and T the power spectrum of the tapers of
:mod:`.rings`. T has period 1, which makes aliasing exact.

The prior keeps :math:`a_0` and :math:`a_l` smooth: :math:`a_0` is an integrated random walk whose second derivative has
the mean :data:`CURVATURE`, and each :math:`a_l` is the sum of two Gaussian processes over log frequency, of long and of
short correlation length. Only P can then explain zeros or a steep decay in the scan's spectrum, and a profile with its
zeros or its decay elsewhere fits badly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legval
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from ...physics.profile import SliceProfile
from .least_squares import minimise
from .rings import Rings

FloatArray = NDArray[np.float64]

#: Number of knots of each a_l, evenly spaced in log frequency, and the frequencies (cycles per tap) that they span.
KNOTS, LOWEST, HIGHEST = 16, 0.01, 0.75
#: Steps of the through-plane frequency from 0 to the Nyquist frequency of the taps.
STEPS = 128
#: The degrees l of the Legendre polynomials.
DEGREES = (2, 4, 6)
#: Standard deviation and correlation length (in log frequency) of the two processes of each a_l; the broad one has a
#: standard deviation for each degree.
BROAD, BROAD_LENGTH = (0.35, 0.25, 0.15), 1.0
NARROW, NARROW_LENGTH = 0.06, 0.35
#: Mean and standard deviation of the second derivative of a_0 over log frequency. Above the frequency ``KINK``, where
#: scanners filter, the standard deviation grows in proportion to the frequency.
CURVATURE, BENDING, KINK = -1.3, 1.0, 0.25
#: Power below this fraction of a ring's strongest is not trusted, because of leakage, rounding and motion.
RANGE = 1e-3
#: Standard deviation of log I that the model cannot explain, and variance of log I from a single in-plane frequency.
MISFIT, SAMPLING = 0.1, 1.25
#: Standard deviation of the logarithm of the noise power; its mean is that of e^-3 times the weakest power.
NOISE_SPREAD = 2.0
#: Added to the profile's power transfer, so that it is nowhere zero.
FLOOR = 1e-12


@dataclass(frozen=True)
class Fit:
    """How well a profile explains the scan.

    Attributes:
        deviance: minus twice the log evidence, up to a constant.
        misfit: mean square of the residuals of log power in units of their expected errors; about 1 for a good fit.
        values: the fitted parameters, from which another fit can start: each a_l at its knots, and the logarithm of the
            noise power.
    """

    deviance: float
    misfit: float
    values: FloatArray


class Anatomy:
    """The model of one scan's power spectrum, which is fitted for one candidate profile after another.

    Args:
        rings: the scan's power spectrum.
    """

    def __init__(self, rings: Rings) -> None:
        self._frequency = np.linspace(0.0, 0.5, STEPS + 1)
        self._basis = _basis(rings.radius, self._frequency)
        self._window = _window(rings, self._frequency)
        self._floor = RANGE * rings.power.max(axis=1, keepdims=True)
        self._log_power = np.log(rings.power + self._floor)
        self._error = np.sqrt(MISFIT**2 + SAMPLING / rings.count)[:, None]
        faintest = float(np.log(rings.power.min())) - 3
        self._prior, self._expected = _prior(faintest)
        self._start = np.zeros(self._prior.shape[1])
        knots = np.linspace(np.log(LOWEST), np.log(HIGHEST), KNOTS)
        self._start[:KNOTS] = np.interp(knots, np.log(rings.radius), np.log(rings.power[:, 0]))
        self._start[-1] = faintest

    def fit(self, profile: SliceProfile, start: FloatArray | None = None) -> Fit:
        r"""Fit the model to the scan under the assumption that ``profile`` is its slice profile.

        The deviance is Laplace's approximation :math:`|r|^2 + \log\det J^T J`, with r the residuals of log power and
        prior together and J their Jacobian.

        Args:
            profile: on taps of the reference's spacing.
            start: parameters to start from, such as those of another fit.
        """
        transfer = _power_transfer(profile, self._frequency)
        fitted = minimise(
            lambda values: self._residual(values, transfer),
            lambda values: self._jacobian(values, transfer),
            self._start if start is None else start,
        )
        _, determinant = np.linalg.slogdet(fitted.normal)
        misfit = float(np.mean(fitted.residuals[: self._log_power.size] ** 2))
        return Fit(float(fitted.residuals @ fitted.residuals + determinant), misfit, fitted.values)

    def _power(self, values: FloatArray, transfer: FloatArray) -> tuple[FloatArray, FloatArray]:
        """S P², and the power I that the model predicts (plus the floor of trusted power)."""
        blurred = np.exp(np.clip(np.tensordot(values[:-1], self._basis, 1), -80.0, 80.0)) * transfer
        return blurred, blurred @ self._window + np.exp(np.clip(values[-1], -80.0, 80.0)) + self._floor

    def _residual(self, values: FloatArray, transfer: FloatArray) -> FloatArray:
        """Residuals of log power in units of their expected errors, followed by those of the prior."""
        _, power = self._power(values, transfer)
        misfit = (np.log(power) - self._log_power) / self._error
        return np.concatenate([misfit.ravel(), self._prior @ values - self._expected])

    def _jacobian(self, values: FloatArray, transfer: FloatArray) -> FloatArray:
        """Derivatives of the residuals by the parameters, shape (residuals, parameters)."""
        blurred, power = self._power(values, transfer)
        scale = power * self._error
        slopes = (self._basis * blurred) @ self._window / scale
        noise = np.exp(values[-1]) / scale
        return np.concatenate([np.vstack([slopes.reshape(len(slopes), -1), noise.ravel()]).T, self._prior])


def _power_transfer(profile: SliceProfile, frequency: FloatArray) -> FloatArray:
    """P² at frequencies in cycles per tap, raised by :data:`FLOOR`."""
    taps = np.arange(profile.weights.size) - profile.weights.size // 2
    return np.asarray((np.cos(2 * np.pi * frequency[:, None] * taps) @ profile.weights) ** 2 + FLOOR)


def _basis(radius: FloatArray, frequency: FloatArray) -> FloatArray:
    """The contribution of each knot of each a_l to log S, shape (parameters, rings, frequencies)."""
    rho = np.hypot(radius[:, None], frequency[None, :])
    knots = np.linspace(np.log(LOWEST), np.log(HIGHEST), KNOTS)
    spline = CubicSpline(knots, np.eye(KNOTS), bc_type="natural")(np.clip(np.log(rho), knots[0], knots[-1]))
    radial = spline.transpose(2, 0, 1)
    angular = [legval(frequency / rho, np.eye(degree + 1)[degree]) for degree in (0, *DEGREES)]
    return np.concatenate([radial * term for term in angular])


def _window(rings: Rings, frequency: FloatArray) -> FloatArray:
    """The integral over w as a matrix, shape (w, f): trapezoidal weights times T at f - s w and at f + s w."""
    slices = np.arange(rings.tapers.shape[1])

    def taper_power(difference: FloatArray) -> FloatArray:
        waves = np.exp(-2j * np.pi * difference[..., None] * slices)
        return np.asarray((np.abs(waves @ rings.tapers.T) ** 2).mean(axis=-1))

    at = rings.step * frequency[:, None]
    steps = np.full(len(frequency), frequency[1])
    steps[[0, -1]] /= 2
    return (taper_power(rings.frequency - at) + taper_power(rings.frequency + at)) * steps[:, None]


def _prior(faintest: float) -> tuple[FloatArray, FloatArray]:
    """The prior as a linear least-squares system: a matrix of shape (rows, parameters) and the mean of each row.

    ``faintest`` is the prior mean of the logarithm of the noise power.
    """
    knots = np.linspace(np.log(LOWEST), np.log(HIGHEST), KNOTS)
    distance = knots[1] - knots[0]
    spread = BENDING * np.maximum(1.0, np.exp(knots[1:-1]) / KINK) / np.sqrt(distance)
    bending = np.diff(np.eye(KNOTS), 2, axis=0) / distance**2 / spread[:, None]
    apart = (knots[:, None] - knots[None, :]) ** 2 / 2
    size = KNOTS * (1 + len(DEGREES)) + 1
    rows = np.zeros((len(bending) + KNOTS * len(DEGREES) + 1, size))
    rows[: len(bending), :KNOTS] = bending
    for index, broad in enumerate(BROAD):
        covariance = broad**2 * np.exp(-apart / BROAD_LENGTH**2) + NARROW**2 * np.exp(-apart / NARROW_LENGTH**2)
        covariance += (1e-3 * broad) ** 2 * np.eye(KNOTS)  # keeps it invertible
        first = len(bending) + index * KNOTS
        block = slice((index + 1) * KNOTS, (index + 2) * KNOTS)
        rows[first : first + KNOTS, block] = np.linalg.cholesky(np.linalg.inv(covariance)).T
    rows[-1, -1] = 1 / NOISE_SPREAD
    expected = np.zeros(len(rows))
    expected[: len(bending)] = CURVATURE / spread
    expected[-1] = faintest / NOISE_SPREAD
    return rows, expected
