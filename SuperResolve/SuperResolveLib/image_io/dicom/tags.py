"""Reading tags of a pydicom dataset, whatever they hold."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: The tags that are read.
KEYWORDS = (
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "SeriesDescription",
    "SliceThickness",
    "SpacingBetweenSlices",
    "AcquisitionMatrix",
    "InPlanePhaseEncodingDirection",
    "SeriesInstanceUID",
    "SeriesNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleIntercept",
    "RescaleSlope",
)
#: The sequences that describe the frames of an enhanced file.
SEQUENCES = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
#: UIDs and descriptions have no more letters.
LONGEST_SHOWN = 64


def text(dataset: Any, keyword: str) -> str:
    """The value of a tag without padding, several separated by backslashes; bytes of unknown meaning are replaced.

    Within :func:`quiet`.
    """
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return ""
    try:
        value = dataset[tag].value
    except Exception:  # pydicom refuses garbage, in almost any way
        value = dataset.get_item(tag).value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    parts = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    joined = "\\".join("" if part is None else str(part) for part in parts)
    return joined.encode("utf-8", "replace").decode("utf-8").strip(" \0")


def shown(value: str) -> str:
    """A tag's value for a message: damage may have made it long, or unprintable."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in value)
    return printable if len(printable) <= LONGEST_SHOWN else printable[:LONGEST_SHOWN] + "..."


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what pydicom warns of and logs: what matters is checked here."""
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
