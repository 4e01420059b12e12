"""The acquisition header from DICOM tags, which come from DICOM files or from a JSON sidecar.

The acquired resolution along an image axis is the length of the image along it divided by the number of samples that
the scanner took. *AcquisitionMatrix* holds these numbers: (frequency-encoding samples along rows, the same along
columns, phase-encoding samples along rows, the same along columns); two of them are 0.
*InPlanePhaseEncodingDirection* names the axis of the phase-encoding samples: ROW is the one along which the column
index grows. PercentPhaseFieldOfView is not used: scanners either crop the image to the reduced field of view, so that
its length is already shorter, or give the number of samples for the whole image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.volume import AcquisitionHeader


def acquisition_header(
    tags: Mapping[str, Any], lengths: tuple[float, float], axes: tuple[int, int] | None
) -> AcquisitionHeader:
    """Interpret a set of tags.

    Args:
        tags: values by DICOM keyword: numbers, lists of numbers, or texts with backslashes between numbers.
        lengths: length of the image in mm along its rows and along its columns, for tags that do not tell.
        axes: array axes of the image's rows and columns; if ``None``, the acquired resolution stays unknown.
    """
    acquired: list[float | None] = [None, None, None]
    for axis, length, samples in zip(axes or (), _lengths(tags) or lengths, _samples(tags), strict=False):
        acquired[axis] = length / samples if samples else None
    return AcquisitionHeader(
        slice_thickness_mm=_first_positive(tags.get("SliceThickness")),
        slice_spacing_mm=_first_positive(tags.get("SpacingBetweenSlices")),
        acquired_spacing_mm=(acquired[0], acquired[1], acquired[2]),
    )


def numbers(value: Any) -> list[float]:
    """The numbers in a tag's value; empty if it holds anything else."""
    parts = value.split("\\") if isinstance(value, str) else value if isinstance(value, list) else [value]
    try:
        return [float(part) for part in parts]
    except (TypeError, ValueError):
        return []


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
