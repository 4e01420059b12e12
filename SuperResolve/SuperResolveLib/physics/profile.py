r"""The slice profile: the point-spread function by which through-plane resolution is worse than in-plane.

In-plane PSF * profile = through-plane PSF. A profile lives on *taps* one in-plane voxel apart: an odd number,
non-negative, centred, summing to 1, with the distance between them in mm.

Between its taps a tabulated profile is read by cubic convolution (Keys 1981, a = -1/2), which reproduces quadratics and
so keeps mass, centroid and variance at every phase, where linear interpolation would widen it by up to a quarter
squared tap. A Gaussian or rect is integrated over the tap in closed form, at any phase and spacing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from ..errors import InputError

FloatArray = NDArray[np.floating]

#: A Gaussian's FWHM over its standard deviation.
FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))
#: Where a Gaussian profile ends, in standard deviations: the same for its taps and between them.
_GAUSSIAN_REACH = 4.0


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """A relative slice profile.

    Attributes:
        weights: the taps, shape (odd,), non-negative, summing to 1.
        tap_spacing: distance between taps in mm.
        cumulative: the profile's integral from minus infinity to an offset in mm, where a closed form exists.

    Raises:
        InputError: the taps are not a profile.
    """

    weights: FloatArray
    tap_spacing: float
    cumulative: Callable[[FloatArray], FloatArray] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.ndim != 1 or weights.size % 2 == 0:
            raise InputError(
                f"a slice profile needs an odd number of taps in one row, not an array of shape {weights.shape}"
            )
        if not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
            raise InputError("a slice profile's weights must be finite, not negative, and not all zero")
        if not (np.isfinite(self.tap_spacing) and self.tap_spacing > 0):
            raise InputError(f"the distance between a slice profile's taps must be positive, not {self.tap_spacing} mm")
        object.__setattr__(self, "weights", weights / weights.sum())

    @classmethod
    def gaussian(cls, fwhm_mm: float, tap_spacing: float) -> SliceProfile:
        """A Gaussian of the given FWHM, integrated over each tap; it ends at 4 standard deviations."""
        sigma = _positive_width(fwhm_mm) / FWHM_PER_SIGMA
        return cls._integrated(_GaussianIntegral(sigma), _GAUSSIAN_REACH * sigma, tap_spacing)

    @classmethod
    def rect(cls, width_mm: float, tap_spacing: float) -> SliceProfile:
        """A rect of the given (also fractional) width, integrated over each tap."""
        return cls._integrated(_RectIntegral(_positive_width(width_mm)), width_mm / 2, tap_spacing)

    @classmethod
    def _integrated(
        cls, cumulative: Callable[[FloatArray], FloatArray], reach: float, tap_spacing: float
    ) -> SliceProfile:
        if not tap_spacing > 0:
            raise InputError(f"the distance between a slice profile's taps must be positive, not {tap_spacing} mm")
        edge = _taps_to(reach / tap_spacing - 0.5)
        offsets = np.arange(-edge, edge + 1) * tap_spacing
        return cls(
            cumulative(offsets + tap_spacing / 2) - cumulative(offsets - tap_spacing / 2), tap_spacing, cumulative
        )

    @property
    def offsets(self) -> FloatArray:
        """Where the taps lie, in mm from the slice centre."""
        half = self.weights.size // 2
        return np.arange(-half, half + 1) * self.tap_spacing

    @property
    def fwhm_mm(self) -> float:
        """Full width at half maximum in mm, the slice thickness; see :func:`full_width_at_half_maximum`."""
        return full_width_at_half_maximum(self.weights) * self.tap_spacing

    @property
    def centroid_mm(self) -> float:
        """The profile's first moment, in mm from the middle tap."""
        return float(self.weights @ self.offsets)

    @property
    def standard_deviation_mm(self) -> float:
        """The root-mean-square width in mm."""
        return float(np.sqrt(self.weights @ (self.offsets - self.centroid_mm) ** 2))

    def sampled(self, offsets: ArrayLike, spacing: float) -> FloatArray:
        """The profile's share in voxels of size ``spacing`` mm centred ``offsets`` mm from the slice centre.

        Not normalised: over a whole grid of such voxels it sums to about 1. Closed forms are integrated over the voxel;
        taps are interpolated, and averaged over what the voxel is larger than a tap. Between taps of a profile with
        sharp edges the interpolant dips slightly below zero, without which mass and variance would not be kept.
        """
        at = np.asarray(offsets, dtype=np.float64)
        if self.cumulative is not None:
            return self.cumulative(at + spacing / 2) - self.cumulative(at - spacing / 2)
        # A tap is an average over itself; one over the voxel has spacing² - interval² more of variance (times 1/12).
        excess = float(np.sqrt(max(0.0, spacing**2 - self.tap_spacing**2)))
        steps = 1 + 2 * int(np.ceil(2 * excess / self.tap_spacing))
        within = (np.arange(steps) - (steps - 1) / 2) * excess / steps
        values = np.mean([self._interpolated(at + shift) for shift in within], axis=0)
        return values * spacing / self.tap_spacing

    def _interpolated(self, offsets_mm: FloatArray) -> FloatArray:
        """Cubic convolution of the taps at offsets in mm; zero beyond them."""
        position = offsets_mm / self.tap_spacing
        base = np.floor(position).astype(int)
        values = np.zeros_like(position)
        half = self.weights.size // 2
        padded = np.pad(self.weights, 3)
        for neighbour in range(-1, 3):
            tap = base + neighbour
            index = np.clip(tap + half + 3, 0, padded.size - 1)
            values += padded[index] * cubic_kernel(position - tap)
        return values

    def resampled(self, tap_spacing: float) -> SliceProfile:
        """The same profile on taps ``tap_spacing`` mm apart."""
        if np.isclose(tap_spacing, self.tap_spacing, rtol=1e-6):
            return self
        edge = _taps_to(self.offsets[-1] / tap_spacing)
        taps = self.sampled(np.arange(-edge, edge + 1) * tap_spacing, tap_spacing)
        return SliceProfile(np.maximum(taps, 0.0), tap_spacing, self.cumulative)

    def centred(self) -> SliceProfile:
        """The profile shifted, by a fraction of a tap too, so that its centroid lies on the middle tap."""
        reach = abs(round(self.centroid_mm / self.tap_spacing)) + 3
        padded = SliceProfile(np.pad(self.weights, reach), self.tap_spacing)

        def shifted(by_mm: float) -> SliceProfile:
            return SliceProfile(
                np.maximum(padded.sampled(padded.offsets + by_mm, padded.tap_spacing), 0.0), self.tap_spacing
            )

        # Clipping the interpolant at zero moves the centroid a little, so that shifting by the centroid is not enough.
        bracket = self.centroid_mm + 2 * self.tap_spacing * np.array([-1, 1])
        return shifted(brentq(lambda by_mm: shifted(by_mm).centroid_mm, *bracket)).trimmed()

    def trimmed(self) -> SliceProfile:
        """The profile without the outer pairs of taps that are both zero."""
        weights = self.weights
        while weights.size > 1 and weights[0] == 0 and weights[-1] == 0:
            weights = weights[1:-1]
        return SliceProfile(weights, self.tap_spacing, self.cumulative)

    def is_multi_peaked(self) -> bool:
        """Whether the profile falls below half its maximum and rises above it again."""
        above = self.weights > self.weights.max() / 2
        return int(np.count_nonzero(np.diff(np.pad(above, 1).astype(int)) == 1)) > 1

    def touches_border(self, fraction: float = 0.1) -> bool:
        """Whether an outermost tap is above ``fraction`` of the maximum, so that taps may be missing."""
        return bool(max(self.weights[0], self.weights[-1]) > fraction * self.weights.max())


