"""The result of every estimator: a profile with its confidence interval, and warnings about it."""

from __future__ import annotations

from dataclasses import dataclass

from ..physics.profile import SliceProfile

#: An interval at least this wide, as a fraction of the FWHM, gives a warning.
WIDE = 0.6


@dataclass(frozen=True, eq=False, kw_only=True)
class EstimatedProfile(SliceProfile):
    """A slice profile with how it was estimated and how certain it is.

    Attributes:
        axis: the through-plane axis along which it was estimated: 0, 1 or 2.
        interval_mm: 80 % confidence interval of the FWHM in mm.
        rms_interval_mm: that of the root-mean-square width; ``None`` if the method cannot tell.
        family: the family of shapes by name, where the scan decides it.
        prior_share: how much of the result comes from the prior and not from the scan: posterior variance of log FWHM
            divided by its prior variance, from 0 to 1; ``None`` if the method cannot tell.
        method, preset, prior, device, seed: how it was estimated; ``prior`` is empty where there was none to choose.
        explains_scan: whether the estimator found that a profile within its range explains the scan.
        warnings: what the user should know before trusting it, a sentence each.
        seconds: wall time.
    """

    axis: int
    interval_mm: tuple[float, float]
    method: str
    preset: str
    device: str
    seed: int
    prior: str = ""
    rms_interval_mm: tuple[float, float] | None = None
    family: str | None = None
    explains_scan: bool = True
    prior_share: float | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_trusted(self) -> bool:
        """Whether the width means something: the scan determines it, and the profile has one peak that is not cut."""
        narrow = self.interval_mm[1] - self.interval_mm[0] < WIDE * self.fwhm_mm
        return self.explains_scan and narrow and not self.touches_border() and not self.is_multi_peaked()


def trust_warnings(
    profile: SliceProfile, slice_spacing: float, interval_mm: tuple[float, float] | None = None
) -> tuple[str, ...]:
    """Warnings about what a scan with this slice spacing (mm) cannot tell of a profile, a sentence each."""
    warnings = []
    if profile.fwhm_mm < 0.75 * slice_spacing:
        warnings.append(
            f"the slice thickness of {profile.fwhm_mm:.2f} mm is well under the slice spacing of "
            f"{slice_spacing:.2f} mm: neighbouring slices hardly overlap, so the scan tells little of the profile's "
            "width and less of its shape"
        )
    if profile.touches_border():
        warnings.append("the slice profile is not zero at its outermost taps: it may be wider than estimated")
    if profile.is_multi_peaked():
        warnings.append("the slice profile has more than one peak: its FWHM is the width over all of them")
    if interval_mm is not None and interval_mm[1] - interval_mm[0] >= WIDE * profile.fwhm_mm:
        warnings.append(
            f"the scan hardly determines the slice thickness: anything from {interval_mm[0]:.2f} to "
            f"{interval_mm[1]:.2f} mm fits it about as well"
        )
    return tuple(warnings)
