"""Results as text: one line for each, as the command and the CLI modules print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..data.geometry import AXIS_NAMES, SliceGeometry
from ..data.labels import LabelVolume
from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..physics.profile import SliceProfile

if TYPE_CHECKING:
    from ..model import Card
    from .resolution_left import ResolutionLeft
    from .super_resolve import SuperResolved
    from .uncertainty import Uncertainty

#: A slice thickness within this of the slice spacing, in mm, counts as neither gap nor overlap.
_CONTIGUOUS = 0.05


def width_line(profile: SliceProfile, geometry: SliceGeometry) -> str:
    """The widths of a profile: root-mean-square, which a scan determines best, and FWHM, in in-plane voxels too.

    Of an estimated one also their intervals, the family of shapes where it is decided, and what is prior.
    """
    voxels = f"{profile.fwhm_mm / geometry.in_plane_voxel:.2f} in-plane voxels"
    if not isinstance(profile, EstimatedProfile):
        return f"FWHM {profile.fwhm_mm:.2f} mm, {voxels}"
    told = ", ".join([_rms_text(profile), interval_text(profile), voxels, *_shape_and_prior(profile)])
    return told if profile.is_trusted else f"NOT TO BE TRUSTED (see the warnings): {told}"


def _rms_text(profile: EstimatedProfile) -> str:
    """The root-mean-square width in mm, with its interval where there is one."""
    width = f"rms width {profile.standard_deviation_mm:.2f} mm"
    if profile.rms_interval_mm is None:
        return width
    low, high = profile.rms_interval_mm
    return f"{width} ({low:.2f} to {high:.2f})"


def _shape_and_prior(profile: EstimatedProfile) -> list[str]:
    """The family of shapes where it is decided, and which prior was used, and its share, as far as they are told."""
    share = "" if profile.prior_share is None else f" {100 * profile.prior_share:.0f} %"
    prior = f"prior{share}" + (f" ({profile.prior})" if profile.prior else "")
    told = [f"shape {profile.family}"] if profile.family else []
    return told + ([prior] if share or profile.prior else [])


def interval_text(profile: EstimatedProfile) -> str:
    """The FWHM of an estimated profile in mm with its interval."""
    low, high = profile.interval_mm
    return f"FWHM {profile.fwhm_mm:.2f} mm ({low:.2f} to {high:.2f})"


def left_line(left: ResolutionLeft) -> str:
    """What is left of the slices in the scan, interpolated, and in the result."""
    interpolated, result = (
        interval_text(profile).removeprefix("FWHM ") + ("" if profile.is_trusted else ", not to be trusted")
        for profile in (left.interpolated, left.result)
    )
    return f"scan interpolated {interpolated} -> result {result}"


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


def model_line(card: Card) -> str:
    """The method, network and preset of a model, and by which operator its results are made consistent."""
    preset = f" ({card.preset})" if card.preset else ""
    consistency = f"consistency by the operator {card.operator}" if card.consistent else "no data consistency"
    return f"{card.method}{preset}, network {card.network}, {consistency}"


def volume_line(volume: Volume) -> str:
    """The number and size of a volume's voxels."""
    shape = " x ".join(str(size) for size in volume.shape)
    spacing = " x ".join(f"{size:.4g}" for size in volume.spacing)
    return f"{shape} voxels of {spacing} mm"


def labels_lines(volumes: Iterable[LabelVolume]) -> Iterator[str]:
    """A line for each label: its volume before and after."""
    for volume in volumes:
        yield f"{volume.label}: {volume.before_ml:.4g} ml -> {volume.after_ml:.4g} ml"


def uncertainty_line(result: SuperResolved, uncertainty: Uncertainty) -> str:
    """The error to be expected at a voxel, and the share of its variance that the scan cannot check."""
    expected = uncertainty.typical(result)["total"] / result.noise
    return f"expected {expected:.2f} x noise a voxel; the scan cannot check {uncertainty.invented_share:.1%} of it"
