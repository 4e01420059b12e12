"""Which scan of a collection an iteration draws from: one of a few that are loaded, which change slowly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import torch

from .random_streams import CountedStream

Prepared = TypeVar("Prepared")
#: Scans that are loaded at a time, and iterations after which one leaves and another enters.
POOL, STAY = 4, 25
#: Beyond all iterations: the random numbers of an epoch's permutation are those of this iteration and so many more.
EPOCHS = 2**40


class ScanPool(Generic[Prepared]):
    """A few scans at a time, from a permutation of the collection that is drawn anew each epoch.

    Which scans are loaded depends on the seed and the iteration alone, so that a run that goes on draws what it would
    have drawn.

    Args:
        count: of the scans, one or more.
        random: by which scans are drawn.
        prepare: what is made of the scan of an index, and kept as long as the scan is loaded.
    """

    def __init__(self, count: int, random: CountedStream, prepare: Callable[[int], Prepared]) -> None:
        self._count, self._random, self._prepare = count, random, prepare
        self._prepared: dict[int, Prepared] = {}
        self._permutations: dict[int, list[int]] = {}

    def loaded_at(self, iteration: int) -> list[int]:
        """Indices of the scans that an iteration may draw from."""
        first = iteration // STAY
        return [self._at(first + place) for place in range(min(POOL, self._count))]

    def draw(self, iteration: int, generator: torch.Generator) -> Prepared:
        """One of the scans that are loaded in that iteration."""
        loaded = self.loaded_at(iteration)
        index = loaded[int(torch.randint(len(loaded), (1,), generator=generator, device=generator.device))]
        self._prepared = {each: kept for each, kept in self._prepared.items() if each in loaded}
        if index not in self._prepared:
            self._prepared[index] = self._prepare(index)
        return self._prepared[index]

    def _at(self, position: int) -> int:
        """The scan at a position of the endless row of permutations."""
        epoch, place = divmod(position, self._count)
        if epoch not in self._permutations:
            generator = self._random.at(EPOCHS + epoch)
            drawn = torch.randperm(self._count, generator=generator, device=generator.device)
            recent = {each: order for each, order in self._permutations.items() if each in (epoch - 1, epoch + 1)}
            self._permutations = {**recent, epoch: drawn.tolist()}
        return self._permutations[epoch][place]
