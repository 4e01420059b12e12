"""Volumes that are trained on and judged, read once."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.metrics.image_quality import head_mask

DATA_VARIABLE = "SLICEPROFILESR_DATA"


def data_folder() -> Path:
    """The real volumes.

    Raises:
        InputError: the environment does not tell where they are.
    """
    if DATA_VARIABLE not in os.environ:
        raise InputError(f"no volumes to run on: name some with --volumes, or set {DATA_VARIABLE}")
    return Path(os.environ[DATA_VARIABLE])


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


def middle(volume: Volume, size: int) -> Volume:
    """So many voxels along every axis of the middle of a volume, where its head is; all there are, where fewer are."""
    occupied = np.argwhere(head_mask(volume))
    centre = (occupied.min(axis=0) + occupied.max(axis=0)) // 2
    first = [int(np.clip(c - size // 2, 0, max(0, n - size))) for c, n in zip(centre, volume.shape, strict=True)]
    part = tuple(slice(start, start + size) for start in first)
    affine = volume.affine.copy()
    affine[:3, 3] = (volume.affine @ [*first, 1])[:3]
    return volume.on_grid(np.ascontiguousarray(volume.data[part]), affine)
