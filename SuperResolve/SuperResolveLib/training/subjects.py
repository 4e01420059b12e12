"""Whose scan each is, so that no subject is both learned from and validated on.

Where names tell nothing, scans are rather taken for one subject's than for two's: then less can be held out, but what
is held out is unseen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..image_io.scan_files import ScanFile
from ..image_io.volumes import file_ending

_BIDS = re.compile(r"(?:^|_)(sub-[A-Za-z0-9]+)(?=[_.]|$)")


def subjects_of(files: Sequence[ScanFile]) -> list[str]:
    """A name for the subject of each scan.

    The BIDS entity ``sub-XXX`` in the name of the file or, from the inside out, of a folder around it; else the hash of
    the DICOM patient ID. The other scans are told apart by folders: of the deepest folder that holds them all, each
    folder directly inside is a subject, with all that it holds at any depth, and each scan directly inside is one. So
    scans in one flat folder are taken for as many subjects: where several are of one head, give each head a folder.
    """
    named = [_bids(file.path) or file.patient for file in files]
    unnamed = [file for file, name in zip(files, named, strict=True) if name is None]
    root = _common_folder(unnamed)
    return [name or _by_folder(file, root) for file, name in zip(files, named, strict=True)]


def _bids(path: Path) -> str | None:
    """The BIDS subject of a path, the innermost that it names."""
    matches = (_BIDS.search(part) for part in reversed(_absolute(path).parts))
    return next((match[1] for match in matches if match is not None), None)


def _common_folder(files: Sequence[ScanFile]) -> Path:
    """The deepest folder that holds all scans; a DICOM folder counts as a file of the folder around it."""
    holders = {str(_absolute(file.path).parent) for file in files}
    try:
        return Path(os.path.commonpath(holders)) if holders else Path()
    except ValueError:  # on several drives
        return Path()


def _by_folder(file: ScanFile, root: Path) -> str:
    path = _absolute(file.path)
    parts = path.relative_to(root).parts if path.is_relative_to(root) else path.parts
    ending = file_ending(path) if file.series is None else ""
    return parts[0] if len(parts) > 1 else parts[0][: len(parts[0]) - len(ending)]


def _absolute(path: Path) -> Path:
    """The path from the root, with links as they are."""
    return Path(os.path.abspath(path))
