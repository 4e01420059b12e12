"""From the positions of a series' slices to one affine, if they make up a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

FloatArray = NDArray[np.float64]

#: Slices closer than this, in mm, lie at the same position.
SAME_POSITION = 0.01
#: How far a gap may be from the others, as a part of it; scanners round positions to well below that.
GAP_TOLERANCE = 0.02
#: How far the stack may lean from the slice normal, in degrees, and a slice out of line, in pixels.
TILT_TOLERANCE, SIDEWAYS_TOLERANCE = 0.3, 0.25


@dataclass(frozen=True)
class SlicePlane:
    """Where one slice lies, as DICOM tells it, in LPS mm.

    Attributes:
        name: of the slice's file.
        position: centre of the first voxel, shape (3,).
        rows, columns: unit vectors along which the column index and the row index grow, shape (3,) each.
        pixel: distances between voxels along ``rows`` and ``columns``.
    """

    name: str
    position: FloatArray
    rows: FloatArray
    columns: FloatArray
    pixel: tuple[float, float]

    @property
    def normal(self) -> FloatArray:
        """Unit vector across the slice, shape (3,)."""
        return np.cross(self.rows, self.columns)


def stack_order(planes: Sequence[SlicePlane], source: Path) -> list[int]:
    """The order of the slices along their normal.

    Raises:
        InputError: they are not parallel, or differ in voxel size.
    """
    first = planes[0]
    for plane in planes:
        pair = f"the slices {first.name} and {plane.name} of {source}"
        if min(plane.rows @ first.rows, plane.columns @ first.columns) < np.cos(np.radians(TILT_TOLERANCE)):
            raise InputError(f"{pair} are not parallel: give one stack of slices")
        if not np.allclose(plane.pixel, first.pixel, rtol=1e-3):
            raise InputError(f"{pair} differ in voxel size: give one stack of slices")
    return sorted(range(len(planes)), key=lambda index: float(planes[index].position @ first.normal))


def stack_affine(planes: Sequence[SlicePlane], source: Path) -> FloatArray:
    """Voxel (column, row, slice) to LPS mm, of slices in order, shape (4, 4); its third column is their mean distance.

    Raises:
        InputError: several slices at one position, gantry tilt, or gaps that vary, also because a slice is missing.
    """
    first = planes[0]
    positions = np.array([plane.position for plane in planes])
    heights = positions @ first.normal
    _check_distinct(heights, planes, source)
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    _check_upright(positions, step, first, source)
    _check_gaps(np.diff(heights), planes, source)
    affine = np.eye(4)
    affine[:3, 0] = first.rows * first.pixel[0]
    affine[:3, 1] = first.columns * first.pixel[1]
    affine[:3, 2] = step
    affine[:3, 3] = first.position
    return affine


def _check_distinct(heights: FloatArray, planes: Sequence[SlicePlane], source: Path) -> None:
    again = np.flatnonzero(np.diff(heights) < SAME_POSITION)
    if again.size:
        a, b = planes[again[0]].name, planes[again[0] + 1].name
        raise InputError(
            f"{source} holds {len(planes)} slices at {len(planes) - again.size} positions ({a} and {b} share one): "
            "give a folder with the slices of one volume, without other echoes, time points or copies"
        )


def _check_upright(positions: FloatArray, step: FloatArray, first: SlicePlane, source: Path) -> None:
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


def _check_gaps(gaps: FloatArray, planes: Sequence[SlicePlane], source: Path) -> None:
    usual = float(np.median(gaps))
    odd = np.flatnonzero(np.abs(gaps / usual - 1) > GAP_TOLERANCE)
    if odd.size == 0:
        return
    k = int(odd[0])
    where = f"between {planes[k].name} and {planes[k + 1].name} (slices {k + 1} and {k + 2} of {len(planes)})"
    skipped = np.round(gaps[odd] / usual) - 1
    if skipped.min() >= 1 and np.abs(gaps[odd] / usual - skipped - 1).max() < 0.05:
        count = int(skipped.sum())
        raise InputError(
            f"{count} slice{'s are' if count > 1 else ' is'} missing in {source}: {where} "
            f"the slice spacing is {gaps[k]:.4g} mm, where the others are {usual:.4g} mm; complete the series"
        )
    raise InputError(
        f"the slice spacing of {source} varies from {gaps.min():.4g} to {gaps.max():.4g} mm: {where} "
        f"it is {gaps[k]:.4g} mm, where the median is {usual:.4g} mm; give evenly spaced slices"
    )
