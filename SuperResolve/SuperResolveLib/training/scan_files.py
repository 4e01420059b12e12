"""The files and DICOM series that sources name: folders, patterns, lists and files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..image_io.dicom.file import is_dicom
from ..image_io.volumes import DETACHED_ENDINGS, WRITTEN_ENDINGS

_ENDINGS = (*WRITTEN_ENDINGS, *DETACHED_ENDINGS)
#: Largest list of paths that is read.
_LIST_BYTES = 2**26


@dataclass(frozen=True)
class ScanFile:
    """A file, or a DICOM series' folder, and the folder that was named and led to it."""

    path: Path
    root: Path


def scan_files(sources: Sequence[Path]) -> list[ScanFile]:
    """All that sources name, each once, in order.

    A folder is searched through; what in it has no ending of a format and is not DICOM is passed over. A pattern has
    ``*``, ``?`` or ``[`` in it, with ``**`` for folders of any depth. A list is a ``.txt`` file with a path a line,
    relative to the list.

    Raises:
        InputError: a source does not exist, or a pattern matches nothing.
    """
    found: dict[str, ScanFile] = {}
    for source in sources:
        for file in _of(source):
            found.setdefault(os.path.realpath(file.path), file)
    return [found[name] for name in sorted(found)]


def _of(source: Path) -> Iterator[ScanFile]:
    if source.is_dir():
        yield from _in_folder(source)
    elif source.is_file():
        yield from _listed(source) if source.suffix.lower() == ".txt" else [ScanFile(source, source.parent)]
    elif glob.has_magic(str(source)):
        matches = sorted(glob.glob(str(source), recursive=True))
        if not matches:
            raise InputError(f"nothing matches the pattern {source}: check it")
        for match in map(Path, matches):
            yield from _of(match)
    else:
        raise InputError(f"there is no file or folder {source}: check the path")


def _listed(source: Path) -> Iterator[ScanFile]:
    if source.stat().st_size > _LIST_BYTES:
        raise InputError(f"{source} is too large to be a list of paths: give a .txt file with a path a line")
    for line in source.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if path := line.strip():
            try:
                yield from _of(source.parent / path)
            except ValueError as error:
                raise InputError(f"the list {source}: {error}") from error


def _in_folder(root: Path) -> Iterator[ScanFile]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        series = False
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith("."):
                continue
            if name.lower().endswith(_ENDINGS):
                yield ScanFile(path, root)
            elif not series and path.suffix.lower() not in (".json", ".txt", ".tsv", ".md", ".png") and is_dicom(path):
                series = True
                yield ScanFile(Path(folder), root)
