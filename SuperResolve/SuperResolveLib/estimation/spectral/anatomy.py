r"""What the scan is made of: the power spectrum of anatomy, as a prior says it, and what a profile makes of it.

At in-plane frequency r and through-plane frequency w (cycles per tap), with :math:`\rho^2 = r^2 + w^2` and
:math:`\mu = w / \rho`,

.. math:: \log S(r, w) = a_0(\log\rho) + \sum_{l = 2, 4, 6} a_l(\log\rho) P_l(\mu)

: a smooth fall :math:`a_0` that all directions share, and Legendre terms for what differs between the through-plane
axis and the in-plane ones. The scan shows it blurred with the profile, sampled, and with white noise:

.. math:: I(r, f) = \int S(r, w)\, P(w)^2\, T(f - s w)\, dw + n

with P the profile's transfer function, s the slice spacing, and T the tapers' power, periodic, so that aliasing is
exact. The prior: :math:`a_0` bends slowly (an integrated random walk whose slope grows by :data:`CURVATURE`), the
:math:`a_l` are Gaussian processes over log frequency, a broad one and a narrow one. Since all is smooth but for P, a
profile that does not fit shows: its zeros and its fall have to be where the scan's are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legval
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares

from ...physics.profile import SliceProfile
from .rings import Rings

FloatArray = NDArray[np.float64]

#: Knots of the a_l, evenly in log frequency, and the frequencies (cycles per tap) that they span.
KNOTS, LOWEST, HIGHEST = 16, 0.01, 0.75
#: Steps of the through-plane frequency up to the Nyquist frequency of the taps.
STEPS = 192
#: Degrees l and the standard deviation of each a_l, over long and over short distances in log frequency.
DEGREES = (2, 4, 6)
BROAD, BROAD_LENGTH = (0.35, 0.25, 0.15), 1.0
NARROW, NARROW_LENGTH = 0.06, 0.35
#: Mean and standard deviation (per unit of log frequency) of the second derivative of a_0; it may bend faster, in
#: proportion, above ``KINK``, where scanners filter.
CURVATURE, BENDING, KINK = -1.3, 1.0, 0.25
#: Power below this part of a ring's strongest is not trusted: leakage, rounding, what moves.
RANGE = 1e-3
#: Standard deviation of log I that the model leaves open, and variance of log I for one in-plane frequency.
MISFIT, SAMPLING = 0.1, 1.25
#: Standard deviation of the logarithm of the noise about e^-3 of the weakest power.
NOISE_SPREAD = 2.0
#: Below this the profile's power transfer does not count.
FLOOR = 1e-12


@dataclass(frozen=True)
class Fit:
    """How well a profile explains the scan.

    Attributes:
        deviance: minus twice the log evidence, up to a constant.
        misfit: mean square of the differences of log power, in units of their expected errors: about 1.
        values: the a_l at their knots and the logarithm of the noise, from which another fit can start.
    """

    deviance: float
    misfit: float
    values: FloatArray


class Anatomy:
    """The prior on anatomy, to be fitted to the power spectrum of a scan for one profile after another.

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
        r"""The anatomy that fits the scan best if this is its profile (on taps), and how badly.

        The deviance is Laplace's approximation, :math:`|r|^2 + \log\det J^T J` with r all residuals and J their slopes.
        """
        transfer = _power_transfer(profile, self._frequency)
        fitted = least_squares(
            self._residual,
            self._start if start is None else start,
            jac=self._jacobian,
            args=(transfer,),
            method="lm",
            ftol=1e-4,
            xtol=1e-4,
        )
        slopes = np.asarray(fitted.jac)
        _, determinant = np.linalg.slogdet(slopes.T @ slopes)
        misfit = float(np.mean(fitted.fun[: self._log_power.size] ** 2))
        return Fit(float(2 * fitted.cost + determinant), misfit, fitted.x)

    def _power(self, values: FloatArray, transfer: FloatArray) -> tuple[FloatArray, FloatArray]:
        """S P² and the power I that the scan should show."""
        blurred = np.exp(np.clip(np.tensordot(values[:-1], self._basis, 1), -80.0, 80.0)) * transfer
        return blurred, blurred @ self._window + np.exp(np.clip(values[-1], -80.0, 80.0)) + self._floor

    def _residual(self, values: FloatArray, transfer: FloatArray) -> FloatArray:
        _, power = self._power(values, transfer)
        misfit = (np.log(power) - self._log_power) / self._error
        return np.concatenate([misfit.ravel(), self._prior @ values - self._expected])

    def _jacobian(self, values: FloatArray, transfer: FloatArray) -> FloatArray:
        blurred, power = self._power(values, transfer)
        scale = power * self._error
        slopes = (self._basis * blurred) @ self._window / scale
        noise = np.exp(values[-1]) / scale
        return np.concatenate([np.vstack([slopes.reshape(len(slopes), -1), noise.ravel()]).T, self._prior])


def _power_transfer(profile: SliceProfile, frequency: FloatArray) -> FloatArray:
    """P² at frequencies in cycles per tap."""
    taps = np.arange(profile.weights.size) - profile.weights.size // 2
    return np.asarray((np.cos(2 * np.pi * frequency[:, None] * taps) @ profile.weights) ** 2 + FLOOR)


def _basis(radius: FloatArray, frequency: FloatArray) -> FloatArray:
    """What each knot of each a_l adds to log S, shape (parameters, rings, frequencies)."""
    rho = np.hypot(radius[:, None], frequency[None, :])
    knots = np.linspace(np.log(LOWEST), np.log(HIGHEST), KNOTS)
    spline = CubicSpline(knots, np.eye(KNOTS), bc_type="natural")(np.clip(np.log(rho), knots[0], knots[-1]))
    radial = spline.transpose(2, 0, 1)
    angular = [legval(frequency / rho, np.eye(degree + 1)[degree]) for degree in (0, *DEGREES)]
    return np.concatenate([radial * term for term in angular])


def _window(rings: Rings, frequency: FloatArray) -> FloatArray:
    """The integral over w with the tapers' power at f - s w and f + s w, as a matrix (w, f)."""
    slices = np.arange(rings.tapers.shape[1])

    def taper_power(difference: FloatArray) -> FloatArray:
        waves = np.exp(-2j * np.pi * difference[..., None] * slices)
        return np.asarray((np.abs(waves @ rings.tapers.T) ** 2).mean(axis=-1))

    at = rings.step * frequency[:, None]
    steps = np.full(len(frequency), frequency[1])
    steps[[0, -1]] /= 2
    return (taper_power(rings.frequency - at) + taper_power(rings.frequency + at)) * steps[:, None]


def _prior(faintest: float) -> tuple[FloatArray, FloatArray]:
    """The prior as rows of a linear least-squares problem: (rows, parameters) and what each row expects."""
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
