"""A range of degradations, from which training draws a new one for every batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .degradation import Degradation
from .problem import OperatorKind
from .profile import SliceProfile
from .shapes import bell

#: Exponents of the generalised Gaussians that are drawn: from a Gaussian to the flat tops that scanners have.
EXPONENTS = (2.0, 6.0)


@dataclass(frozen=True)
class DegradationRange:
    """What slices may be like.

    Attributes:
        operator: whether slices are blurred with a profile, or only selected.
        ratios: of slice spacing to voxel, smallest and largest; drawn evenly in their logarithm.
        fwhm_ratios: of the profile's FWHM to the slice spacing; of no meaning where slices are selected.
        noise: standard deviation of the slices' noise, in units of their intensity range.
    """

    operator: OperatorKind
    ratios: tuple[float, float]
    fwhm_ratios: tuple[float, float] = (1.0, 1.0)
    noise: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if not 1 <= self.ratios[0] <= self.ratios[1] <= 64:
            low, high = self.ratios
            raise InputError(f"ratios from {low:g} to {high:g} cannot be learned: give some from 1 to 64")

    def draw(self, random: np.random.Generator, voxel: float) -> Degradation:
        """One of them, for voxels of that size in mm."""
        spacing = voxel * math.exp(random.uniform(math.log(self.ratios[0]), math.log(self.ratios[1])))
        fwhm = spacing * random.uniform(*self.fwhm_ratios)
        exponent, noise = random.uniform(*EXPONENTS), random.uniform(*self.noise)
        return self._of(bell(fwhm, exponent, voxel), spacing, noise)

    def middle(self, voxel: float) -> Degradation:
        """The one in the middle, with a Gaussian profile and without noise."""
        spacing = voxel * math.sqrt(math.prod(self.ratios))
        return self._of(SliceProfile.gaussian(spacing * sum(self.fwhm_ratios) / 2, voxel), spacing, 0.0)

    def _of(self, profile: SliceProfile, spacing: float, noise: float) -> Degradation:
        return Degradation("select" if self.operator == "select" else profile, spacing, noise)
