"""The affine of a stack of DICOM slices from the position of each, and checks that they are one stack.

Positions are often rounded, to 0.1 mm at worst, so that single gaps between slices vary. Slice k of an even stack lies
at p + k s; origin p and step s are fitted to all positions by least squares, and each slice is judged by its distance
from where the fit puts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError

FloatArray = NDArray[np.float64]

#: Slices closer than this, in mm, count as being at the same position.
SAME_POSITION = 0.01
#: How far a slice may lie from the fitted grid along the normal, as a fraction of the slice spacing.
SPACING_TOLERANCE = 0.02
#: What rounding each coordinate to 0.1 mm may move a slice, in mm, half as much again as the fit follows it; but no
#: more than this fraction of the spacing, which is less than a missing slice moves one.
ROUNDING, LARGEST_ROUNDED_PART = 0.05 * 1.5, 0.15
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


def stack_affine(placements: Sequence[SlicePlacement], source: Path) -> tuple[FloatArray, tuple[str, ...]]:
    """The affine of slices that are sorted by position, voxel index (column, row, slice) to LPS mm, shape (4, 4).

    Its last two columns are the fitted step and origin. A warning tells of positions that are rounded so coarsely that
    the gaps between them vary.

    Raises:
        InputError: several slices are at one position, the stack is tilted, or the slice spacing varies, for example
            because a slice is missing.
    """
    first = placements[0]
    positions = np.array([placement.position for placement in placements])
    heights = positions @ first.normal
    _check_distinct(heights, placements, source)
    index = np.arange(len(placements), dtype=np.float64)
    step, origin = np.polyfit(index, positions, 1)
    _check_upright(positions - origin, step, first, source)
    _check_even(heights - np.outer(index, step) @ first.normal - origin @ first.normal, heights, placements, source)
    sideways = step - (step @ first.normal) * first.normal
    if np.linalg.norm(sideways) * (len(placements) - 1) < ROUNDING:
        step = step - sideways
    affine = np.eye(4)
    affine[:3, 0] = first.rows * first.pixel[0]
    affine[:3, 1] = first.columns * first.pixel[1]
    affine[:3, 2] = step
    affine[:3, 3] = origin
    return affine, _rounding_warning(np.diff(heights), float(np.linalg.norm(step)))


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
    """Refuse a tilted stack and slices out of line; ``positions`` are relative to the fitted origin."""
    height = float(step @ first.normal)
    sideways = step - height * first.normal
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways), height)))
    rounding = ROUNDING * np.sqrt(3)
    if tilt > TILT_TOLERANCE and np.linalg.norm(sideways) * (len(positions) - 1) > rounding:
        raise InputError(
            f"the slices of {source} are stacked {tilt:.1f} degrees off their normal (gantry tilt): "
            "resample them to a rectangular grid first"
        )
    in_plane = np.stack([first.rows, first.columns], axis=1)
    out_of_line = np.abs((positions - np.outer(np.arange(len(positions)), step)) @ in_plane)
    if out_of_line.max() > max(SIDEWAYS_TOLERANCE * min(first.pixel), rounding):
        raise InputError(
            f"the slices of {source} are shifted sideways, up to {out_of_line.max():.2g} mm off a common line: "
            "give one stack of slices in line"
        )


def _check_even(distances: FloatArray, heights: FloatArray, placements: Sequence[SlicePlacement], source: Path) -> None:
    """Refuse slices whose ``distances`` from the fitted grid, along the normal, are larger than rounding explains."""
    spacings = np.diff(heights)
    usual = float(np.sort(spacings)[(len(spacings) - 1) // 2])
    rounding = min(ROUNDING * float(np.abs(placements[0].normal).sum()), LARGEST_ROUNDED_PART * usual)
    if np.abs(distances).max() <= max(SPACING_TOLERANCE * usual, rounding):
        return
    k = int(np.argmax(np.abs(spacings - usual)))
    where = (
        f"between {placements[k].name} and {placements[k + 1].name} (slices {k + 1} and {k + 2} of {len(placements)})"
    )
    steps = np.round(spacings / usual)
    gaps = steps > 1
    if gaps.any() and np.abs(spacings - steps * usual).max() < max(0.05 * usual, 2 * rounding):
        count = int((steps[gaps] - 1).sum())
        raise InputError(
            f"{count} slice{'s are' if count > 1 else ' is'} missing in {source}: {where} "
            f"the slice spacing is {spacings[k]:.4g} mm, where the others are {usual:.4g} mm; complete the series"
        )
    raise InputError(
        f"the slice spacing of {source} varies from {spacings.min():.4g} to {spacings.max():.4g} mm: {where} "
        f"it is {spacings[k]:.4g} mm, where the median is {usual:.4g} mm; give evenly spaced slices"
    )


def _rounding_warning(spacings: FloatArray, fitted: float) -> tuple[str, ...]:
    if np.abs(spacings / fitted - 1).max() <= SPACING_TOLERANCE:
        return ()
    gaps = f"{spacings.min():.4g} to {spacings.max():.4g} mm apart"
    return (f"the slices' positions are rounded, {gaps}: an even slice spacing of {fitted:.4g} mm is taken",)
