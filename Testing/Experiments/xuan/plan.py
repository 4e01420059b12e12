"""What the experiments on Xuan et al. train on, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Plan:
    """Volumes and lengths.

    Attributes:
        volumes: the files by name; all but the one held out are trained on.
        work: folder of the checkpoints.
        size: voxels of the middle of every volume that are used, along each side.
        ratio: K.
        start: iterations of the first stage that only reconstruct, which all branches share.
        branch: iterations of each branch after them, with all losses or, for Figs. 7 and 9, without one.
        generator: iterations of every generator.
        patch: voxels of the generators' patches along a side.
        edssr: EDSSR's preset; empty leaves the row out.
        device: where to compute.
    """

    volumes: dict[str, Path]
    work: Path
    size: int = 64
    ratio: int = 4
    start: int = 4000
    branch: int = 1200
    generator: int = 2000
    patch: int = 24
    edssr: str = "fast"
    device: str = "cpu"

    def volume(self, name: str) -> Volume:
        """The middle of a volume, of which the planes along k are K (n - 1) + 1."""
        return _middle(self.volumes[name], self.size, self.ratio)

    def trained_on(self, held_out: str) -> list[str]:
        """The volumes that are not held out."""
        return [name for name in sorted(self.volumes) if name != held_out]


@lru_cache(maxsize=8)
def _middle(path: Path, size: int, ratio: int) -> Volume:
    volume = read_volume(path)
    starts = [max(0, (n - size) // 2) for n in volume.shape]
    counts = [min(n, size) for n in volume.shape]
    counts[2] = (counts[2] - 1) // ratio * ratio + 1
    i, j, k = (slice(first, first + count) for first, count in zip(starts, counts, strict=True))
    affine = volume.affine.copy()
    affine[:, 3] = volume.affine @ [*starts, 1]
    return volume.on_grid(np.ascontiguousarray(volume.data[i, j, k]), affine)
