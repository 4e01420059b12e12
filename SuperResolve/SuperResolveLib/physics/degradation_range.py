"""Ranges from which degradations are drawn, so that one model serves scans of many protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError
from .degradation import Degradation
from .profile import SliceProfile

Range = tuple[float, float]
#: Taps of a drawn profile per voxel or FWHM, whichever is smaller.
TAPS = 4


@dataclass(frozen=True)
class DegradationRange:
    r"""Degradations, each drawn evenly from its range; what is fixed has a range with equal ends.

    Profiles are generalised Gaussians :math:`\exp(-|x/a|^p)`, from the Gaussian (p = 2) to nearly a rect (p = 6), as
    radio-frequency pulses make them; p is drawn evenly on a logarithmic scale.

    Attributes:
        operator: ``"profile"``, or ``"select"``: slices as thin as voxels, for which the widths mean nothing.
        ratios: slice spacing over voxel; any real numbers from 1.
        fwhm_ratios: FWHM of the profile over slice spacing: below 1 with gaps, above 1 where slices overlap.
        noise: standard deviation of the slices' noise in units of the intensity range 0 to 1.
        exponents: p of the profiles.

    Raises:
        InputError: a range is reversed or holds what no scanner does.
    """

    operator: Literal["profile", "select"]
    ratios: Range
    fwhm_ratios: Range = (1.0, 1.0)
    noise: Range = (0.0, 0.0)
    exponents: Range = (2.0, 6.0)

    def __post_init__(self) -> None:
        if self.operator not in ("profile", "select"):
            raise InputError(f"there is no operator {self.operator!r}: choose profile or select")
        _check("ratios", self.ratios, 1.0, 100.0)
        _check("fwhm_ratios", self.fwhm_ratios, 0.05, 10.0)
        _check("noise", self.noise, 0.0, 1.0)
        _check("exponents", self.exponents, 1.0, 50.0)

    def draw(self, random: np.random.Generator, voxel: float) -> Degradation:
        """A degradation for voxels of that size in mm; as many numbers are drawn whatever the operator."""
        ratio, fwhm_ratio, noise = (random.uniform(*each) for each in (self.ratios, self.fwhm_ratios, self.noise))
        exponent = float(np.exp(random.uniform(*np.log(self.exponents))))
        spacing = ratio * voxel
        if self.operator == "select":
            return Degradation("select", spacing, noise)
        fwhm = fwhm_ratio * spacing
        profile = SliceProfile.generalised_gaussian(fwhm, exponent, min(fwhm, voxel) / TAPS)
        return Degradation(profile, spacing, noise)


def _check(name: str, ends: Range, lowest: float, highest: float) -> None:
    low, high = ends
    if not lowest <= low <= high <= highest:
        raise InputError(
            f"{name} of a degradation range are {low:g} to {high:g}: give two numbers in order, from {lowest:g} to "
            f"{highest:g}"
        )
