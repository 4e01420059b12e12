"""The search over widths: how well profiles of one family of shapes explain a scan, as a function of their width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ...physics.profile import SliceProfile
from ..shapes import bell
from .anatomy import Anatomy, Fit

FloatArray = NDArray[np.float64]

#: Number of widths that are tried first, and how often the gaps beside the best width are then halved.
WIDTHS, HALVINGS = 13, 3
#: Root-mean-square width of a profile that lies within one tap, in taps: that of a rect one tap wide.
NARROWEST = 12**-0.5
#: Number of widths at which the evidence is interpolated between those that were tried.
POINTS = 400


@dataclass(frozen=True)
class Family:
    """Profiles of one shape and any width.

    Attributes:
        name: for progress reports.
        profile: makes the profile of a FWHM in mm on taps of a spacing in mm.
    """

    name: str
    profile: Callable[[float, float], SliceProfile]


#: The families that compete: excitation profiles of slice-selective pulses lie between the Gaussian and the rect.
FAMILIES = (
    Family("gaussian", SliceProfile.gaussian),
    Family("flat top", lambda width, tap: bell(width, 4.0, tap)),
    Family("rect", SliceProfile.rect),
)


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
        best = min(range(len(widths)), key=lambda index: fits[widths[index]].deviance)
        for left in (best - 1, best):
            if 0 <= left < len(widths) - 1:
                attempt((widths[left] + widths[left + 1]) / 2, widths[best])
    return _interpolated(family, fits, tap)


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


def attempts(families: Sequence[Family]) -> int:
    """The largest number of fits that a search over these families takes."""
    return len(families) * (WIDTHS + 2 * HALVINGS)
