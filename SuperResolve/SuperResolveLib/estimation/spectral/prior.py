"""What is known of a slice profile before the scan is seen: how probable families of shapes and widths are.

``scanner`` is what real scanners do. Profiles that were measured with ramp phantoms on scanners of three vendors are
generalised Gaussians of exponents 4.2 to 5.9, some of 2.4, and 0.86 to 1.07 times as wide as their nominal thickness;
slices are contiguous or have gaps, and overlap is rare. ``broad`` takes hardly anything for granted: bells and boxes,
of about 0.7 of the slice spacing within a factor of two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..estimator import PriorInfo
from ..reference import Reference
from .search import FLAT_TOP, GAUSSIAN, RECT, ROUND, SINC, STEEP, Family

FloatArray = NDArray[np.float64]

#: Range of slice thickness, as multiples of the slice spacing, in which a header is believed.
PLAUSIBLE = 0.1, 10.0
#: Fewest taps that a slice spacing counts for, where it stands for the width.
FEWEST_TAPS = 2.5


@dataclass(frozen=True)
class LogNormal:
    """A log-normal distribution of widths.

    Attributes:
        median: of the width.
        spread: standard deviation of its natural logarithm.
        share: how probable it is, where it is one of several.
    """

    median: float
    spread: float
    share: float = 1.0


@dataclass(frozen=True)
class WidthPrior:
    """A mixture of log-normal distributions of the FWHM.

    Attributes:
        parts: medians in mm; their shares sum to 1.
    """

    parts: tuple[LogNormal, ...]

    def log_density(self, log_width: FloatArray) -> FloatArray:
        """The logarithm of the density over log width, up to a constant."""
        densities = [
            part.share / part.spread * np.exp(-0.5 * ((log_width - np.log(part.median)) / part.spread) ** 2)
            for part in self.parts
        ]
        return np.asarray(np.log(np.sum(densities, axis=0) + np.finfo(float).tiny))

    @property
    def variance(self) -> float:
        """The variance of the logarithm of the FWHM."""
        share, middle, spread = np.array([(part.share, np.log(part.median), part.spread) for part in self.parts]).T
        mean = share @ middle
        return float(share @ (spread**2 + (middle - mean) ** 2))


@dataclass(frozen=True)
class Prior:
    """A choice of prior.

    Attributes:
        info: what users are told of it.
        families: the families of shapes that compete, with their probabilities, which sum to 1.
        of_spacing: widths in units of the slice spacing, where no header gives the thickness.
        of_thickness: widths in units of the header's slice thickness.
    """

    info: PriorInfo
    families: Mapping[Family, float]
    of_spacing: tuple[LogNormal, ...]
    of_thickness: tuple[LogNormal, ...]

    def widths(self, reference: Reference) -> WidthPrior:
        """The prior on the width: from the header's slice thickness if it has a plausible one, else the spacing."""
        thickness, spacing = reference.slice_thickness, reference.slice_spacing
        if thickness and PLAUSIBLE[0] <= thickness / spacing <= PLAUSIBLE[1]:
            return _scaled(self.of_thickness, thickness)
        return _scaled(self.of_spacing, max(spacing, FEWEST_TAPS * reference.tap_spacing))


def _scaled(parts: tuple[LogNormal, ...], unit: float) -> WidthPrior:
    return WidthPrior(tuple(LogNormal(part.median * unit, part.spread, part.share) for part in parts))


SCANNER = Prior(
    PriorInfo(
        "scanner",
        "as of scanners",
        "What excitation pulses of real scanners give: flat tops with steep flanks, slices contiguous or with gaps.",
    ),
    {GAUSSIAN: 0.03, ROUND: 0.15, SINC: 0.15, FLAT_TOP: 0.4, STEEP: 0.22, RECT: 0.05},
    # Contiguous slices; slices with gaps; anything, overlap among it.
    of_spacing=(LogNormal(0.97, 0.1, 0.3), LogNormal(0.83, 0.15, 0.4), LogNormal(0.95, 0.5, 0.3)),
    # A header that is right; one that is not.
    of_thickness=(LogNormal(0.98, 0.1, 0.8), LogNormal(0.95, 0.5, 0.2)),
)
BROAD = Prior(
    PriorInfo(
        "broad",
        "hardly any",
        "Bells and boxes of almost any width: for simulated scans, and what was not acquired slice by slice.",
    ),
    {GAUSSIAN: 1 / 3, FLAT_TOP: 1 / 3, RECT: 1 / 3},
    of_spacing=(LogNormal(0.7, 0.7),),
    of_thickness=(LogNormal(1.0, 0.3),),
)
#: The priors by name, the default first.
PRIORS = {prior.info.name: prior for prior in (SCANNER, BROAD)}
