"""Figures: a slice profile, and the demo's volumes side by side.

They are drawn without pyplot, which needs global state and perhaps a display.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..image_io.files import write_whole
from ..physics.profile import SliceProfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Edges of an image in mm: left, right, bottom, top.
Extent = tuple[float, float, float, float]
#: A square in mm: left edge, bottom edge, size.
Square = tuple[float, float, float]

#: The endings of the formats in which a figure can be written.
FIGURE_ENDINGS = (".png", ".pdf", ".svg")

# Colours of Okabe and Ito, which people with colour vision deficiency can distinguish.
_ESTIMATE, _TRUTH, _GREY = "#0072B2", "#D55E00", "0.45"


def plot_profile(
    profile: SliceProfile, path: Path, title: str | None = None, truth: SliceProfile | None = None
) -> None:
    """Write a figure of a profile as :func:`draw_profile` draws it; the ending of ``path`` chooses the format."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.4), layout="constrained")
    axes = figure.add_subplot()
    draw_profile(axes, profile, truth)
    if title:
        shown = title.encode("utf-8", "replace").decode()  # of a file name in any encoding
        axes.set_title(shown, parse_math=False)
    save_figure(figure, path, dpi=200)


def draw_profile(axes: Axes, profile: SliceProfile, truth: SliceProfile | None = None) -> None:
    """Draw a profile as a density in 1/mm, which does not depend on the tap spacing, with an arrow for its FWHM.

    An estimated profile is drawn with the interval of its FWHM, and over the true profile if that is known.
    """
    density = profile.weights / profile.tap_spacing
    half = density.max() / 2
    centre = profile.centroid_mm
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    if truth is not None:
        label = f"true: FWHM {truth.fwhm_mm:.2f} mm{_where(truth, profile)}"
        axes.plot(truth.offsets, truth.weights / truth.tap_spacing, color=_TRUTH, linestyle="--", label=label)
    axes.vlines(profile.offsets, 0, density, color=_ESTIMATE, linewidth=0.8, alpha=0.5)
    label = f"{'estimated' if truth is not None else 'slice profile'}: FWHM {profile.fwhm_mm:.2f} mm{_range(profile)}"
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


def _range(profile: SliceProfile) -> str:
    """The interval of an estimated width; else nothing."""
    if not isinstance(profile, EstimatedProfile):
        return ""
    return f" ({profile.interval_mm[0]:.2f} to {profile.interval_mm[1]:.2f})"


def _where(truth: SliceProfile, profile: SliceProfile) -> str:
    """Whether the interval of an estimated profile holds the true width; else nothing."""
    if not isinstance(profile, EstimatedProfile):
        return ""
    low, high = profile.interval_mm
    return ", inside the interval" if low <= truth.fwhm_mm <= high else ", outside the interval"


def coronal_figure(
    panels: Sequence[tuple[str, Volume]],
    path: Path,
    profile: SliceProfile,
    truth: SliceProfile | None = None,
    detail: Square = (0.0, 0.0, 50.0),
) -> None:
    """Draw volumes side by side in a coronal, through-plane view, below each an enlarged detail, and the profile.

    Every volume is shown on its own voxels, at the same place and with the same grey window as the last.

    Args:
        panels: titles and volumes with axes along RAS; the last is the reference.
        path: where to write; the ending chooses the format.
        profile: the estimated profile.
        truth: the true profile, if it is known.
        detail: left and bottom edge of the enlarged square, in mm to the right and up, and its size in mm.
    """
    from matplotlib.figure import Figure

    views = [(title, *_coronal(volume, panels[-1][1])) for title, volume in panels]
    reference, extent = views[-1][1:]
    window = (float(np.percentile(reference, 1)), float(np.percentile(reference, 99.7)))
    left, bottom, size = detail

    figure = Figure(figsize=(3.0 * len(views) + 4.0, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, len(views) + 1, width_ratios=[1.0] * len(views) + [1.35])
    for column, (title, image, own_extent) in enumerate(views):
        whole = figure.add_subplot(grid[0, column])
        _show(whole, image, own_extent, window)
        whole.set(title=title, xlim=extent[:2], ylim=extent[2:])
        whole.plot(*_outline(left, bottom, size), color=_TRUTH, linewidth=1.0)
        enlarged = figure.add_subplot(grid[1, column])
        _show(enlarged, image, own_extent, window)
        enlarged.set(xlim=(left, left + size), ylim=(bottom, bottom + size))
    beside = figure.add_subplot(grid[:, -1])
    beside.set_box_aspect(0.9)
    draw_profile(beside, profile, truth)
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure in the format of the ending, completely or not at all."""
    contents = BytesIO()
    figure.savefig(contents, format=path.suffix[1:].lower(), dpi=dpi)
    write_whole(path, contents.getvalue())


def _show(axes: Axes, image: np.ndarray, extent: Extent, window: tuple[float, float]) -> None:
    """Show an image in grey, without interpolation or ticks."""
    low, high = window
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, extent=extent, origin="lower", interpolation="none")
    axes.set(xticks=[], yticks=[], facecolor="black")


def _coronal(volume: Volume, reference: Volume) -> tuple[np.ndarray, Extent]:
    """The coronal section of a volume through the middle of the reference, superior rows last, and its extent."""
    middle = reference.affine @ [*(np.array(reference.shape) - 1) / 2, 1]
    section = round(float((np.linalg.inv(volume.affine) @ middle)[1]))
    first, last = ((volume.affine @ corner) for corner in ([-0.5, 0, -0.5, 1], [*np.array(volume.shape) - 0.5, 1]))
    return volume.data[:, section, :].T, (float(first[0]), float(last[0]), float(first[2]), float(last[2]))


def _outline(left: float, bottom: float, size: float) -> tuple[list[float], list[float]]:
    """The x and y coordinates of a square's corners, the first repeated at the end."""
    return [left, left + size, left + size, left, left], [bottom, bottom, bottom + size, bottom + size, bottom]
