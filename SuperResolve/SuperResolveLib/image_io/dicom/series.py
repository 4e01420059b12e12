"""Reading the slices of a DICOM series, files of a folder or frames of an enhanced file, as a volume."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ..checks import readable
from ..stored import StoredImage
from .decoder import Decoder, may_be_compressed
from .file import DicomFile
from .format import PixelFormat
from .tags import quiet, shown
from .volume import read_slices


def read(folder: Path, series: str | None) -> StoredImage:
    """Read the slices of one series as a volume, sorted by position along the slice normal.

    The slice spacing comes from the positions; the tags SliceThickness and SpacingBetweenSlices are only kept in the
    header.

    Args:
        folder: the folder; folders inside it are not searched.
        series: UID, number or description of the series, or the name of an enhanced file; needed only if there are
            several.

    Raises:
        InputError: there are no images, several series or damaged files, or the slices are not one evenly spaced stack.
    """
    with Decoder() as decoder:
        return _read_folder(folder, series, decoder)


@dataclass(frozen=True)
class Series:
    """A series in a folder.

    Attributes:
        name: by which it is read: its UID, or the name of an enhanced file.
        patient: the patient's ID, empty if unknown. It is never to be stored or shown.
        modality: such as MR, empty if unknown.
    """

    name: str
    patient: str
    modality: str


def list_series(folder: Path) -> list[Series]:
    """The series in a folder, by name; folders inside it are not searched.

    Raises:
        InputError: the folder or a file in it cannot be opened.
    """
    groups = _grouped(_scan(folder, None).images)
    listed = ((key[1] or key[0], files[0].tags) for key, files in sorted(groups.items()))
    return [Series(name, tags["PatientID"], tags["Modality"]) for name, tags in listed]


def series_files(folder: Path, series: str | None) -> list[Path]:
    """The files of a series in a folder, by path; ``series`` as in :func:`read`.

    Raises:
        InputError: there are no images, or several series or none go by that name.
    """
    images = _scan(folder, None).images
    if not images:
        raise InputError(_nothing_in(folder, []))
    return sorted(image.path for image in _choose(images, series, folder))


def _read_folder(folder: Path, series: str | None, decoder: Decoder) -> StoredImage:
    found = _scan(folder, decoder)
    if not found.images:
        raise InputError(_nothing_in(folder, found.damaged))
    files = _choose(found.images, series, folder)
    if found.damaged:
        raise InputError(f"{found.damaged[0]} is a damaged or truncated DICOM file: replace it by a complete copy")
    if len(files) == 1 and _frame_count(files[0]) == 1:
        raise InputError(f"{folder} holds a single slice ({files[0].path.name}): give a stack of slices")
    return read_slices(files, folder, decoder)


def read_file(path: Path) -> StoredImage:
    """Read an enhanced DICOM file, whose frames are the slices.

    Raises:
        InputError: it is damaged, a single slice, or its frames are not one evenly spaced stack.
    """
    file = DicomFile.opened(path)
    if file is None or file.pixels is None or _frame_count(file) == 1:
        raise InputError(f"{path} is a single DICOM file: give the folder that holds all slices of the series")
    with Decoder() as decoder:
        return read_slices([file], path, decoder)


@dataclass(frozen=True)
class _Found:
    """The DICOM images in a folder, and files that seem to be damaged ones."""

    images: list[DicomFile]
    damaged: list[Path]


def _scan(folder: Path, decoder: Decoder | None) -> _Found:
    """The images in a folder; a decoder is started early where it may be needed."""
    with readable(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        if decoder is not None and any(may_be_compressed(path) for path in paths[:3]):
            decoder.start()
    opened = {path: DicomFile.opened(path) for path in paths}
    images = [file for file in opened.values() if file is not None and file.pixels is not None]
    kinds = frozenset().union(*(image.sop_classes for image in images))
    patterns = {_pattern(image.path) for image in images}
    damaged = []
    for path, file in opened.items():
        if file is None and (path.suffix.lower() in (".dcm", ".ima") or _pattern(path) in patterns):
            damaged.append(path)
        if file is not None and file.pixels is None and (file.sop_classes & kinds or not _is_known(file)):
            damaged.append(path)
    return _Found(images, damaged)


def _pattern(path: Path) -> str | None:
    """A file's name with every number replaced, which the slices of a series share; ``None`` without any number."""
    pattern = re.sub(r"\d+", "#", path.name)
    return pattern if pattern != path.name else None


def _is_known(file: DicomFile) -> bool:
    """Whether a DICOM file says of what kind it is, DICOM's or a maker's: reports and the like have no voxels."""
    from pydicom.uid import UID

    with quiet():
        kinds = [UID(kind) for kind in file.sop_classes]
        private = [kind for kind in kinds if kind.is_valid and not kind.startswith("1.2.840.10008.")]
        return bool(kinds) and all(kind in private or kind.type == "SOP Class" for kind in kinds)


def _frame_count(file: DicomFile) -> int:
    return PixelFormat.of(file).frames


def _choose(images: Sequence[DicomFile], series: str | None, folder: Path) -> list[DicomFile]:
    """The files of the series of that UID, number or description; without one, of the only series there is."""
    groups = _grouped(images)
    lines = {key: _series_line(key, members) for key, members in groups.items()}
    matching = [key for key in groups if series is None or series.strip() in _names(key, groups[key][0])]
    if len(matching) == 1:
        return groups[matching[0]]
    listed = "; ".join(lines.values())
    if series is None:
        raise InputError(f"{folder} holds {len(groups)} series: choose one with --series UID, number or name: {listed}")
    count = f"{len(matching)} series" if matching else "no series"
    raise InputError(f"{count} in {folder} go by {series!r}: choose one with --series UID: {listed}")


def _grouped(images: Sequence[DicomFile]) -> dict[tuple[str, str], list[DicomFile]]:
    """The images by series: by UID, and by name where a file is a series of its own."""
    groups: dict[tuple[str, str], list[DicomFile]] = {}
    for image in images:
        tags = image.tags
        single = tags["NumberOfFrames"] in ("", "1")
        groups.setdefault((tags["SeriesInstanceUID"], "" if single else image.path.name), []).append(image)
    return groups


def _names(key: tuple[str, str], image: DicomFile) -> tuple[str, ...]:
    """UID, number and description of the series of an image, and the name of an enhanced file."""
    tags = image.tags
    return tuple(name for name in (*key, tags["SeriesNumber"], tags["SeriesDescription"]) if name)


def _series_line(key: tuple[str, str], members: Sequence[DicomFile]) -> str:
    tags = members[0].tags
    slices = "a multi-frame file" if key[1] else f"{len(members)} slice{'s' * (len(members) > 1)}"
    where = f" in {key[1]}" if key[1] else ""
    number, description = tags["SeriesNumber"] or "unknown", tags["SeriesDescription"] or "no description"
    return f"{shown(key[0])}{where} (number {shown(number)}, {shown(description)}, {slices})"


def _nothing_in(folder: Path, damaged: Sequence[Path]) -> str:
    if damaged:
        first = f"{damaged[0].name} is the first"
        return f"none of the {len(damaged)} DICOM files in {folder} can be read as an image ({first})"
    return f"{folder} holds no DICOM images: give the folder of one series (folders inside it are not searched)"
