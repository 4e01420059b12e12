"""The relative slice profile: the point-spread function by which through-plane resolution is worse than in-plane.

It is defined by in-plane PSF * profile = through-plane PSF, where * is convolution (Han et al., IPMI 2021), and held as
an odd number of non-negative samples, its *taps*, evenly spaced about the slice centre and summing to 1.

Between its taps a profile is interpolated by cubic convolution (Keys 1981). This reproduces quadratics, so that mass,
centroid and variance stay the same wherever slice centres lie between voxels; linear interpolation would add up to a
quarter of a squared tap spacing to the variance. A Gaussian or rect is not interpolated but integrated over each tap or
voxel in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from ..errors import InputError
from .kernels import (
    FWHM_PER_SIGMA,
    GAUSSIAN_REACH,
    GaussianIntegral,
    GeneralisedGaussianIntegral,
    RectIntegral,
    cubic_kernel,
)
from .profile_limits import check_tap_spacing, checked_sum, checked_width
from .pulses import WindowedSincIntegral

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """A relative slice profile.

    Attributes:
        weights: the taps, shape (taps,) with an odd number of taps; non-negative, scaled to sum to 1.
        tap_spacing: distance between taps in mm.
        cumulative: integral of the profile from minus infinity to an offset in mm, if there is a closed form.

    Raises:
        InputError: the taps are not odd in number, finite, non-negative and with a sum that is not nearly zero, or
            their spacing or width is not plausible.
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
        if not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
            raise InputError("a slice profile's weights must be finite, not negative, and not all zero")
        total = checked_sum(weights)
        check_tap_spacing(self.tap_spacing)
        object.__setattr__(self, "weights", weights / total)
        checked_width(self.fwhm_mm)

    @classmethod
    def gaussian(cls, fwhm_mm: float, tap_spacing: float) -> SliceProfile:
        """A Gaussian of that FWHM, integrated over each tap and cut off at 4 standard deviations.

        Raises:
            InputError: the FWHM or the tap spacing is not plausible.
        """
        sigma = checked_width(fwhm_mm) / FWHM_PER_SIGMA
        return cls._integrated(GaussianIntegral(sigma), GAUSSIAN_REACH * sigma, tap_spacing)

    @classmethod
    def rect(cls, width_mm: float, tap_spacing: float) -> SliceProfile:
        """A rect of that width, integrated over each tap; the width need not be a whole number of taps.

        Raises:
            InputError: the width or the tap spacing is not plausible.
        """
        return cls._integrated(RectIntegral(checked_width(width_mm)), width_mm / 2, tap_spacing)

    @classmethod
    def generalised_gaussian(cls, fwhm_mm: float, exponent: float, tap_spacing: float) -> SliceProfile:
        r"""A generalised Gaussian :math:`\exp(-|x/a|^p)` of that FWHM and exponent p, integrated over each tap.

        With p = 2 it is the Gaussian; with p = 6 its flanks are steep, and it is nearly a rect. It is cut off where it
        falls to exp(-8), as the Gaussian is at 4 standard deviations.

        Raises:
            InputError: the FWHM or the tap spacing is not plausible, or the exponent is not between 1 and 50.
        """
        if not 1 <= exponent <= 50:
            raise InputError(f"a generalised Gaussian's exponent is {exponent:.4g}: give one from 1 to 50")
        integral = GeneralisedGaussianIntegral.of_fwhm(checked_width(fwhm_mm), exponent)
        return cls._integrated(integral, integral.reach, tap_spacing)

    @classmethod
    def windowed_sinc(cls, fwhm_mm: float, time_bandwidth: float, window: float, tap_spacing: float) -> SliceProfile:
        """What a windowed sinc pulse excites (:mod:`~.pulses`), of that FWHM, integrated over each tap.

        Args:
            fwhm_mm: of the profile.
            time_bandwidth: of the pulse: the larger, the steeper the flanks.
            window: 0.5 for Hann's window, 0.46 for Hamming's.
            tap_spacing: in mm.

        Raises:
            InputError: the FWHM or the tap spacing is not plausible, or the pulse's numbers are not.
        """
        if not (1 <= time_bandwidth <= 50 and 0 <= window <= 0.5):
            raise InputError(
                f"a windowed sinc has the time-bandwidth product {time_bandwidth:.4g} and the window {window:.4g}: "
                "give one from 1 to 50 and one from 0 to 0.5"
            )
        integral = WindowedSincIntegral.of_fwhm(checked_width(fwhm_mm), time_bandwidth, window)
        return cls._integrated(integral, integral.reach, tap_spacing)

    @classmethod
    def _integrated(
        cls, cumulative: Callable[[FloatArray], FloatArray], reach: float, tap_spacing: float
    ) -> SliceProfile:
        """The profile whose integral is ``cumulative``, on the taps that ``reach`` mm to each side touch."""
        check_tap_spacing(tap_spacing)
        edge = _taps_to(reach / tap_spacing - 0.5)
        offsets = np.arange(-edge, edge + 1) * tap_spacing
        return cls(
            cumulative(offsets + tap_spacing / 2) - cumulative(offsets - tap_spacing / 2), tap_spacing, cumulative
        )

    @property
    def offsets(self) -> FloatArray:
        """Positions of the taps in mm from the slice centre, shape (taps,)."""
        half = self.weights.size // 2
        return np.arange(-half, half + 1) * self.tap_spacing

    @property
    def fwhm_mm(self) -> float:
        """Full width at half maximum in mm, which is the slice thickness; see :func:`full_width_at_half_maximum`."""
        return full_width_at_half_maximum(self.weights) * self.tap_spacing

    @property
    def centroid_mm(self) -> float:
        """Centroid in mm from the middle tap."""
        return float(self.weights @ self.offsets)

    @property
    def standard_deviation_mm(self) -> float:
        """Standard deviation of the taps about their centroid in mm, also called the root-mean-square width."""
        return float(np.sqrt(self.weights @ (self.offsets - self.centroid_mm) ** 2))

    def sampled(self, offsets: ArrayLike, spacing: float) -> FloatArray:
        """The weight that the profile gives to voxels of size ``spacing`` mm.

        A closed form is integrated over each voxel. Taps are interpolated and, where voxels are larger than taps,
        averaged over the difference in size. The weights are not normalised, but over a whole grid of such voxels they
        sum to about 1. Beside sharp edges interpolated weights are slightly negative; clipping them would change mass
        and variance.

        Args:
            offsets: voxel centres in mm from the slice centre, any shape.
            spacing: voxel size in mm.

        Returns:
            Weights, of the shape of ``offsets``.
        """
        at = np.asarray(offsets, dtype=np.float64)
        if self.cumulative is not None:
            return self.cumulative(at + spacing / 2) - self.cumulative(at - spacing / 2)
        # A tap already averages over tap_spacing, so that a box of this width adds the variance that is missing:
        # spacing² / 12 = tap_spacing² / 12 + excess² / 12.
        excess = float(np.sqrt(max(0.0, spacing**2 - self.tap_spacing**2)))
        steps = 1 + 2 * int(np.ceil(2 * excess / self.tap_spacing))
        within = (np.arange(steps) - (steps - 1) / 2) * excess / steps
        values = np.mean([self._interpolated(at + shift) for shift in within], axis=0)
        return values * spacing / self.tap_spacing

    def _interpolated(self, offsets_mm: FloatArray) -> FloatArray:
        """The taps interpolated by cubic convolution at offsets in mm; zero beyond them."""
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
        """The profile shifted so that its centroid lies on the middle tap; the shift need not be a whole tap."""
        reach = abs(round(self.centroid_mm / self.tap_spacing)) + 3
        padded = SliceProfile(np.pad(self.weights, reach), self.tap_spacing)

        def shifted(by_mm: float) -> SliceProfile:
            return SliceProfile(
                np.maximum(padded.sampled(padded.offsets + by_mm, padded.tap_spacing), 0.0), self.tap_spacing
            )

        # Clipping interpolated taps at zero moves the centroid, so that the shift has to be searched for.
        bracket = self.centroid_mm + 2 * self.tap_spacing * np.array([-1, 1])
        return shifted(brentq(lambda by_mm: shifted(by_mm).centroid_mm, *bracket)).trimmed()

    def trimmed(self) -> SliceProfile:
        """The profile without outer taps that are zero on both sides."""
        weights = self.weights
        while weights.size > 1 and weights[0] == 0 and weights[-1] == 0:
            weights = weights[1:-1]
        return SliceProfile(weights, self.tap_spacing, self.cumulative)

    def is_multi_peaked(self) -> bool:
        """Whether the profile has several separate stretches above half its maximum."""
        above = self.weights > self.weights.max() / 2
        rises = np.diff(np.pad(above, 1).astype(int)) == 1
        return int(np.count_nonzero(rises)) > 1

    def touches_border(self, fraction: float = 0.1) -> bool:
        """Whether an outermost tap exceeds ``fraction`` of the maximum, so that the profile may be cut off."""
        return bool(max(self.weights[0], self.weights[-1]) > fraction * self.weights.max())


def full_width_at_half_maximum(weights: ArrayLike) -> float:
    """The FWHM of a sampled profile in taps, by linear interpolation at half maximum.

    It is the distance between the *outermost* crossings of half the maximum, so that ripples on a flat top do not
    shorten it. Two cases need care: with separate peaks it is the width over all of them
    (:meth:`SliceProfile.is_multi_peaked`), and if an outermost tap is above half the maximum it is only a lower bound,
    since the profile counts as zero beyond its taps (:meth:`SliceProfile.touches_border`).

    Args:
        weights: the samples, shape (taps,).

    Raises:
        InputError: no sample is positive.
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
    """Sum of absolute differences of two centred profiles on the truth's taps (Han et al., IPMI 2021, Sec. 3.1)."""
    a, b = estimate.centred().resampled(truth.tap_spacing).weights, truth.centred().weights
    size = max(a.size, b.size)
    return float(np.abs(np.pad(a, (size - a.size) // 2) - np.pad(b, (size - b.size) // 2)).sum())


def _taps_to(reach: float) -> int:
    """The number of taps on each side that cover ``reach`` tap spacings."""
    return max(0, int(np.ceil(reach - 1e-9)))
