"""A collection of nobody's scans: synthetic anatomy, made when it is needed."""

from __future__ import annotations

import numpy as np

from ..data.volume import Volume
from ..physics.dead_leaves import SIZE, dead_leaves
from .collection import Collection, Item

#: Between seeds of collections, so that no two collections share a volume.
APART = 100_003


def synthetic_collection(count: int, seed: int) -> Collection:
    """So many volumes of dead leaves with voxels of 1 mm, each a subject."""
    return Collection(tuple(_item(seed * APART + number) for number in range(count)))


def _item(seed: int) -> Item:
    def load() -> Volume:
        return Volume(dead_leaves(seed), np.eye(4))

    name = f"synthetic {seed}"
    return Item(name, load, name, (SIZE, SIZE, SIZE), (1.0, 1.0, 1.0), synthetic=True)
