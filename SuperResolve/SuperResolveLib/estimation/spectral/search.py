"""Which widths of a family of shapes fit a scan: minus twice the log evidence over log width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ...profile import SliceProfile
from ..shapes import bell
from .anatomy import Anatomy

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
        fwhm, rms: of the taps, in mm, shape (points,).
    """

    family: Family
    log_width: FloatArray
    deviance: FloatArray
    fwhm: FloatArray
    rms: FloatArray


def evidence_of(
    family: Family, anatomy: Anatomy, narrowest: float, widest: float, tap: float, tried: Callable[[int], None]
) -> Evidence:
    """Try widths (mm) of a family, closer together where the scan is fitted best; ``tried`` hears how many so far."""
    found: dict[float, float] = {}
    fits: dict[float, FloatArray] = {}

    def attempt(log_width: float, near: float | None) -> None:
        start = None if near is None else fits[near]
        found[log_width], fits[log_width] = anatomy.fit(family.profile(float(np.exp(log_width)), tap), start)
        tried(len(found))

    previous = None
    for log_width in np.linspace(np.log(narrowest), np.log(widest), WIDTHS).tolist():
        attempt(log_width, previous)
        previous = log_width
    for _ in range(HALVINGS):
        widths = sorted(found)
        best = min(range(len(widths)), key=lambda index: found[widths[index]])
        for left in (best - 1, best):
            if 0 <= left < len(widths) - 1:
                attempt((widths[left] + widths[left + 1]) / 2, widths[best])
    return _between(family, found, tap)


def _between(family: Family, found: dict[float, float], tap: float) -> Evidence:
    widths = sorted(found)
    log_width = np.linspace(widths[0], widths[-1], POINTS)
    profiles = [family.profile(float(np.exp(width)), tap) for width in log_width]
    return Evidence(
        family,
        log_width,
        np.asarray(PchipInterpolator(widths, [found[width] for width in widths])(log_width)),
        np.array([profile.fwhm_mm for profile in profiles]),
        np.maximum([profile.standard_deviation_mm for profile in profiles], NARROWEST * tap),
    )


def attempts(families: Sequence[Family]) -> int:
    """How many widths are tried at most."""
    return len(families) * (WIDTHS + 2 * HALVINGS)
