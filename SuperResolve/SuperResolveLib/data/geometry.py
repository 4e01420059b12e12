"""The geometry of a scan: its through-plane axis, its spacings, and whether it can be used.

The through-plane axis is the array axis (0, 1 or 2, named i, j or k) along which the slices are stacked; the other two
axes are in plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError
from .volume import Volume

AxisName = Literal["auto", "i", "j", "k"]
AXIS_NAMES: tuple[AxisName, AxisName, AxisName] = ("i", "j", "k")

#: A volume whose ratio of slice spacing to in-plane voxel is below this counts as isotropic already.
SMALLEST_RATIO = 1.2
#: The fewest slices from which anything can be learned.
FEWEST_SLICES = 8
#: Fewest steps of single precision that must lie between the darkest and the brightest voxel.
FEWEST_STEPS = 64
#: The range in which an acquired in-plane resolution may lie, in voxels: a little below 1, as headers round, up to the
#: most zero filling that is plausible.
FINEST_ACQUIRED, COARSEST_ACQUIRED = 0.97, 10.0


@dataclass(frozen=True)
class SliceGeometry:
    """The through-plane axis of a scan and its spacings.

    Attributes:
        axis: the through-plane axis: 0, 1 or 2.
        slice_count: number of slices.
        slice_spacing: distance between slice centres in mm.
        in_plane_axes: the other two axes, ascending.
        in_plane_spacing: voxel size in mm along each of ``in_plane_axes``.
        acquired: acquired in-plane resolution in mm along each of ``in_plane_axes``, as the user gave it; ``None`` if
            it is to be found from the image.
    """

    axis: int
    slice_count: int
    slice_spacing: float
    in_plane_axes: tuple[int, int]
    in_plane_spacing: tuple[float, float]
    acquired: tuple[float, float] | None = None

    @property
    def in_plane_voxel(self) -> float:
        """The finer of the two in-plane voxel sizes in mm; by default the output's spacing and a profile's taps'."""
        return min(self.in_plane_spacing)

    @property
    def separation_ratio(self) -> float:
        """Slice spacing divided by in-plane voxel size."""
        return self.slice_spacing / self.in_plane_voxel


def slice_geometry(volume: Volume, axis: AxisName = "auto", acquired_resolution: Sequence[float] = ()) -> SliceGeometry:
    """Determine the through-plane axis and the spacings of a volume.

    Args:
        volume: the volume.
        axis: the through-plane axis: ``"i"``, ``"j"`` or ``"k"``; ``"auto"`` takes the one with the largest spacing.
        acquired_resolution: acquired in-plane resolution in mm: one number for both in-plane axes, or one for each;
            empty to find it from the image.

    Raises:
        InputError: there is no axis of that name, or the resolution is not possible with these voxels.
    """
    if axis not in ("auto", *AXIS_NAMES):
        raise InputError(f"there is no axis {axis!r}: choose auto, i, j or k")
    spacing = volume.spacing
    through = int(np.argmax(spacing)) if axis == "auto" else AXIS_NAMES.index(axis)
    a, b = (index for index in range(3) if index != through)
    acquired = _checked_resolution(acquired_resolution, (a, b), (spacing[a], spacing[b]))
    return SliceGeometry(through, volume.shape[through], spacing[through], (a, b), (spacing[a], spacing[b]), acquired)


def _checked_resolution(
    resolutions: Sequence[float], axes: tuple[int, int], voxels: tuple[float, float]
) -> tuple[float, float] | None:
    """The acquired resolution along both in-plane axes in mm, at least the voxel size; ``None`` if none was given."""
    if len(resolutions) == 0:
        return None
    if len(resolutions) > 2:
        raise InputError(
            f"{len(resolutions)} acquired in-plane resolutions were given: give one, or one for each in-plane axis"
        )
    first, second = resolutions[0], resolutions[-1]
    for axis, resolution, voxel in zip(axes, (first, second), voxels, strict=True):
        if not FINEST_ACQUIRED * voxel <= resolution <= COARSEST_ACQUIRED * voxel:
            raise InputError(
                f"an acquired in-plane resolution of {resolution:g} mm along {AXIS_NAMES[axis]} is not possible with "
                f"voxels of {voxel:.4g} mm there: give one from {voxel:.4g} to {COARSEST_ACQUIRED * voxel:.4g} mm"
            )
    return max(first, voxels[0]), max(second, voxels[1])


def scan_geometry(scan: Volume, axis: AxisName = "auto", acquired_resolution: Sequence[float] = ()) -> SliceGeometry:
    """Determine the geometry of a volume and check that it is a 2-D multi-slice scan.

    Arguments as in :func:`slice_geometry`.

    Raises:
        InputError: as in :func:`slice_geometry`; or all voxels are equal, there are fewer than 8 slices, or the slice
            spacing is under 1.2 in-plane voxels.
    """
    check_content(scan)
    geometry = slice_geometry(scan, axis, acquired_resolution)
    check_slices(geometry)
    check_separation(scan, geometry)
    return geometry


def check_separation(scan: Volume, geometry: SliceGeometry) -> None:
    """Refuse a volume whose slices lie no farther apart than its in-plane voxels.

    Raises:
        InputError: the slice spacing is under 1.2 in-plane voxels.
    """
    if geometry.separation_ratio >= SMALLEST_RATIO:
        return
    sizes = " x ".join(f"{value:.3g}" for value in scan.spacing)
    widest = slice_geometry(scan)
    advice = (
        f"choose axis {AXIS_NAMES[widest.axis]}, where it is {widest.separation_ratio:.2f} times"
        if widest.separation_ratio >= SMALLEST_RATIO
        else "no other axis has a larger spacing, but the resolution along any can be measured"
    )
    raise InputError(
        f"the volume is already isotropic: with voxels of {sizes} mm, the spacing along axis "
        f"{AXIS_NAMES[geometry.axis]} is {geometry.separation_ratio:.2f} times the in-plane voxel (at least "
        f"{SMALLEST_RATIO} is needed); {advice}"
    )


def check_slices(geometry: SliceGeometry) -> None:
    """Refuse a volume with too few slices to learn from.

    Raises:
        InputError: there are fewer than 8 slices.
    """
    if geometry.slice_count < FEWEST_SLICES:
        raise InputError(
            f"the scan has {geometry.slice_count} slices along axis {AXIS_NAMES[geometry.axis]}, too few to learn "
            f"from: give a scan with at least {FEWEST_SLICES}, or choose another axis"
        )


def check_content(volume: Volume) -> None:
    """Refuse a volume without contrast.

    Raises:
        InputError: all voxels have the same value, or differ by little more than rounding.
    """
    low, high = float(volume.data.min()), float(volume.data.max())
    if low == high:
        raise InputError(f"every voxel has the same value ({low:g}): check that this is the right file")
    if high - low < FEWEST_STEPS * np.finfo(np.float32).eps * max(-low, high):
        raise InputError(
            f"the intensities, from {low:.9g} to {high:.9g}, differ by little more than single precision resolves: "
            "subtract their offset first"
        )
