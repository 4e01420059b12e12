"""Which slices are learned to be undone: the option ``kind`` as a range of degradations."""

from __future__ import annotations

from typing import Literal

from ..errors import InputError
from ..physics.degradation_range import DegradationRange, Range
from ..physics.profile import SliceProfile

#: ``"thick"``: a rect as wide as the slice spacing, which ends thick slices' thickness. ``"thin"``: planes are picked,
#: whose thickness stays. Or one profile whatever the spacing.
Kind = Literal["thick", "thin"] | SliceProfile


def degradations_of(
    kind: Kind | None, ratios: Range, noise: Range, published: bool, fwhm_ratios: Range
) -> DegradationRange:
    """The degradations to learn from.

    Args:
        kind: of slices; ``None`` for any profile of a range, and as published for thick ones.
        ratios: slice spacing over voxel.
        noise: of the slices, in units of their intensity range.
        published: whether ratios are whole numbers alone, with slices made of whole voxels.
        fwhm_ratios: FWHM of the profile over the slice spacing, where it is drawn.

    Raises:
        InputError: there is no such kind, or no such ratio.
    """
    if kind is None and not published:
        return DegradationRange("profile", ratios, fwhm_ratios, noise)
    if kind == "thin":
        return DegradationRange("select", ratios, noise=noise, whole=published)
    if kind is None or kind == "thick":
        return DegradationRange("profile", ratios, noise=noise, whole=published, profile="rect")
    if isinstance(kind, SliceProfile):
        return DegradationRange("profile", ratios, noise=noise, whole=published, profile=kind)
    raise InputError(f"there are no slices of the kind {kind!r}: give thick, thin, gaussian:MM or a profile's table")


def learned_fwhm_ratios(degradations: DegradationRange, voxels_mm: Range) -> Range | None:
    """FWHM of the profiles over the slice spacing, for the card; ``None`` where slices are only selected."""
    if degradations.operator == "select":
        return None
    if not isinstance(degradations.profile, SliceProfile):
        return degradations.fwhm_ratios
    width, (low, high) = degradations.profile.fwhm_mm, degradations.ratios
    return width / (high * voxels_mm[1]), width / (low * voxels_mm[0])
