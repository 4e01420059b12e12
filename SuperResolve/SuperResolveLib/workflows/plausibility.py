"""What is asked for, held against the scan: a slice profile as wide as one can be, and enough slices."""

from __future__ import annotations

import numpy as np

from ..data.geometry import FEWEST_SLICES
from ..errors import InputError
from ..physics.profile import SliceProfile

#: A profile is unusual beyond so many slice spacings or in-plane voxels, whichever is more, and refused beyond twice
#: that. Slices that overlap by half have a thickness of two spacings.
WIDEST_SPACINGS, WIDEST_VOXELS = 3.5, 12.0
#: A profile narrower than this, in in-plane voxels, is in another unit or a slip of the pen.
NARROWEST_VOXELS = 0.1


def check_profile(profile: SliceProfile, slice_spacing: float, in_plane_voxel: float) -> tuple[str, ...]:
    """Refuse a given profile that no scan with these spacings (mm) can have.

    Returns:
        A warning if it is unusually wide.

    Raises:
        InputError: it is many times wider than the slices are apart, or a small part of an in-plane voxel.
    """
    width = profile.fwhm_mm
    widest = max(WIDEST_SPACINGS * slice_spacing, WIDEST_VOXELS * in_plane_voxel)
    told = f"a slice profile {width:.3g} mm wide, where slices are {slice_spacing:.4g} mm apart"
    if width > 2 * widest:
        raise InputError(f"{told}, is not plausible: give its width, the slice thickness, in mm")
    if _is_narrower(profile, NARROWEST_VOXELS * in_plane_voxel):
        raise InputError(
            f"a slice profile far narrower than the in-plane voxel of {in_plane_voxel:.3g} mm is not plausible: give "
            "its width, the slice thickness, in mm"
        )
    return (f"{told}, is unusually wide: check that it belongs to this scan",) if width > widest else ()


def check_ratio(planes: int, ratio: float) -> None:
    """Refuse to simulate a scan of fewer slices than can be super-resolved; ``planes`` is what it is made from.

    Raises:
        InputError: naming the largest ratio.
    """
    if np.isfinite(ratio) and ratio >= 1 and (planes - 1) / ratio < FEWEST_SLICES - 1:
        largest = (planes - 1) / (FEWEST_SLICES - 1)
        advice = f"choose at most {largest:.4g}" if largest >= 1 else "give a larger volume"
        raise InputError(
            f"at a ratio of {ratio:g}, {planes} planes give {int((planes - 1) / ratio) + 1} slices, and at least "
            f"{FEWEST_SLICES} are needed to super-resolve them: {advice}"
        )


def _is_narrower(profile: SliceProfile, width_mm: float) -> bool:
    """Whether half of a profile lies within ``width_mm``; a shape is narrower than its taps tell."""
    if profile.cumulative is None:
        return profile.fwhm_mm < width_mm
    inner = profile.cumulative(np.array([-width_mm / 2, width_mm / 2]))
    return bool(inner[1] - inner[0] > 0.5)
