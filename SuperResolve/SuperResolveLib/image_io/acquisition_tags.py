"""The acquisition header from DICOM tags, which come from DICOM files or from a JSON sidecar.

The acquired resolution along an image axis is the length of the image along it divided by the number of samples that
the scanner took. *AcquisitionMatrix* holds these numbers: (frequency-encoding samples along rows, the same along
columns, phase-encoding samples along rows, the same along columns); two of them are 0.
*InPlanePhaseEncodingDirection* names the axis of the phase-encoding samples: ROW is the one along which the column
index grows. PercentPhaseFieldOfView is not used: scanners either crop the image to the reduced field of view, so that
its length is already shorter, or give the number of samples for the whole image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader

#: The thinnest slice of any scanner in mm; how many times the slice spacing exceeds the thickness, and the thickness
#: the spacing, at most. A thickness in metres, or in micrometres, lies beyond.
THINNEST, LARGEST_GAP, LARGEST_OVERLAP = 0.05, 50.0, 10.0
#: How many times the acquired resolution is coarser than the voxels at most (interpolation), or finer.
LARGEST_INTERPOLATION = 20.0


def acquisition_header(
    tags: Mapping[str, Any], affine: NDArray[np.float64], shape: Sequence[int], axes: tuple[int, int] | None
) -> tuple[AcquisitionHeader, tuple[str, ...]]:
    """Interpret a set of tags of an image, and warn of what is implausible, which is ignored, or contradicts the image.

    Args:
        tags: values by DICOM keyword: numbers, lists of numbers, or texts with backslashes between numbers.
        affine: voxel index to mm of the image that the tags describe, shape (4, 4).
        shape: its number of voxels along each axis.
        axes: array axes of the image's rows and columns; if ``None``, the acquired resolution stays unknown.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    slice_spacing = float(spacing.max() if axes is None else np.delete(spacing, axes)[0])
    thickness, too_thick = _plausible_thickness(tags, slice_spacing)
    told_spacing = _first_positive(tags.get("SpacingBetweenSlices"))
    warnings = (*too_thick, *_spacing_warning(told_spacing, slice_spacing))
    acquired: list[float | None] = [None, None, None]
    lengths = _lengths(tags) or tuple(spacing[axis] * shape[axis] for axis in axes or ())
    for axis, length, samples in zip(axes or (), lengths, _samples(tags), strict=False):
        resolution = length / samples if samples else np.nan
        if 1 / LARGEST_INTERPOLATION <= resolution / spacing[axis] <= LARGEST_INTERPOLATION:
            acquired[axis] = float(resolution)
    return AcquisitionHeader(thickness, told_spacing, (acquired[0], acquired[1], acquired[2])), warnings


def _plausible_thickness(tags: Mapping[str, Any], spacing: float) -> tuple[float | None, tuple[str, ...]]:
    """The slice thickness in mm if slices so far apart may have it; a warning if not, as of one in metres."""
    told = numbers(tags.get("SliceThickness"))[:1]
    if not told or told[0] == 0:
        return None, ()
    if max(THINNEST, spacing / LARGEST_GAP) <= told[0] <= LARGEST_OVERLAP * spacing:
        return told[0], ()
    claim = f"the header tells a slice thickness of {told[0]:.4g} mm"
    return None, (f"{claim}, implausible for slices {spacing:.4g} mm apart: it is ignored",)


def _spacing_warning(told: float | None, measured: float) -> tuple[str, ...]:
    if told is None or abs(told / measured - 1) < 0.02:
        return ()
    return (f"the slices are {measured:.4g} mm apart, not {told:.4g} mm as SpacingBetweenSlices says",)


def numbers(value: Any) -> list[float]:
    """The numbers in a tag's value, infinite if they are beyond float64; empty if it holds anything else."""
    parts = value.split("\\") if isinstance(value, str) else value if isinstance(value, list) else [value]
    try:
        return [_number(part) for part in parts]
    except (TypeError, ValueError):
        return []


def _number(part: Any) -> float:
    """A number or its text; ``True`` is none, and an integer beyond float64 is infinite."""
    if isinstance(part, bool):
        raise TypeError("a truth value is no number")
    try:
        return float(part)
    except OverflowError:
        return np.inf


def _first_positive(value: Any) -> float | None:
    return next((number for number in numbers(value)[:1] if np.isfinite(number) and number > 0), None)


def _lengths(tags: Mapping[str, Any]) -> tuple[float, float] | None:
    """Length in mm of the reconstructed image along its rows and along its columns, if the tags tell it."""
    rows, columns = _first_positive(tags.get("Rows")), _first_positive(tags.get("Columns"))
    spacing = numbers(tags.get("PixelSpacing"))
    if rows is None or columns is None or len(spacing) != 2 or not min(spacing) > 0:
        return None
    return columns * spacing[1], rows * spacing[0]


def _samples(tags: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Number of samples acquired along the image's rows and along its columns, if the tags tell it."""
    matrix = numbers(tags.get("AcquisitionMatrix"))
    if len(matrix) == 4:
        frequency_samples, phase_samples = max(matrix[:2]), max(matrix[2:])
    else:  # the names that dcm2niix gives them
        frequency_samples, phase_samples = (
            _first_positive(tags.get(key)) or 0.0 for key in ("BaseResolution", "AcquisitionMatrixPE")
        )
    direction = tags.get("InPlanePhaseEncodingDirection") or tags.get("InPlanePhaseEncodingDirectionDICOM") or ""
    if str(direction).strip().upper() not in ("ROW", "COL"):
        direction = "" if len(matrix) != 4 else "ROW" if matrix[2] > matrix[3] else "COL"
    by_direction = {"ROW": (phase_samples, frequency_samples), "COL": (frequency_samples, phase_samples)}
    along_rows, along_columns = by_direction.get(str(direction).strip().upper(), (0.0, 0.0))
    return along_rows or None, along_columns or None
