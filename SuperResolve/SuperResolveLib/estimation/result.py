"""What every way of estimating a profile returns."""

from __future__ import annotations

from dataclasses import dataclass

from ..physics.profile import SliceProfile

#: An interval as wide as this part of the FWHM is worth a warning.
WIDE = 0.6


@dataclass(frozen=True, eq=False, kw_only=True)
class EstimatedProfile(SliceProfile):
    """A slice profile with what is known about its making.

    Attributes:
        axis: the through-plane axis along which it was estimated: 0, 1 or 2.
        interval_mm: interval of the FWHM in mm that should hold it with a probability of 80 %.
        prior_share: how much of the answer is prior: the variance of log FWHM that the scan leaves, relative to that
            before seeing it, from 0 to 1; ``None`` where the method does not tell.
        method, preset, device, seed: how it was estimated.
        warnings: what the user should know before trusting it, a sentence each.
        seconds: wall time.
    """

    axis: int
    interval_mm: tuple[float, float]
    method: str
    preset: str
    device: str
    seed: int
    prior_share: float | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


def trust_warnings(
    profile: SliceProfile, slice_spacing: float, interval_mm: tuple[float, float] | None = None
) -> tuple[str, ...]:
    """What the scan cannot tell about this profile, a sentence each."""
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
