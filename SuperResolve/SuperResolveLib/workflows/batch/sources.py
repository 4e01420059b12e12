"""From what the user names to tasks: files, folders, patterns and lists, and what each result is called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import InputError
from ...image_io.files import PathLike, parts_of
from ...image_io.scan_files import ScanFile, find_scan_files
from ...image_io.volumes import file_ending
from . import bids
from .options import BatchOptions
from .scan_list import ENDING as LIST
from .scan_list import read_list
from .task import Task

#: How many times larger voxels are than a file that holds them compressed, roughly.
COMPRESSED = 3
_COMPRESSED_ENDINGS = (".nii.gz", ".mgz", ".nrrd", ".mha")


def find_tasks(
    sources: Sequence[PathLike], folder: Path, options: BatchOptions, series: str | None = None, in_bids: bool = False
) -> list[Task]:
    """The tasks of all sources, in the order of their names.

    Args:
        sources: as in :func:`~SuperResolveLib.image_io.scan_files.find_scan_files`, and ``.tsv`` lists
            (:func:`~SuperResolveLib.workflows.batch.scan_list.read_list`).
        folder: that takes the results; scans in it are left out.
        options: for all scans.
        series: which series of DICOM folders; ``None`` for every one.
        in_bids: whether the sources are of a BIDS dataset, of which anatomical scans count.

    Raises:
        InputError: a source does not exist, there are no scans, or two results would have one name.
    """
    tasks = [*_listed(sources, options), *_found(sources, folder, options, series, in_bids)]
    if not tasks:
        kind = "anatomical scans of a BIDS dataset" if in_bids else "scans"
        raise InputError(f"there are no {kind} in {', '.join(map(str, sources))}: give files or folders of scans")
    _check_names(tasks, folder)
    sizes = Counter(task.scan.path for task in tasks)
    sized = (replace(task, size=_size(task.scan.path) // sizes[task.scan.path]) for task in tasks)
    return sorted(sized, key=lambda task: task.stem)


def _listed(sources: Sequence[PathLike], options: BatchOptions) -> Iterator[Task]:
    for source in sources:
        if not _is_list(source):
            continue
        lines = read_list(Path(source), options)
        root = _common([line.path for line in lines])
        crowded = Counter(line.path for line in lines)
        for line in lines:
            scan = ScanFile(line.path, line.series)
            stem = line.output or _stem(scan, root, crowded[line.path] if line.series else 1)
            yield _task(scan, stem, line.options, crowded[line.path])


def _found(
    sources: Sequence[PathLike], folder: Path, options: BatchOptions, series: str | None, in_bids: bool
) -> Iterator[Task]:
    """The tasks of sources that are no lists: named as they lie in the folder that was given, or in the common one."""
    others = [source for source in sources if not _is_list(source)]
    folders = [Path(source) for source in others if Path(source).is_dir()]
    files = [source for source in others if not Path(source).is_dir()]
    groups = [(find_scan_files([each]), each) for each in folders]
    alone = find_scan_files(files) if files else []
    groups.append((alone, _common([scan.path for scan in alone])))
    seen: set[tuple[Path, str | None]] = set()
    results = folder.resolve()
    found, inside = [], 0
    for scans, root in groups:
        for scan in _chosen(scans, series):
            key = scan.path.resolve(), scan.series
            inside += results in (key[0], *key[0].parents)
            if key not in seen and results not in (key[0], *key[0].parents):
                seen.add(key)
                found.append((scan, root))
    if inside and not found:
        raise InputError(f"the scans lie in {folder}, where the results are to go: choose another folder")
    if in_bids:
        yield from _in_bids([scan for scan, _ in found], options)
        return
    crowded = Counter(scan.path for scan, _ in found)
    for scan, root in found:
        yield _task(scan, _stem(scan, root, crowded[scan.path]), options, crowded[scan.path])


def _chosen(scans: Iterable[ScanFile], series: str | None) -> Iterator[ScanFile]:
    """Of DICOM folders the series that was asked for alone."""
    if series is None:
        yield from scans
        return
    yield from dict.fromkeys(
        replace(scan, series=series, patient=None, modality=None) if scan.path.is_dir() else scan for scan in scans
    )


def _in_bids(scans: Iterable[ScanFile], options: BatchOptions) -> Iterator[Task]:
    if options.ending not in bids.ENDINGS:
        raise InputError(f"BIDS has no volumes that end in {options.ending}: choose {' or '.join(bids.ENDINGS)}")
    for scan in scans:
        root = bids.dataset_of(scan)
        if root is not None:
            task = _task(scan, bids.derivative_stem(scan.path, root), options, 1)
            yield replace(task, source=bids.source_uri(scan.path, root))


def _task(scan: ScanFile, stem: str, options: BatchOptions, in_folder: int) -> Task:
    several = scan.series is not None and in_folder > 1
    label = f"{scan.path}#{scan.series}" if several else str(scan.path)
    return Task(label, replace(scan, path=_absolute(scan.path)), stem, options)


def _stem(scan: ScanFile, root: Path, in_folder: int) -> str:
    """What the result of a scan is called: as the scan lies below ``root``."""
    path, root = _absolute(scan.path), _absolute(root)
    inside = path.relative_to(root) if path != root else Path(path.name)
    if path.is_dir():
        return (inside / _safe(scan.series) if scan.series and in_folder > 1 else inside).as_posix()
    kept = inside.name[: len(inside.name) - len(file_ending(path))] or inside.name
    return inside.with_name(kept).as_posix()


def _absolute(path: Path) -> Path:
    """A path that holds everywhere, without ``..``, and with its links as they are."""
    return Path(os.path.abspath(path))


def _safe(name: str) -> str:
    """The name of a series as that of a file."""
    return "".join(each if each.isalnum() or each in "._- " else "_" for each in name).strip(". ") or "series"


def _common(paths: Sequence[Path]) -> Path:
    """The folder in which all paths lie."""
    parents = {str(_absolute(path).parent) for path in paths}
    try:
        return Path(os.path.commonpath(parents)) if parents else Path()
    except ValueError:  # Windows
        raise InputError("the scans lie on several drives: name the results in a list (column output)") from None


def _check_names(tasks: Sequence[Task], folder: Path) -> None:
    """Refuse tasks that would write one file.

    Raises:
        InputError: naming two.
    """
    owners: dict[str, Task] = {}
    for task in tasks:
        for path in task.files(folder):
            other = owners.setdefault(os.path.normcase(path), task)
            if other is not task:
                raise InputError(
                    f"{other.label} and {task.label} would both be written as {path.relative_to(folder)}: give the "
                    "folder that holds both, or name the results in a list (column output)"
                )


def _size(path: Path) -> int:
    """The bytes of the voxels of a scan, roughly; of a DICOM folder, of all its files."""
    try:
        if path.is_dir():
            return sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file())
        bytes_there = sum(part.stat().st_size for part in parts_of(path, "it") if part.is_file())
    except OSError:  # reading it will tell
        return 0
    return bytes_there * (COMPRESSED if file_ending(path) in _COMPRESSED_ENDINGS else 1)


def _is_list(source: PathLike) -> bool:
    return Path(source).suffix.lower() == LIST and not Path(source).is_dir()
