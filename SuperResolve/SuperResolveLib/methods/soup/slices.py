"""Which slices are learned to be undone: the option ``kind`` as a range of degradations."""

from __future__ import annotations

from typing import Literal

from ...errors import InputError
from ...physics.degradation_range import DegradationRange, Range
from ...physics.profile import SliceProfile
from .presets import FWHM_RATIOS, Preset

#: ``"thick"``: a rect as wide as the slice spacing, which ends thick slices' thickness. ``"thin"``: planes are picked,
#: whose thickness stays. Or one profile whatever the spacing.
Kind = Literal["thick", "thin"] | SliceProfile


def degradations_of(kind: Kind | None, preset: Preset, ratios: Range) -> DegradationRange:
    """The degradations to learn from.

    Args:
        kind: of slices; ``None`` for the preset's: thick ones as published, else any profile of a range.
        preset: how is learned.
        ratios: slice spacing over voxel.

    Raises:
        InputError: there is no such kind, or no such ratio.
    """
    whole, noise = preset.published, preset.noise
    if kind is None and not preset.published:
        return DegradationRange("profile", ratios, FWHM_RATIOS, noise)
    if kind == "thin":
        return DegradationRange("select", ratios, noise=noise, whole=whole)
    if kind is None or kind == "thick":
        return DegradationRange("profile", ratios, noise=noise, whole=whole, profile="rect")
    if isinstance(kind, SliceProfile):
        return DegradationRange("profile", ratios, noise=noise, whole=whole, profile=kind)
    raise InputError(f"there are no slices of the kind {kind!r}: give thick, thin, gaussian:MM or a profile's table")


def learned_fwhm_ratios(degradations: DegradationRange, voxels_mm: Range) -> Range | None:
    """FWHM of the profiles over the slice spacing, for the card; ``None`` where slices are only selected."""
    if degradations.operator == "select":
        return None
    if not isinstance(degradations.profile, SliceProfile):
        return degradations.fwhm_ratios
    width, (low, high) = degradations.profile.fwhm_mm, degradations.ratios
    return width / (high * voxels_mm[1]), width / (low * voxels_mm[0])
