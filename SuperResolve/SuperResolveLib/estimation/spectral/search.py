"""The search over widths: how well profiles of one family of shapes explain a scan, as a function of their width.

The whole range of widths is tried, and then the surroundings of the two best modes, since where slices overlap the
zeros of a steep profile's spectrum can also be explained by those of another width.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ...physics.profile import SliceProfile
from ...physics.pulses import HANN
from ..shapes import bell
from .anatomy import Anatomy, Fit

FloatArray = NDArray[np.float64]

#: Number of widths that are tried first, of how many modes the surroundings are then, and how often these are halved.
WIDTHS, MODES, HALVINGS = 14, 2, 3
#: Root-mean-square width of a profile that lies within one tap, in taps: that of a rect one tap wide.
NARROWEST = 12**-0.5
#: Number of widths at which the evidence is interpolated between those that were tried.
POINTS = 400


@dataclass(frozen=True)
class Family:
    """Profiles of one shape and any width.

    Attributes:
        name: for progress reports, and for the result where the scan decides for it.
        profile: makes the profile of a FWHM in mm on taps of a spacing in mm.
    """

    name: str
    profile: Callable[[float, float], SliceProfile]


GAUSSIAN = Family("gaussian", SliceProfile.gaussian)
FLAT_TOP = Family("flat top", lambda width, tap: bell(width, 4.6, tap))
RECT = Family("rect", SliceProfile.rect)
#: Between a Gaussian and a flat top: as some scanners' profiles, with exponent 2.4, and a sinc pulse in Hann's window.
ROUND = Family("round", lambda width, tap: bell(width, 2.5, tap))
SINC = Family("windowed sinc", lambda width, tap: SliceProfile.windowed_sinc(width, 5.0, HANN, tap))
STEEP = Family("steep", lambda width, tap: bell(width, 6.0, tap))


@dataclass(frozen=True)
class Evidence:
    """The evidence for one family of shapes as a function of width.

    Attributes:
        family: the family.
        log_width: natural logarithms of the widths (FWHM in mm), evenly spaced, shape (points,).
        deviance: minus twice the log evidence of each width, shape (points,).
        fwhm_mm, rms_mm: FWHM and root-mean-square width of the taps of each width in mm, shape (points,).
        misfit: of the best fit among the widths that were tried.
    """

    family: Family
    log_width: FloatArray
    deviance: FloatArray
    fwhm_mm: FloatArray
    rms_mm: FloatArray
    misfit: float


def evidence_of(
    family: Family, anatomy: Anatomy, narrowest: float, widest: float, tap: float, tried: Callable[[int], None]
) -> Evidence:
    """Fit the scan with widths of a family, which lie closer together where the fit is best.

    Args:
        family: the family of shapes.
        anatomy: the model of the scan's power spectrum.
        narrowest: smallest FWHM to try in mm.
        widest: largest FWHM to try in mm.
        tap: distance between taps in mm.
        tried: called after each fit with the number of fits so far.
    """
    fits: dict[float, Fit] = {}

    def attempt(log_width: float, near: float | None) -> None:
        start = None if near is None else fits[near].values
        fits[log_width] = anatomy.fit(family.profile(float(np.exp(log_width)), tap), start)
        tried(len(fits))

    previous = None
    for log_width in np.linspace(np.log(narrowest), np.log(widest), WIDTHS).tolist():
        attempt(log_width, previous)
        previous = log_width
    for _ in range(HALVINGS):
        widths = sorted(fits)
        for mode in _modes([fits[width].deviance for width in widths]):
            for left in (mode - 1, mode):
                between = (widths[max(left, 0)] + widths[min(left + 1, len(widths) - 1)]) / 2
                if between not in fits:
                    attempt(between, widths[mode])
    return _interpolated(family, fits, tap)


def _modes(deviance: Sequence[float]) -> list[int]:
    """Where the deviance is less than on both sides, the least first, of :data:`MODES` at most."""
    padded = [np.inf, *deviance, np.inf]
    minima = [place for place in range(len(deviance)) if padded[place] >= deviance[place] <= padded[place + 2]]
    return sorted(minima, key=lambda place: deviance[place])[:MODES]


def _interpolated(family: Family, fits: dict[float, Fit], tap: float) -> Evidence:
    """The evidence between the log widths that were fitted."""
    widths = sorted(fits)
    log_width = np.linspace(widths[0], widths[-1], POINTS)
    profiles = [family.profile(float(np.exp(width)), tap) for width in log_width]
    return Evidence(
        family,
        log_width,
        np.asarray(PchipInterpolator(widths, [fits[width].deviance for width in widths])(log_width)),
        np.array([profile.fwhm_mm for profile in profiles]),
        np.maximum([profile.standard_deviation_mm for profile in profiles], NARROWEST * tap),
        min(fit.misfit for fit in fits.values()),
    )


def attempts(families: Collection[Family]) -> int:
    """The largest number of fits that a search over these families takes."""
    return len(families) * (WIDTHS + 2 * MODES * HALVINGS)
