"""Figures: a slice profile, and the demo's volumes side by side.

They are drawn without pyplot, so that no window system and no global state is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..physics.profile import SliceProfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Left, right, bottom, top in mm; left, bottom, size in mm.
Extent = tuple[float, float, float, float]
Square = tuple[float, float, float]

#: Formats in which a figure can be written.
FIGURE_ENDINGS = (".png", ".pdf", ".svg")

# Okabe and Ito's colours, told apart also without colour vision.
_ESTIMATE, _TRUTH, _GREY = "#0072B2", "#D55E00", "0.45"


def plot_profile(
    profile: SliceProfile, path: Path, title: str | None = None, truth: SliceProfile | None = None
) -> None:
    """Draw a profile in mm with its FWHM; an estimated one with the interval, and over the truth where it is known."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.4), layout="constrained")
    axes = figure.add_subplot()
    draw_profile(axes, profile, truth)
    if title:
        axes.set_title(title)
    figure.savefig(path, dpi=200)


def draw_profile(axes: Axes, profile: SliceProfile, truth: SliceProfile | None = None) -> None:
    """The profile as a density over mm, which does not depend on the distance between taps; its FWHM as an arrow."""
    density = profile.weights / profile.tap_spacing
    half = density.max() / 2
    centre = profile.centroid_mm
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    if truth is not None:
        label = f"true: FWHM {truth.fwhm_mm:.2f} mm"
        axes.plot(truth.offsets, truth.weights / truth.tap_spacing, color=_TRUTH, linestyle="--", label=label)
    axes.vlines(profile.offsets, 0, density, color=_ESTIMATE, linewidth=0.8, alpha=0.5)
    label = f"{'estimated' if truth is not None else 'slice profile'}: FWHM {profile.fwhm_mm:.2f} mm"
    axes.plot(profile.offsets, density, color=_ESTIMATE, marker="o", markersize=3.5, label=label)
    if isinstance(profile, EstimatedProfile):
        low, high = profile.interval_mm
        for sign in (-1, 1):
            edges = centre + sign * low / 2, centre + sign * high / 2
            axes.axvspan(*edges, ymax=0.78, color=_ESTIMATE, alpha=0.15, linewidth=0)
    axes.axhline(half, color=_GREY, linewidth=0.8, linestyle=":")
    ends = [(centre + sign * profile.fwhm_mm / 2, half) for sign in (-1, 1)]
    axes.annotate("", ends[0], ends[1], arrowprops={"arrowstyle": "<->", "color": "black", "shrinkA": 0, "shrinkB": 0})
    reach = max(2.2 * profile.fwhm_mm, 0.0 if truth is None else 1.6 * truth.fwhm_mm)
    axes.set(xlabel="through-plane offset (mm)", ylabel="relative sensitivity (1/mm)", xlim=(-reach, reach))
    axes.set_ylim(bottom=-0.04 * density.max(), top=1.35 * density.max())
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper center", fontsize="small")


def coronal_figure(
    panels: Sequence[tuple[str, Volume]],
    path: Path,
    profile: SliceProfile,
    truth: SliceProfile | None = None,
    detail: Square = (0.0, 0.0, 50.0),
) -> None:
    """Volumes side by side in one coronal, through-plane view, below it a detail of each, beside them the profile.

    Every volume is shown on its own voxels, at the place and in the grey window of the last.

    Args:
        panels: titles and volumes, axes along RAS; the last is the reference.
        path: where to write; the ending chooses the format.
        profile: the estimated profile.
        truth: the true one.
        detail: left and bottom edge of what is enlarged, in mm to the right and up, and its size.
    """
    from matplotlib.figure import Figure

    views = [(title, *_coronal(volume, panels[-1][1])) for title, volume in panels]
    reference, extent = views[-1][1:]
    window = (float(np.percentile(reference, 1)), float(np.percentile(reference, 99.7)))
    left, bottom, size = detail

    figure = Figure(figsize=(3.0 * len(views) + 4.0, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, len(views) + 1, width_ratios=[1.0] * len(views) + [1.35])
    for column, (title, image, own_extent) in enumerate(views):
        for row in range(2):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(
                image,
                cmap="gray",
                vmin=window[0],
                vmax=window[1],
                extent=own_extent,
                origin="lower",
                interpolation="none",
            )
            axes.set(xticks=[], yticks=[], facecolor="black")
            if row == 0:
                axes.set(title=title, xlim=extent[:2], ylim=extent[2:])
                axes.plot(*_outline(left, bottom, size), color=_TRUTH, linewidth=1.0)
            else:
                axes.set(xlim=(left, left + size), ylim=(bottom, bottom + size))
    beside = figure.add_subplot(grid[:, -1])
    beside.set_box_aspect(0.9)
    draw_profile(beside, profile, truth)
    figure.savefig(path, dpi=150)


def _coronal(volume: Volume, reference: Volume) -> tuple[np.ndarray, Extent]:
    """The coronal plane through the reference's middle, rows superior, and its edges in mm."""
    middle = reference.affine @ [*(np.array(reference.shape) - 1) / 2, 1]
    plane = round(float((np.linalg.inv(volume.affine) @ middle)[1]))
    first, last = ((volume.affine @ corner) for corner in ([-0.5, 0, -0.5, 1], [*np.array(volume.shape) - 0.5, 1]))
    return volume.data[:, plane, :].T, (float(first[0]), float(last[0]), float(first[2]), float(last[2]))


def _outline(left: float, bottom: float, size: float) -> tuple[list[float], list[float]]:
    """The corners of a square, closed."""
    return [left, left + size, left + size, left, left], [bottom, bottom, bottom + size, bottom + size, bottom]
