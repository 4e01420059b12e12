"""The frames of an enhanced DICOM file (MR, CT, and converted from older ones), from its functional groups.

A functional group is a sequence of one item. It stands once for all frames (shared), or in each frame's own item
(DICOM PS3.3, C.7.6.16).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import InputError
from ..acquisition_tags import numbers
from .file import DicomFile
from .slice import DicomSlice
from .slice_stack import SAME_POSITION
from .tags import quiet, shown, text

#: The functional group that holds a tag of a frame.
_GROUPS = {
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "InPlanePhaseEncodingDirection": "MRFOVGeometrySequence",
    "MRAcquisitionFrequencyEncodingSteps": "MRFOVGeometrySequence",
    "MRAcquisitionPhaseEncodingStepsInPlane": "MRFOVGeometrySequence",
}
#: What may differ between frames at one position: group, tag, and what a message calls it.
_DIMENSIONS = (
    ("FrameContentSequence", "StackID", "stack"),
    ("MREchoSequence", "EffectiveEchoTime", "echo time"),
    ("FrameContentSequence", "TemporalPositionIndex", "time point"),
    ("MRImageFrameTypeSequence", "ComplexImageComponent", "part of the complex signal"),
    ("MRImageFrameTypeSequence", "FrameType", "type of image"),
    ("CTImageFrameTypeSequence", "FrameType", "type of image"),
    ("MRDiffusionSequence", "DiffusionBValue", "b-value"),
    ("MRDiffusionSequence", "DiffusionDirectionality", "diffusion direction"),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", "cardiac phase"),
    ("MRTimingAndRelatedParametersSequence", "FlipAngle", "flip angle"),
)


def frames_of(file: DicomFile, count: int) -> list[DicomSlice]:
    """The frames of a file, in the order of its voxels.

    Raises:
        InputError: the file has no functional groups, as multi-frame files of old, or not one for each of ``count``
            frames; or it holds several volumes.
    """
    with quiet():
        shared, own = _items(file.header, "Shared"), _items(file.header, "PerFrame")
        if not own:
            raise InputError(
                f"{file.path} is multi-frame DICOM whose header does not tell where its frames lie: convert it to NIfTI"
            )
        if len(own) != count:
            raise InputError(
                f"{file.path} is a damaged DICOM file: it holds {count} frames, and its header describes {len(own)}"
            )
        groups = [_group_of(item, shared[0] if shared else None) for item in own]
        general = file.tags
        frames = [
            DicomSlice(f"frame {number}" if count > 1 else file.path.name, file, _tags(general, group))
            for number, group in enumerate(groups, start=1)
        ]
        _check_one_volume(frames, groups, file)
    return frames


def _items(dataset: Any, prefix: str) -> Sequence[Any]:
    return _sequence(dataset, f"{prefix}FunctionalGroupsSequence")


def _sequence(dataset: Any, keyword: str) -> Sequence[Any]:
    """The items of a sequence; empty if it is absent or damaged."""
    try:
        value = dataset.get(keyword)
        return list(value) if value else ()
    except Exception:  # pydicom fails on damaged items in almost any way
        return ()


def _group_of(own: Any, shared: Any) -> Callable[[str], Any]:
    """The item of a functional group, by the keyword of its sequence: the frame's own, else the shared one, else
    ``None``.
    """

    def group(keyword: str) -> Any:
        for item in (own, shared):
            if item is not None and (found := _sequence(item, keyword)):
                return found[0]
        return None

    return group


def _tags(general: Mapping[str, str], group: Callable[[str], Any]) -> dict[str, str]:
    """The tags of a frame; those that its functional groups do not tell are the file's."""
    tags = dict(general)
    for keyword, sequence in _GROUPS.items():
        item = group(sequence)
        value = "" if item is None else text(item, keyword)
        if value:
            tags[keyword] = value
    tags["BaseResolution"] = tags.pop("MRAcquisitionFrequencyEncodingSteps", "")
    tags["AcquisitionMatrixPE"] = tags.pop("MRAcquisitionPhaseEncodingStepsInPlane", "")
    tags["InPlanePhaseEncodingDirection"] = tags["InPlanePhaseEncodingDirection"].replace("COLUMN", "COL")
    return tags


def _check_one_volume(frames: Sequence[DicomSlice], groups: Sequence[Callable[[str], Any]], file: DicomFile) -> None:
    """Refuse several frames at one position, and name what they differ in."""
    at: dict[tuple[int, ...], list[int]] = {}
    for index, frame in enumerate(frames):
        place = np.array(numbers(frame.tags["ImagePositionPatient"]) + numbers(frame.tags["ImageOrientationPatient"]))
        if np.isfinite(place).all() and np.abs(place).max(initial=0.0) < 1e6:
            at.setdefault(tuple(np.round(place / SAME_POSITION).astype(int)), []).append(index)
    repeated = next((members for members in at.values() if len(members) > 1), None)
    if repeated is None:
        return
    for sequence, keyword, meaning in _DIMENSIONS:
        items = [groups[index](sequence) for index in repeated]
        values = list(dict.fromkeys("" if item is None else text(item, keyword) for item in items))
        if len(values) > 1:
            listed = ", ".join(shown(value) or "none" for value in values[:4]) + ", ..." * (len(values) > 4)
            raise InputError(
                f"{file.path} holds {len(repeated)} volumes, which differ in {meaning} ({listed}): "
                "convert it to one file a volume, as dcm2niix does"
            )
    raise InputError(
        f"{file.path} holds {len(frames)} frames at {len(at)} positions: "
        "convert it to one file a volume, as dcm2niix does"
    )
