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

#: The most bytes of a sidecar; dcm2niix's have some thousand, and a million where each slice is described.
LARGEST_SIDECAR = 4 * 2**20


def sidecar_header(volume: Volume, path: Path, ending: str) -> Volume:
    """The volume with the acquisition header from the JSON sidecar of ``path``; unchanged if there is no sidecar.

    A sidecar that is not a JSON object is ignored with a warning. ``ending`` is that of the image's name.
    """
    sidecar = _sidecar_of(path, ending)
    if not sidecar.is_file():
        return volume
    tags = _json(sidecar)
    if not isinstance(tags, dict):
        warning = f"the sidecar {sidecar} is not a JSON object: it is ignored"
        return replace(volume, warnings=(*volume.warnings, warning))
    header, warnings = acquisition_header(tags, volume.affine, volume.shape, _image_axes(tags, volume))
    told = (f"by the sidecar {sidecar.name}, {warning}" for warning in warnings)
    return replace(volume, header=header, warnings=(*volume.warnings, *told))


def sidecar_modality(path: Path, ending: str) -> str | None:
    """The modality that the JSON sidecar of an image tells, such as MR; ``None`` if it tells none."""
    sidecar = _sidecar_of(path, ending)
    tags = _json(sidecar) if sidecar.is_file() else None
    modality = tags.get("Modality") if isinstance(tags, dict) else None
    return modality.strip() or None if isinstance(modality, str) else None


def _sidecar_of(path: Path, ending: str) -> Path:
    return path.with_name(path.name[: len(path.name) - len(ending)] + ".json")


def _json(path: Path) -> Any:
    """What a JSON file holds; ``None`` if it is damaged or implausibly large."""
    try:
        if path.stat().st_size > LARGEST_SIDECAR:
            return None
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None


def _image_axes(tags: Mapping[str, Any], volume: Volume) -> tuple[int, int] | None:
    """The array axes along which the column and the row index of the DICOM images grow; ``None`` if unknown.

    They follow from the orientation of the images if the sidecar has it. Otherwise they are the first two axes, if the
    third has the largest spacing; if it has not, the axes of the array were permuted.
    """
    cosines = numbers(tags.get("ImageOrientationPatientDICOM"))
    if len(cosines) == 6 and np.abs(cosines).max() < 1.1:
        directions = np.reshape(cosines, (2, 3)) * (-1, -1, 1)  # LPS to RAS
        rows, columns = np.argmax(np.abs(directions @ (volume.affine[:3, :3] / volume.spacing)), axis=1)
        return (int(rows), int(columns)) if rows != columns else None
    return (0, 1) if volume.spacing[2] > 0.99 * max(volume.spacing) else None