def full_width_at_half_maximum(weights: ArrayLike) -> float:
    """The FWHM of a sampled profile in taps, by linear interpolation at half maximum.

    It is the distance between the *outermost* crossings of half the maximum, so that ripples on a flat top do not
    shorten it; a profile with separate peaks therefore gets the width over all of them
    (:meth:`SliceProfile.is_multi_peaked` tells). Beyond the border the profile counts as zero: one that still is
    above half maximum at an outermost tap gets the width of its support, a lower bound
    (:meth:`SliceProfile.touches_border` tells).

    Raises:
        InputError: there is no positive maximum.
    """
    padded = np.pad(np.asarray(weights, dtype=np.float64), 1)
    half = padded.max() / 2
    if not half > 0:
        raise InputError("the width of a slice profile without a positive maximum is not defined")
    above = np.flatnonzero(padded >= half)
    first, last = int(above[0]), int(above[-1])
    left = first - (padded[first] - half) / (padded[first] - padded[first - 1])
    right = last + (padded[last] - half) / (padded[last] - padded[last + 1])
    return float(right - left)


def profile_error(estimate: SliceProfile, truth: SliceProfile) -> float:
    """Sum of absolute differences between two profiles, both centred, on the truth's taps (Han et al. 2021, Sec.
    3.1).
    """
    a, b = estimate.centred().resampled(truth.tap_spacing).weights, truth.centred().weights
    size = max(a.size, b.size)
    return float(np.abs(np.pad(a, (size - a.size) // 2) - np.pad(b, (size - b.size) // 2)).sum())


@dataclass(frozen=True)
class _GaussianIntegral:
    sigma: float

    def __call__(self, offset: FloatArray) -> FloatArray:
        below = ndtr(np.clip(offset / self.sigma, -_GAUSSIAN_REACH, _GAUSSIAN_REACH))
        return np.asarray((below - ndtr(-_GAUSSIAN_REACH)) / (1 - 2 * ndtr(-_GAUSSIAN_REACH)))


@dataclass(frozen=True)
class _RectIntegral:
    width: float

    def __call__(self, offset: FloatArray) -> FloatArray:
        return np.clip(offset / self.width + 0.5, 0.0, 1.0)


def cubic_kernel(distance: FloatArray) -> FloatArray:
    """Keys' cubic convolution kernel, a = -1/2 (IEEE TASSP 1981, eq. 15)."""
    t = np.abs(distance)
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _taps_to(reach: float) -> int:
    """How many taps on each side are needed to cover ``reach`` tap distances."""
    return max(0, int(np.ceil(reach - 1e-9)))


def _positive_width(width_mm: float) -> float:
    if not (np.isfinite(width_mm) and width_mm > 0):
        raise InputError(f"a slice profile's width must be a positive number of mm, not {width_mm}")
    return float(width_mm)


def as_json(profile: SliceProfile) -> dict[str, Any]:
    """The profile as it stands in every ``--json`` file."""
    return {"fwhm_mm": profile.fwhm_mm, "profile": profile.weights.tolist(), "tap_spacing_mm": profile.tap_spacing}
