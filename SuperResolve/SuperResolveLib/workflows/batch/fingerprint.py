"""What tells whether a scan was done already: a hash of all that its result depends on."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...image_io.files import checksum
from ...image_io.scan_files import ScanFile, files_of
from ...version import __version__
from .options import BatchOptions
from .task import Task


def fingerprint(task: Task) -> str:
    """The hash of a scan's files, of its options with the files that these name, and of this program's version.

    Where the files lie and when they were written does not count, nor does the folder of the results.

    Raises:
        InputError: the series cannot be found.
        OSError: a file cannot be read.
    """
    told: dict[str, Any] = {
        "version": __version__,
        "options": _options(task.options),
        "series": task.scan.series,
        "files": [(path.name, checksum(path)) for path in files_of(task.scan)],
    }
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def _options(options: BatchOptions) -> dict[str, Any]:
    """The options, with the contents of files in the place of their paths."""
    profile = options.profile
    return {
        **asdict(options),
        "profile": _contents(Path(profile)) if profile is not None and Path(profile).is_file() else profile,
        "model": None if options.model is None else _contents(options.model),
        "like": None if options.like is None else _volume(options.like),
    }


def _volume(path: Path) -> list[str]:
    return [_contents(part) for part in files_of(ScanFile(path))]


def _contents(path: Path) -> str:
    told = path.stat()
    return _known(path, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=64)
def _known(path: Path, modified: int, size: int) -> str:
    """The hash of a file that many scans share, as long as it is not changed."""
    return checksum(path)
