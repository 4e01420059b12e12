"""What every way of estimating a profile returns."""

from __future__ import annotations

from dataclasses import dataclass

from ..profile import SliceProfile


@dataclass(frozen=True, eq=False, kw_only=True)
class EstimatedProfile(SliceProfile):
    """A slice profile with what is known about its making.

    Attributes:
        axis: the through-plane axis along which it was estimated: 0, 1 or 2.
        fwhm_interval_mm: spread of the FWHM in mm, from its 10th to its 90th percentile.
        method, preset, device, seed: how it was estimated.
        loss_history: each loss over the iterations.
        warnings: what the user should know before trusting it, a sentence each.
        seconds: wall time.
    """

    axis: int
    fwhm_interval_mm: tuple[float, float]
    method: str
    preset: str
    device: str
    seed: int
    loss_history: dict[str, list[float]]
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


def trust_warnings(profile: SliceProfile, slice_spacing: float) -> tuple[str, ...]:
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
    return tuple(warnings)
