"""Which widths of a family of shapes fit a scan: minus twice the log evidence over log width."""

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

#: Widths that are tried first, and how often the space around the best is halved.
WIDTHS, HALVINGS = 13, 3
#: A profile within one tap counts as so wide, in taps: that of a box one tap wide.
NARROWEST = 12**-0.5
#: Points at which the evidence is read between the widths that were tried.
POINTS = 400


@dataclass(frozen=True)
class Family:
    """Profiles of one shape and any width (FWHM in mm), on taps ``tap`` mm apart."""

    name: str
    profile: Callable[[float, float], SliceProfile]


#: Excitation profiles of slice-selective pulses lie between the bell and the box.
FAMILIES = (
    Family("gaussian", SliceProfile.gaussian),
    Family("flat top", lambda width, tap: bell(width, 4.0, tap)),
    Family("rect", SliceProfile.rect),
)


@dataclass(frozen=True)
class Evidence:
    """A family's evidence, for widths evenly spaced in their logarithm.

    Attributes:
        family: which.
        log_width: shape (points,).
        deviance: minus twice the log evidence, shape (points,).
        fwhm_mm, rms_mm: of the taps, in mm, shape (points,).
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
    """Try widths (mm) of a family, closer together where the scan is fitted best; ``tried`` hears how many so far."""
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
    return _between(family, fits, tap)


def _between(family: Family, fits: dict[float, Fit], tap: float) -> Evidence:
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
    """How many widths are tried at most."""
    return len(families) * (WIDTHS + 2 * HALVINGS)
