"""Collections: the scans to learn from, whose voxels are loaded when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.volume import Volume
from ..errors import InputError
from ..physics.anatomy.synthetic_anatomy import synthetic_anatomy
from .thin import is_thin
from .volume_cache import VolumeCache

#: Bytes of voxels that a collection keeps in memory.
CACHE_BYTES = 2 * 2**30
#: The modality of volumes that nobody was scanned for.
SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class Item:
    """A scan of a collection.

    Attributes:
        path: where it was found; with ``#`` and the series where a folder holds several.
        subject: a name of whose scan it is; never a patient's ID in clear.
        shape: voxels along i, j and k.
        spacing: voxel size in mm along i, j and k.
        modality: such as MR or T1w, ``None`` if unknown.
        warnings: what reading it told, a sentence each.
    """

    path: str
    subject: str
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    modality: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Collection:
    """Scans to learn from.

    Attributes:
        items: what is known of each without its voxels.
        volume: loads the scan of an index into ``items``; hand in a :class:`~.volume_cache.VolumeCache` to keep some.
        left_out: of each scan that cannot serve: "PATH: sentence".
    """

    items: tuple[Item, ...]
    volume: Callable[[int], Volume]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted({item.subject for item in self.items}))

    def split(self, fraction: float, seed: int) -> tuple[Collection, Collection]:
        """The scans to train on, and about ``fraction`` of the subjects to validate on, drawn by the seed.

        All scans of a subject go to one side; with a fraction above 0 each side has at least one subject. Results are
        judged on thin volumes, so that only subjects who have one are drawn. With a fraction of 0, or without a thin
        volume, the second is empty. Both share the voxels that are kept in memory.

        Raises:
            InputError: the fraction is not from 0 to below 1, or there is only one subject to split.
        """
        if not 0 <= fraction < 1:
            raise InputError(f"a fraction of {fraction:g} of the scans cannot be held out: give one from 0 to below 1")
        subjects, judged = self.subjects, {item.subject for item in self.items if is_thin(item.spacing)}
        if fraction == 0 or not judged:
            return self, self.part([])
        if len(subjects) < 2:
            raise InputError(
                f"all {len(self)} scans are of one subject, so that none can be held out to validate on: give other "
                "scans with --validate FOLDER, or --validate 0 to go without"
            )
        count = min(max(round(fraction * len(subjects)), 1), len(subjects) - 1)
        candidates = [subject for subject in subjects if subject in judged]
        drawn = np.random.default_rng(seed).permutation(len(candidates))[:count]
        held_out = {candidates[index] for index in drawn}
        sides = [[i for i, item in enumerate(self.items) if (item.subject in held_out) == side] for side in (0, 1)]
        return self.part(sides[0]), self.part(sides[1])

    def joined(self, other: Collection) -> Collection:
        """The scans of both; each keeps its own voxels in memory."""

        def volume(index: int) -> Volume:
            return self.volume(index) if index < len(self) else other.volume(index - len(self))

        return Collection(self.items + other.items, volume, self.left_out + other.left_out)

    def part(self, indices: Sequence[int]) -> Collection:
        """The scans of those indices, which share the voxels that are kept in memory."""
        numbers, volume = tuple(indices), self.volume
        return Collection(tuple(self.items[i] for i in numbers), lambda index: volume(numbers[index]), self.left_out)


def synthetic_collection(count: int, seed: int, size: int = 96, cache_bytes: int = CACHE_BYTES) -> Collection:
    """So many cubes of synthetic anatomy, each a subject of its own, made when they are needed.

    Raises:
        InputError: the count is not positive.
    """
    if count < 1:
        raise InputError(f"{count} synthetic volumes are no collection: give at least 1")
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(count)]
    names = [f"synthetic {number + 1}" for number in range(count)]
    items = tuple(Item(name, name, (size,) * 3, (1.0, 1.0, 1.0), SYNTHETIC) for name in names)
    return Collection(items, VolumeCache(lambda index: synthetic_anatomy(seeds[index], size), cache_bytes))
