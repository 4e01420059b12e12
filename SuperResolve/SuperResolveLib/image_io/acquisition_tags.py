"""What DICOM tags, read from DICOM or from a JSON sidecar, say of the acquisition.

*AcquisitionMatrix* counts the samples that the scanner took: (frequency along rows, frequency along columns, phase
along rows, phase along columns), two of them 0. *InPlanePhaseEncodingDirection* tells which of the image's axes the
phase samples belong to: ROW is the one along which the column index grows. The acquired resolution of an axis is the
image's length along it over its samples. PercentPhaseFieldOfView does not enter: scanners either crop the image to a
reduced field of view, so that its length is shorter already, or count the samples as for the whole image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.volume import AcquisitionHeader


def acquisition_header(
    tags: Mapping[str, Any], lengths: tuple[float, float], axes: tuple[int, int] | None
) -> AcquisitionHeader:
    """The acquisition header that a set of tags amounts to.

    Args:
        tags: values by DICOM keyword; numbers, lists of numbers, or text with backslashes between them.
        lengths: of the image in mm along its rows and along its columns, where the tags do not tell.
        axes: the array axes of the image's rows and columns; ``None`` if unknown, and so is the acquired resolution.
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
    """The numbers in a tag's value; none if it holds anything else."""
    parts = value.split("\\") if isinstance(value, str) else value if isinstance(value, list) else [value]
    try:
        return [float(part) for part in parts]
    except (TypeError, ValueError):
        return []


def _first_positive(value: Any) -> float | None:
    return next((number for number in numbers(value)[:1] if np.isfinite(number) and number > 0), None)


def _lengths(tags: Mapping[str, Any]) -> tuple[float, float] | None:
    """Of the image as it was reconstructed, in mm along its rows and along its columns."""
    rows, columns = _first_positive(tags.get("Rows")), _first_positive(tags.get("Columns"))
    spacing = numbers(tags.get("PixelSpacing"))
    if rows is None or columns is None or len(spacing) != 2 or not min(spacing) > 0:
        return None
    return columns * spacing[1], rows * spacing[0]


def _samples(tags: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Samples acquired along the image's rows and along its columns."""
    matrix = numbers(tags.get("AcquisitionMatrix"))
    if len(matrix) == 4:
        frequency, phase = max(matrix[:2]), max(matrix[2:])
    else:  # as dcm2niix names them
        frequency, phase = (_first_positive(tags.get(key)) or 0.0 for key in ("BaseResolution", "AcquisitionMatrixPE"))
    direction = tags.get("InPlanePhaseEncodingDirection") or tags.get("InPlanePhaseEncodingDirectionDICOM") or ""
    if str(direction).strip().upper() not in ("ROW", "COL"):
        direction = "" if len(matrix) != 4 else "ROW" if matrix[2] > matrix[3] else "COL"
    along = {"ROW": (phase, frequency), "COL": (frequency, phase)}.get(str(direction).strip().upper(), (0.0, 0.0))
    return along[0] or None, along[1] or None
