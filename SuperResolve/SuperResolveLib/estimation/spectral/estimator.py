"""The spectral estimator: the profile that explains the scan's power spectrum, aliasing included.

It assumes that the anatomy's power spectrum is smooth and about isotropic. What is neither in the scan's spectrum is
then due to the slice profile and the sampling: a steeper decay through plane, zeros, and frequencies above half a cycle
per slice that are aliased.

The steps: the scan's power spectrum is computed (:mod:`.rings`); a Bayesian model of it (:mod:`.anatomy`) is fitted for
profiles of several families of shapes and many widths (:mod:`.search`); and the evidence of all is combined with a
prior on shape and width (:mod:`.prior`, :mod:`.posterior`). The result is the generalised Gaussian with the posterior
means of log FWHM and log root-mean-square width, with 80 % intervals of both, and the family where it is decided. The
prior on the width is narrower if the header gives a slice thickness.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...errors import InputError
from ...progress import ProgressCallback
from ..estimator import EstimatorInfo, EstimatorSettings
from ..reference import Reference, reference_of
from ..result import EstimatedProfile, trust_warnings
from ..shapes import bell_of
from .anatomy import Anatomy
from .posterior import Interval, Posterior
from .prior import PRIORS, WidthPrior
from .rings import rings_of
from .search import Family, attempts, evidence_of

#: Fewest rings of the spectrum with which anatomy and profile can be distinguished.
FEWEST_RINGS = 8
#: A best fit whose mean squared residual is above this, in units of the expected variance, gives a warning; heads reach
#: 0.2 to 0.6.
MISFIT = 4.0


class Spectral:
    """The posterior mean profile of a Bayesian model of the scan's power spectrum.

    It has no presets, uses neither random numbers nor torch, and runs on the processor.

    Args:
        settings: of these only the prior is used, and the seed, which is recorded in the result.
        families: the prior's families of shapes unless given, each with its probability.
    """

    info: ClassVar[EstimatorInfo] = EstimatorInfo(
        name="spectral",
        title="Spectral (power spectrum)",
        summary="Finds the profile that explains the scan's power spectrum, aliasing included, if anatomy is about "
        "alike in all directions. Takes seconds; tells an interval, and how much of the answer is prior.",
        learns_from="the scan",
        tells_prior_share=True,
        priors=tuple(prior.info for prior in PRIORS.values()),
        cost=4.0,
    )

    def __init__(self, settings: EstimatorSettings, families: Mapping[Family, float] | None = None) -> None:
        self.settings = settings
        self.prior = PRIORS[self.info.prior(settings.prior or None)]
        self.families = families or self.prior.families

    def estimate(self, scan: Volume, geometry: SliceGeometry, progress: ProgressCallback) -> EstimatedProfile:
        """Estimate the profile and 80 % intervals of its widths.

        Raises:
            InputError: the image is too small in plane, or constant along an axis.
            Cancelled: raised by ``progress``.
        """
        progress(0.0, "finding the in-plane resolution")
        reference = reference_of(scan, geometry)
        posterior = _posterior(self.families, reference, self.prior.widths(reference), progress)
        tap = reference.tap_spacing
        profile = bell_of(posterior.fwhm_mm, posterior.rms_mm, tap, fewest_taps=10)
        interval = _holding(profile.fwhm_mm, posterior.interval_mm)
        doubts = _fit_warnings(posterior, profile.fwhm_mm, widest_of(reference))
        return EstimatedProfile(
            weights=profile.weights,
            tap_spacing=tap,
            cumulative=profile.cumulative,
            axis=geometry.axis,
            interval_mm=interval,
            rms_interval_mm=_holding(profile.standard_deviation_mm, posterior.rms_interval_mm),
            family=posterior.decided.name if posterior.decided else None,
            prior=self.prior.info.name,
            method=self.info.name,
            preset="",
            device="cpu",
            seed=self.settings.seed,
            explains_scan=not doubts,
            prior_share=posterior.prior_share,
            warnings=reference.warnings + trust_warnings(profile, reference.slice_spacing, interval) + doubts,
        )


def widest_of(reference: Reference) -> float:
    """The largest FWHM in mm that is tried."""
    return max(3.5 * reference.slice_spacing, 12 * reference.tap_spacing)


def _holding(width: float, interval: Interval) -> Interval:
    """The interval, extended where rounding to taps has put the width beyond it."""
    return min(interval[0], width), max(interval[1], width)


def _fit_warnings(posterior: Posterior, fwhm_mm: float, widest: float) -> tuple[str, ...]:
    warnings = []
    if posterior.misfit > MISFIT:
        warnings.append(
            "no profile explains this scan if anatomy is about alike in all directions: do not trust the slice profile"
        )
    if fwhm_mm > 0.85 * widest:
        warnings.append(
            f"the slice profile is as wide as the widest that is tried, {widest:.3g} mm: the scan does not show it"
        )
    return tuple(warnings)


def _posterior(
    families: Mapping[Family, float], reference: Reference, widths: WidthPrior, progress: ProgressCallback
) -> Posterior:
    """Compute the power spectrum, fit it for every family, and combine the evidence with the prior."""
    progress(0.02, "finding the power spectrum")
    rings = rings_of(reference)
    if len(rings.radius) < FEWEST_RINGS:
        raise InputError("the image is too small in plane: at least about 32 voxels are needed along both axes")
    if not (rings.power > 0).all():
        raise InputError("the scan's power spectrum vanishes in places: is the image constant along an axis?")
    anatomy, tap = Anatomy(rings), reference.tap_spacing
    widest = widest_of(reference)
    total, evidences = attempts(families), []
    for index, family in enumerate(families):
        before = index * total // len(families)

        def tried(count: int, before: int = before, name: str = family.name) -> None:
            progress(0.05 + 0.95 * (before + count) / total, f"fitting the power spectrum, {name}")

        evidences.append(evidence_of(family, anatomy, 0.7 * tap, widest, tap, tried))
    return Posterior.of(evidences, families, widths)
