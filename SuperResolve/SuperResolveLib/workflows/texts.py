"""Results as text: one line for each, as the command and the CLI modules print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data.geometry import AXIS_NAMES, SliceGeometry
from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..physics.profile import SliceProfile

if TYPE_CHECKING:
    from .resolution import ResolutionChange
    from .super_resolve import SuperResolved
    from .uncertainty import Uncertainty

#: A slice thickness within this of the slice spacing, in mm, counts as neither gap nor overlap.
_CONTIGUOUS = 0.05


def width_line(profile: SliceProfile, geometry: SliceGeometry) -> str:
    """The FWHM of a profile in mm and in in-plane voxels; of an estimated one also the interval and the prior share."""
    width, voxels = f"FWHM {profile.fwhm_mm:.2f} mm", f"{profile.fwhm_mm / geometry.in_plane_voxel:.2f} in-plane voxels"
    if not isinstance(profile, EstimatedProfile):
        return f"{width}, {voxels}"
    low, high = profile.interval_mm
    prior = "" if profile.prior_share is None else f", prior {100 * profile.prior_share:.0f} %"
    return f"{width} ({low:.2f} to {high:.2f}), {voxels}{prior}"


def scan_line(profile: SliceProfile, geometry: SliceGeometry) -> str:
    """The number and spacing of the slices, and the gap or overlap that the profile implies."""
    gap = geometry.slice_spacing - profile.fwhm_mm
    relation = "without gap" if abs(gap) < _CONTIGUOUS else f"with a gap of {gap:.2f} mm"
    if gap <= -_CONTIGUOUS:
        relation = f"overlapping by {-gap:.2f} mm"
    return (
        f"{geometry.slice_count} slices along {AXIS_NAMES[geometry.axis]}, {geometry.slice_spacing:.4g} mm apart "
        f"(ratio {geometry.separation_ratio:.2f}), {relation}"
    )


def volume_line(volume: Volume) -> str:
    """The number and size of a volume's voxels."""
    shape = " x ".join(str(size) for size in volume.shape)
    spacing = " x ".join(f"{size:.4g}" for size in volume.spacing)
    return f"{shape} voxels of {spacing} mm"


def truth_line(profile: EstimatedProfile, truth: SliceProfile) -> str:
    """The true FWHM beside an estimated one, and whether it lies in the interval."""
    low, high = profile.interval_mm
    where = "inside" if low <= truth.fwhm_mm <= high else "outside"
    off = 100 * (profile.fwhm_mm / truth.fwhm_mm - 1)
    return f"FWHM {truth.fwhm_mm:.2f} mm, {where} the interval; the estimate is {abs(off):.0f} % too {_way(off)}"


def _way(off: float) -> str:
    return "wide" if off > 0 else "narrow"


def resolution_line(change: ResolutionChange) -> str:
    """The FWHM left through plane in the interpolated scan and in the result, which are measured alike."""
    before, after = change.interpolated.fwhm_mm, change.result.fwhm_mm
    return f"through plane, relative to in plane: scan interpolated {before:.2f} mm, result {after:.2f} mm"


def uncertainty_line(result: SuperResolved, uncertainty: Uncertainty) -> str:
    """The error to be expected at a voxel, and the share of its variance that the scan cannot check."""
    expected = uncertainty.typical(result)["total"] / result.noise
    return f"expected {expected:.2f} x noise a voxel; the scan cannot check {uncertainty.invented_share:.1%} of it"
