"""Volumes that are trained on and judged, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume

from .learning import middle


def subject_of(name: str) -> str:
    """Whose volume it is, by its name."""
    return name.partition("_")[0]


@lru_cache(maxsize=8)
def whole(path: Path) -> Volume:
    """A file's volume."""
    return read_volume(path)


@lru_cache(maxsize=8)
def middle_of(path: Path, size: int) -> Volume:
    """The middle of a file's volume, so many voxels along each side at most."""
    return middle(whole(path), size)
