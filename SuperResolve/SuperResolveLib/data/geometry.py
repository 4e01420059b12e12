"""Where things lie: the through-plane axis, the ratio, and the output grid.

*Slice coordinates* count slices of the scan along its through-plane axis: slice k is centred on k, and
the field of view reaches from -1/2 to n - 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .volume import Volume

AxisName = Literal["auto", "i", "j", "k"]
AXIS_NAMES: tuple[AxisName, AxisName, AxisName] = ("i", "j", "k")

#: Below this ratio of slice spacing to in-plane voxel a volume counts as isotropic already.
SMALLEST_RATIO = 1.2
FEWEST_SLICES = 8
#: How far beyond the outermost slice centres planes may be asked for, in slice spacings.
FARTHEST_BEYOND = 2
#: How many times finer than the slices output planes may be.
FINEST = 100
#: The acquired in-plane resolution that a user tells, in voxels: rounding, and the most zero filling that there is.
FINEST_ACQUIRED, COARSEST_ACQUIRED = 0.97, 10.0


@dataclass(frozen=True)
class SliceGeometry:
    """The through-plane axis of a scan and the spacings about it, in mm.

    ``in_plane_spacing`` belongs to ``in_plane_axes``, in the same order, and so does ``acquired``: the acquired
    in-plane resolution that the user told, ``None`` to find it from the image.
    """

    axis: int
    slice_count: int
    slice_spacing: float
    in_plane_axes: tuple[int, int]
    in_plane_spacing: tuple[float, float]
    acquired: tuple[float, float] | None = None

    @property
    def in_plane_voxel(self) -> float:
        """The finer in-plane voxel size: the output's, and the distance between a profile's taps."""
        return min(self.in_plane_spacing)

    @property
    def separation_ratio(self) -> float:
        """Slice spacing over in-plane voxel size."""
        return self.slice_spacing / self.in_plane_voxel


@dataclass(frozen=True)
class OutputGrid:
    """The planes on which a result lies.

    Attributes:
        positions: plane centres in slice coordinates, evenly spaced, ascending.
        spacing: distance between planes in mm.
        affine: voxel to RAS mm of the result.
    """

    positions: NDArray[np.floating]
    spacing: float
    affine: NDArray[np.float64]


def slice_geometry(volume: Volume, axis: AxisName = "auto", acquired_resolution: Sequence[float] = ()) -> SliceGeometry:
    """The through-plane axis: the one with the largest spacing, unless ``axis`` names one.

    Args:
        volume: the volume.
        axis: ``"auto"``, ``"i"``, ``"j"`` or ``"k"``.
        acquired_resolution: in mm: one number, one for each in-plane axis, or none to find it from the image.

    Raises:
        InputError: there is no axis of that name, or the resolution cannot be that of these voxels.
    """
    if axis not in ("auto", *AXIS_NAMES):
        raise InputError(f"there is no axis {axis!r}: choose auto, i, j or k")
    spacing = volume.spacing
    through = int(np.argmax(spacing)) if axis == "auto" else AXIS_NAMES.index(axis)
    a, b = (index for index in range(3) if index != through)
    acquired = _told_resolution(acquired_resolution, (a, b), (spacing[a], spacing[b]))
    return SliceGeometry(through, volume.shape[through], spacing[through], (a, b), (spacing[a], spacing[b]), acquired)


def _told_resolution(
    told: Sequence[float], axes: tuple[int, int], voxels: tuple[float, float]
) -> tuple[float, float] | None:
    """What the user told of the acquired in-plane resolution, along both in-plane axes, in mm."""
    if len(told) == 0:
        return None
    if len(told) > 2:
        raise InputError(
            f"{len(told)} acquired in-plane resolutions were given: give one, or one for each in-plane axis"
        )
    for axis, resolution, voxel in zip(axes, (told[0], told[-1]), voxels, strict=True):
        if not FINEST_ACQUIRED * voxel <= resolution <= COARSEST_ACQUIRED * voxel:
            raise InputError(
                f"an acquired in-plane resolution of {resolution:g} mm along {AXIS_NAMES[axis]} is not possible with "
                f"voxels of {voxel:.4g} mm there: give one from {voxel:.4g} to {COARSEST_ACQUIRED * voxel:.4g} mm"
            )
    return max(told[0], voxels[0]), max(told[-1], voxels[1])


def scan_geometry(scan: Volume, axis: AxisName = "auto", acquired_resolution: Sequence[float] = ()) -> SliceGeometry:
    """:func:`slice_geometry` of a 2-D multi-slice scan, checked to be one.

    Raises:
        InputError: as in :func:`slice_geometry`; or there is nothing to estimate from (no variation, fewer than 8
            slices) or nothing to gain (spacing under 1.2 in-plane voxels).
    """
    check_content(scan)
    geometry = slice_geometry(scan, axis, acquired_resolution)
    check_slices(geometry)
    check_separation(scan, geometry)
    return geometry


def check_separation(scan: Volume, geometry: SliceGeometry) -> None:
    """Refuse a volume whose slices lie no farther apart than its in-plane voxels.

    Raises:
        InputError: the spacing is under 1.2 in-plane voxels.
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
        InputError: there are fewer than 8.
    """
    if geometry.slice_count < FEWEST_SLICES:
        raise InputError(
            f"the scan has {geometry.slice_count} slices along axis {AXIS_NAMES[geometry.axis]}, too few to learn "
            f"from: give a scan with at least {FEWEST_SLICES}, or choose another axis"
        )


def check_content(volume: Volume) -> None:
    """Refuse a volume in which there is nothing to see.

    Raises:
        InputError: the voxels do not vary.
    """
    if float(np.ptp(volume.data)) == 0.0:
        raise InputError(f"every voxel has the same value ({volume.data.flat[0]:g}): check that this is the right file")


def output_grid(
    scan: Volume, geometry: SliceGeometry, spacing: float | None = None, like: Volume | None = None
) -> OutputGrid:
    r"""The planes of the result: the scan's field of view in steps of ``spacing``, or the planes of ``like``.

    With n slices a distance s apart and output spacing d, there are m = round(n s / d) planes at slice coordinates
    (n - 1)/2 + (j - (m - 1)/2) d/s, j = 0..m-1: the middle of the field of view stays where it is, and its ends move by
    less than half an output voxel where n s / d is not whole.

    Raises:
        InputError: ``spacing`` is coarser or very much finer than the slices, or ``like`` does not span the scan.
    """
    if like is not None:
        positions = _planes_of(like, scan, geometry)
    else:
        step = geometry.in_plane_voxel if spacing is None else spacing
        if not geometry.slice_spacing / FINEST <= step <= geometry.slice_spacing * (1 + 1e-6):
            raise InputError(
                f"an output spacing of {step:g} mm is not between the slice spacing of {geometry.slice_spacing:g} mm "
                f"and a hundredth of it: choose another output spacing"
            )
        count = round(geometry.slice_count * geometry.slice_spacing / step)
        centred = np.arange(count) - (count - 1) / 2
        positions = (geometry.slice_count - 1) / 2 + centred * step / geometry.slice_spacing
    step_in_slices = float(positions[1] - positions[0])
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, geometry.axis] * positions[0]
    affine[:3, geometry.axis] *= step_in_slices
    return OutputGrid(positions, step_in_slices * geometry.slice_spacing, affine)


def _planes_of(like: Volume, scan: Volume, geometry: SliceGeometry) -> NDArray[np.floating]:
    """Plane centres of ``like`` in the scan's slice coordinates, ascending."""
    into_scan = np.linalg.inv(scan.affine) @ like.affine
    steps = into_scan[geometry.axis, :3]
    axis = int(np.argmax(np.abs(steps)))
    others = np.delete(steps, axis)
    if np.max(np.abs(others) * np.delete(like.shape, axis)) > 0.05 * geometry.in_plane_voxel / geometry.slice_spacing:
        raise InputError("the planes of --like are not parallel to the scan's slices: resample it to the scan's axes")
    positions = into_scan[geometry.axis, 3] + steps[axis] * np.arange(like.shape[axis])
    positions = np.sort(positions)
    step = positions[1] - positions[0] if positions.size > 1 else 0.0
    if not 0 < step <= 1 or positions[0] > 0.501 or positions[-1] < geometry.slice_count - 1.501:
        raise InputError(
            "the planes of --like do not cover the scan's slices, or lie farther apart than they: "
            "give a volume with thinner planes that spans the whole scan"
        )
    if positions[0] < -FARTHEST_BEYOND or positions[-1] > geometry.slice_count - 1 + FARTHEST_BEYOND:
        raise InputError(
            f"the planes of --like reach more than {FARTHEST_BEYOND} slice spacings beyond the scan, where nothing is "
            "known: crop it to the scan"
        )
    return positions
