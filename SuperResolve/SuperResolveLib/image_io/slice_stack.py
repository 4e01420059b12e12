"""The affine of a stack of DICOM slices from the position of each, and checks that they are one stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

FloatArray = NDArray[np.float64]

#: Slices closer than this, in mm, count as being at the same position.
SAME_POSITION = 0.01
#: How much a distance between slices may differ from the median, as a fraction of it; scanners round to far below that.
SPACING_TOLERANCE = 0.02
#: How far the stack may be tilted from the slice normal, in degrees, and a slice be shifted sideways, in pixels.
TILT_TOLERANCE, SIDEWAYS_TOLERANCE = 0.3, 0.25


@dataclass(frozen=True)
class SlicePlacement:
    """Position and orientation of one slice, from its DICOM header, in LPS mm.

    Attributes:
        name: name of the slice's file.
        position: centre of the first voxel, shape (3,).
        rows: unit vector along which the column index grows, shape (3,).
        columns: unit vector along which the row index grows, shape (3,).
        pixel: voxel size in mm along ``rows`` and along ``columns``.
    """

    name: str
    position: FloatArray
    rows: FloatArray
    columns: FloatArray
    pixel: tuple[float, float]

    @property
    def normal(self) -> FloatArray:
        """Unit vector perpendicular to the slice, shape (3,)."""
        return np.cross(self.rows, self.columns)


def stack_order(placements: Sequence[SlicePlacement], source: Path) -> list[int]:
    """Indices that sort slices by their position along the slice normal; ``source`` is their folder, for messages.

    Raises:
        InputError: the slices are not parallel, or differ in voxel size.
    """
    first = placements[0]
    for placement in placements:
        pair = f"the slices {first.name} and {placement.name} of {source}"
        if min(placement.rows @ first.rows, placement.columns @ first.columns) < np.cos(np.radians(TILT_TOLERANCE)):
            raise InputError(f"{pair} are not parallel: give one stack of slices")
        if not np.allclose(placement.pixel, first.pixel, rtol=1e-3):
            raise InputError(f"{pair} differ in voxel size: give one stack of slices")
    return sorted(range(len(placements)), key=lambda index: float(placements[index].position @ first.normal))


def stack_affine(placements: Sequence[SlicePlacement], source: Path) -> FloatArray:
    """The affine of slices that are sorted by position, voxel index (column, row, slice) to LPS mm, shape (4, 4).

    Its third column is the mean step from slice to slice.

    Raises:
        InputError: several slices are at one position, the stack is tilted, or the slice spacing varies, for example
            because a slice is missing.
    """
    first = placements[0]
    positions = np.array([placement.position for placement in placements])
    heights = positions @ first.normal
    _check_distinct(heights, placements, source)
    step = (positions[-1] - positions[0]) / (len(placements) - 1)
    _check_upright(positions, step, first, source)
    _check_spacings(np.diff(heights), placements, source)
    affine = np.eye(4)
    affine[:3, 0] = first.rows * first.pixel[0]
    affine[:3, 1] = first.columns * first.pixel[1]
    affine[:3, 2] = step
    affine[:3, 3] = first.position
    return affine


def _check_distinct(heights: FloatArray, placements: Sequence[SlicePlacement], source: Path) -> None:
    repeated = np.flatnonzero(np.diff(heights) < SAME_POSITION)
    if repeated.size:
        count = len(placements)
        a, b = placements[repeated[0]].name, placements[repeated[0] + 1].name
        raise InputError(
            f"{source} holds {count} slices at {count - repeated.size} positions ({a} and {b} share one): "
            "give a folder with the slices of one volume, without other echoes, time points or copies"
        )


def _check_upright(positions: FloatArray, step: FloatArray, first: SlicePlacement, source: Path) -> None:
    height = float(step @ first.normal)
    sideways = step - height * first.normal
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways), height)))
    if tilt > TILT_TOLERANCE:
        raise InputError(
            f"the slices of {source} are stacked {tilt:.1f} degrees off their normal (gantry tilt): "
            "resample them to a rectangular grid first"
        )
    out_of_line = (positions - positions[0]) @ np.stack([first.rows, first.columns], axis=1)
    out_of_line -= np.outer(np.arange(len(positions)), (step @ first.rows, step @ first.columns))
    if np.abs(out_of_line).max() > SIDEWAYS_TOLERANCE * min(first.pixel):
        raise InputError(
            f"the slices of {source} are shifted sideways by up to {np.abs(out_of_line).max():.2g} mm: "
            "give one stack of slices in line"
        )


def _check_spacings(spacings: FloatArray, placements: Sequence[SlicePlacement], source: Path) -> None:
    usual = float(np.median(spacings))
    unusual = np.flatnonzero(np.abs(spacings / usual - 1) > SPACING_TOLERANCE)
    if unusual.size == 0:
        return
    k = int(unusual[0])
    where = (
        f"between {placements[k].name} and {placements[k + 1].name} (slices {k + 1} and {k + 2} of {len(placements)})"
    )
    missing = np.round(spacings[unusual] / usual) - 1
    if missing.min() >= 1 and np.abs(spacings[unusual] / usual - missing - 1).max() < 0.05:
        count = int(missing.sum())
        raise InputError(
            f"{count} slice{'s are' if count > 1 else ' is'} missing in {source}: {where} "
            f"the slice spacing is {spacings[k]:.4g} mm, where the others are {usual:.4g} mm; complete the series"
        )
    raise InputError(
        f"the slice spacing of {source} varies from {spacings.min():.4g} to {spacings.max():.4g} mm: {where} "
        f"it is {spacings[k]:.4g} mm, where the median is {usual:.4g} mm; give evenly spaced slices"
    )
