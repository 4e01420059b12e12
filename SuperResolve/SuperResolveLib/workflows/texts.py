"""Results in a line each, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data.geometry import AXIS_NAMES, SliceGeometry
from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..physics.profile import SliceProfile

if TYPE_CHECKING:
    from .super_resolve import SuperResolved
    from .uncertainty import Uncertainty

#: Thickness within this of the spacing counts as neither gap nor overlap, in mm.
_CONTIGUOUS = 0.05


def width_line(profile: SliceProfile, geometry: SliceGeometry) -> str:
    """The width of a profile in mm and in in-plane voxels; of an estimate, how much is prior where that is known."""
    width, voxels = f"FWHM {profile.fwhm_mm:.2f} mm", f"{profile.fwhm_mm / geometry.in_plane_voxel:.2f} in-plane voxels"
    if not isinstance(profile, EstimatedProfile):
        return f"{width}, {voxels}"
    low, high = profile.interval_mm
    prior = "" if profile.prior_share is None else f", prior {100 * profile.prior_share:.0f} %"
    return f"{width} ({low:.2f} to {high:.2f}), {voxels}{prior}"


def scan_line(profile: SliceProfile, geometry: SliceGeometry) -> str:
    """How the slices lie, and what the profile says of gap or overlap."""
    gap = geometry.slice_spacing - profile.fwhm_mm
    relation = "without gap" if abs(gap) < _CONTIGUOUS else f"with a gap of {gap:.2f} mm"
    if gap <= -_CONTIGUOUS:
        relation = f"overlapping by {-gap:.2f} mm"
    return (
        f"{geometry.slice_count} slices along {AXIS_NAMES[geometry.axis]}, {geometry.slice_spacing:.4g} mm apart "
        f"(ratio {geometry.separation_ratio:.2f}), {relation}"
    )


def volume_line(volume: Volume) -> str:
    """A volume's size and voxels."""
    shape = " x ".join(str(size) for size in volume.shape)
    spacing = " x ".join(f"{size:.4g}" for size in volume.spacing)
    return f"{shape} voxels of {spacing} mm"


def uncertainty_line(result: SuperResolved, uncertainty: Uncertainty) -> str:
    """How large an error is to be expected, and how much of it the scan cannot check."""
    expected = uncertainty.typical(result)["total"] / result.noise
    return f"expected {expected:.2f} x noise a voxel; the scan cannot check {uncertainty.invented_share:.1%} of it"
