"""The ways to super-resolve, by name."""

from __future__ import annotations

from ..registry import Entry

METHODS: dict[str, Entry] = {
    "smore": Entry(
        summary="a network learns from the scan's own slices to undo the profile (Zhao et al., IEEE TMI 2020)",
        needs="the scan itself",
        needs_torch=True,
        presets=("fast", "balanced", "paper"),
        implementation="methods.smore.super_resolve:super_resolve",
    ),
    "tikhonov": Entry(
        summary="regularised least-squares inverse of the acquisition matrix",
        needs="nothing",
        needs_torch=False,
        presets=(),
        implementation="methods.tikhonov:super_resolve",
    ),
    "bspline": Entry(
        summary="cubic B-spline interpolation between slices",
        needs="nothing",
        needs_torch=False,
        presets=(),
        implementation="methods.bspline:super_resolve",
    ),
}
