"""Finding scans: files, folders searched through, patterns and lists, and what they tell of patient and modality."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .checks import readable
from .dicom.file import DicomFile, is_dicom
from .dicom.series import list_series, series_files
from .files import PathLike, parts_of
from .sidecar import sidecar_modality
from .volumes import READ_ENDINGS, file_ending

#: Endings of files that are scans in a folder; the last is of a format that is refused, which is better told.
SCANS = (*READ_ENDINGS, ".hdr")
#: The most bytes of a list.
LARGEST_LIST = 16 * 2**20


@dataclass(frozen=True)
class ScanFile:
    """Where a scan lies.

    Attributes:
        path: its file, or the folder with its DICOM series.
        series: the name of the series in the folder; ``None`` for a file.
        patient: a hash of the DICOM patient ID, which is itself never kept; ``None`` if unknown.
        modality: that DICOM tags, the JSON sidecar or the BIDS suffix tell; ``None`` if unknown.
    """

    path: Path
    series: str | None = None
    patient: str | None = None
    modality: str | None = None


def find_scan_files(sources: Iterable[PathLike]) -> list[ScanFile]:
    """The scans of all sources, sorted by path; one that is found twice, through links too, counts once.

    Of a file and a link to it the file is taken, as its sidecar lies beside it.

    Args:
        sources: files; folders, which are searched through (every format that is read counts, each series of DICOM
            files is a scan, other files and what is hidden by a leading dot are none); patterns with ``*``, ``?``,
            ``[ ]`` or ``**``, whose matches count as if found in a folder; and ``.txt`` lists of such sources, one a
            line, relative to the list's folder, with empty lines and lines that begin with ``#`` left out.

    Raises:
        InputError: a source does not exist, a pattern matches nothing, or something cannot be opened.
    """
    found: dict[tuple[Path, str | None], ScanFile] = {}
    for scan in sorted(_in_sources(sources), key=lambda scan: (scan.path.is_symlink(), *_order(scan))):
        found.setdefault((scan.path.resolve(), scan.series), scan)
    return sorted(found.values(), key=_order)


def files_of(scan: ScanFile) -> list[Path]:
    """The files that are read of a scan, by path: its slices; or its file, the data that this names, and its sidecar.

    Raises:
        InputError: the series cannot be found.
    """
    if scan.path.is_dir():
        return series_files(scan.path, scan.series)
    return sorted(path for path in parts_of(scan.path, "it") if path.is_file())


def _order(scan: ScanFile) -> tuple[str, str]:
    return str(scan.path), scan.series or ""


def _in_sources(sources: Iterable[PathLike]) -> Iterator[ScanFile]:
    for source in sources:
        path = Path(source)
        if path.is_dir():
            yield from _in_folder(path)
        elif path.exists():
            yield from _in_sources(_listed(path)) if path.suffix.lower() == ".txt" else [_file(path)]
        elif glob.has_magic(str(source)):
            yield from _matching(str(source))
        else:
            raise InputError(f"there is no file or folder {source}: check the path")


def _matching(pattern: str) -> Iterator[ScanFile]:
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    if not matches:
        raise InputError(f"nothing matches {pattern}: check the pattern")
    for folder in [match for match in matches if match.is_dir()]:
        yield from _in_folder(folder)
    files = [match for match in matches if match.is_file()]
    yield from (_file(path) for path in files if _is_scan(path))
    for folder in sorted({path.parent for path in files if _is_dicom(path)}):
        yield from _series(folder)


def _listed(path: Path) -> list[Path]:
    """The sources that a list names."""
    with readable(path):
        if path.stat().st_size > LARGEST_LIST:
            raise InputError(f"{path} is too long for a list of scans: give a text file with a path a line")
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InputError(f"{path} is not a text file in UTF-8: give a list with a path a line") from None
    named = [path.parent / line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    nested = next((each for each in named if each.suffix.lower() == ".txt"), None)
    if nested is not None:
        raise InputError(f"the list {path} names another list, {nested.name}: name scans and folders in it")
    return named


def _in_folder(root: Path) -> Iterator[ScanFile]:
    """The scans in a folder and those inside it; links are followed, each folder once."""
    visited: set[Path] = set()
    for name, folders, files in os.walk(root, followlinks=True):
        folder = Path(name)
        if folder.resolve() in visited:
            folders.clear()
            continue
        visited.add(folder.resolve())
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        paths = [folder / each for each in sorted(files) if not each.startswith(".")]
        yield from (_file(path) for path in paths if _is_scan(path))
        if any(_is_dicom(path) for path in paths):
            yield from _series(folder)


def _is_scan(path: Path) -> bool:
    return not path.name.startswith(".") and file_ending(path) in SCANS


def _is_dicom(path: Path) -> bool:
    """Whether a file that is no scan by its ending begins as a DICOM file does."""
    if _is_scan(path) or path.name.startswith(".") or path.name == "DICOMDIR" or not path.is_file():
        return False
    try:
        return is_dicom(path)
    except OSError:
        return False


def _file(path: Path) -> ScanFile:
    ending = file_ending(path)
    if _is_dicom(path):
        image = DicomFile.opened(path)
        if image is not None:
            return ScanFile(path, None, _hash(image.tags["PatientID"]), image.tags["Modality"] or None)
    return ScanFile(path, None, None, sidecar_modality(path, ending) or _bids_suffix(path, ending))


def _series(folder: Path) -> list[ScanFile]:
    """The series in a folder; the folder itself where they cannot be told apart, so that reading it tells why."""
    try:
        series = list_series(folder)
    except InputError:
        series = []
    if not series:
        return [ScanFile(folder)]
    return [ScanFile(folder, each.name, _hash(each.patient), each.modality or None) for each in series]


def _hash(patient: str) -> str | None:
    """A name for a patient that does not tell the ID; it is no secret from those who can guess IDs."""
    return f"patient-{hashlib.sha256(patient.encode()).hexdigest()[:16]}" if patient else None


def _bids_suffix(path: Path, ending: str) -> str | None:
    """The suffix of a BIDS name, such as T1w of ``sub-01_T1w.nii.gz``."""
    stem = path.name[: len(path.name) - len(ending)]
    if not stem.startswith("sub-") or "_" not in stem:
        return None
    suffix = stem.rpartition("_")[2]
    return suffix if suffix.isalnum() else None
