"""Ranges from which degradations are drawn, so that one model serves scans of many protocols."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError
from .degradation import Degradation
from .profile import SliceProfile
from .pulses import HAMMING, HANN

Range = tuple[float, float]
#: Taps of a drawn profile per voxel or FWHM, whichever is smaller.
TAPS = 4
#: Time-bandwidth products of windowed sinc pulses.
TIME_BANDWIDTHS = (2.0, 8.0)


@dataclass(frozen=True)
class DegradationRange:
    r"""Degradations, each drawn evenly from its range; what is fixed has a range with equal ends.

    Where no profile is given, they are generalised Gaussians :math:`\exp(-|x/a|^p)`, from the Gaussian (p = 2) to
    nearly a rect (p = 6), as radio-frequency pulses make them; p is drawn evenly on a logarithmic scale.

    Attributes:
        operator: ``"profile"``, or ``"select"``: slices as thin as voxels, for which the widths mean nothing.
        ratios: slice spacing over voxel; any real numbers from 1.
        fwhm_ratios: FWHM of the profile over slice spacing: below 1 with gaps, above 1 where slices overlap.
        noise: standard deviation of the slices' noise in units of the intensity range 0 to 1.
        exponents: p of the profiles.
        whole: whether ratios are whole numbers only, and slices lie where a filter over whole voxels, or the picking of
            voxels, lays them (:meth:`~.degraded_column.DegradedColumn.at_phase`, ``aligned``).
        profile: the one profile whatever the ratio; ``"rect"`` for rects of the drawn widths; or ``"pulse"`` for what
            windowed sinc pulses excite, in half of the draws.
        as_scanned: whether ratios are drawn evenly on a logarithmic scale, and little noise more often than much: the
            square root of it evenly.

    Raises:
        InputError: a range is reversed or holds what no scanner does, or no whole ratio.
    """

    operator: Literal["profile", "select"]
    ratios: Range
    fwhm_ratios: Range = (1.0, 1.0)
    noise: Range = (0.0, 0.0)
    exponents: Range = (2.0, 6.0)
    whole: bool = False
    profile: SliceProfile | Literal["rect", "pulse"] | None = None
    as_scanned: bool = False

    def __post_init__(self) -> None:
        if self.operator not in ("profile", "select"):
            raise InputError(f"there is no operator {self.operator!r}: choose profile or select")
        _check("ratios", self.ratios, 1.0, 100.0)
        _check("fwhm_ratios", self.fwhm_ratios, 0.05, 10.0)
        _check("noise", self.noise, 0.0, 1.0)
        _check("exponents", self.exponents, 1.0, 50.0)
        if self.whole and not self._whole_ratios:
            raise InputError(
                f"there is no whole ratio from {self.ratios[0]:g} to {self.ratios[1]:g}: give a wider range"
            )

    @property
    def _whole_ratios(self) -> range:
        return range(math.ceil(self.ratios[0] - 1e-9), math.floor(self.ratios[1] + 1e-9) + 1)

    def draw(self, random: np.random.Generator, voxel: float) -> Degradation:
        """A degradation for voxels of that size in mm; as many numbers are drawn whatever the operator."""
        ratio, fwhm_ratio, noise = (random.uniform(*each) for each in (self.ratios, self.fwhm_ratios, self.noise))
        exponent = _even_in_logarithm(random, self.exponents)
        if self.as_scanned:
            ratio, noise = _even_in_logarithm(random, self.ratios), random.uniform(*np.sqrt(self.noise)) ** 2
        if self.whole:
            ratio = self._whole(ratio)
        spacing = ratio * voxel
        if self.operator == "select":
            return Degradation("select", spacing, noise)
        if self.profile == "pulse" and random.integers(2):
            return Degradation(_pulse(random, fwhm_ratio * spacing, voxel), spacing, noise)
        return Degradation(self._profile(fwhm_ratio * spacing, exponent, voxel), spacing, noise)

    def _whole(self, ratio: float) -> int:
        """One of the whole ratios, each as likely, for a ratio drawn evenly."""
        ratios, (low, high) = self._whole_ratios, self.ratios
        share = (ratio - low) / (high - low) if high > low else 0.0
        return ratios[min(int(share * len(ratios)), len(ratios) - 1)]

    def _profile(self, fwhm: float, exponent: float, voxel: float) -> SliceProfile:
        if isinstance(self.profile, SliceProfile):
            return self.profile
        spacing = _tap_spacing(fwhm, voxel)
        if self.profile == "rect":
            return SliceProfile.rect(fwhm, spacing)
        return SliceProfile.generalised_gaussian(fwhm, exponent, spacing)


def _pulse(random: np.random.Generator, fwhm: float, voxel: float) -> SliceProfile:
    """The profile of a windowed sinc pulse drawn at random."""
    time_bandwidth, window = _even_in_logarithm(random, TIME_BANDWIDTHS), (HANN, HAMMING)[int(random.integers(2))]
    return SliceProfile.windowed_sinc(fwhm, time_bandwidth, window, _tap_spacing(fwhm, voxel))


def _tap_spacing(fwhm: float, voxel: float) -> float:
    return min(fwhm, voxel) / TAPS


def _even_in_logarithm(random: np.random.Generator, ends: Range) -> float:
    return float(np.exp(random.uniform(*np.log(ends))))


def _check(name: str, ends: Range, lowest: float, highest: float) -> None:
    low, high = ends
    if not lowest <= low <= high <= highest:
        raise InputError(
            f"{name} of a degradation range are {low:g} to {high:g}: give two numbers in order, from {lowest:g} to "
            f"{highest:g}"
        )
