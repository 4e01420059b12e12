"""The JSON sidecar beside an image file, as dcm2niix and BIDS write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.volume import Volume
from .acquisition_tags import acquisition_header, numbers


def sidecar_header(volume: Volume, path: Path, ending: str) -> Volume:
    """The volume with the acquisition header from the JSON sidecar of ``path``; unchanged if there is no sidecar.

    A sidecar that is not a JSON object is ignored with a warning. ``ending`` is that of the image's name.
    """
    sidecar = path.with_name(path.name[: -len(ending)] + ".json")
    if not sidecar.is_file():
        return volume
    try:
        tags = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        tags = None
    if not isinstance(tags, dict):
        warning = f"the sidecar {sidecar} is not a JSON object: it is ignored"
        return replace(volume, warnings=(*volume.warnings, warning))
    axes = _image_axes(tags, volume)
    rows, columns = axes or (0, 1)
    lengths = tuple(size * step for size, step in zip(volume.shape, volume.spacing, strict=True))
    return replace(volume, header=acquisition_header(tags, (lengths[rows], lengths[columns]), axes))


def _image_axes(tags: Mapping[str, Any], volume: Volume) -> tuple[int, int] | None:
    """The array axes along which the column and the row index of the DICOM images grow; ``None`` if unknown.

    They follow from the orientation of the images if the sidecar has it. Otherwise they are the first two axes, if the
    third has the largest spacing; if it has not, the axes of the array were permuted.
    """
    cosines = numbers(tags.get("ImageOrientationPatientDICOM"))
    if len(cosines) == 6 and np.isfinite(cosines).all():
        directions = np.reshape(cosines, (2, 3)) * (-1, -1, 1)  # LPS to RAS
        rows, columns = np.argmax(np.abs(directions @ (volume.affine[:3, :3] / volume.spacing)), axis=1)
        return (int(rows), int(columns)) if rows != columns else None
    return (0, 1) if volume.spacing[2] > 0.99 * max(volume.spacing) else None
