"""Which scan an iteration draws from: one of a few that are prepared, which change slowly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import torch

from ...training.random_streams import CountedStream

Prepared = TypeVar("Prepared")

#: Scans that are kept at a time, and iterations after which others take their place.
KEPT, STAY = 4, 100
#: Random numbers beyond those of all iterations.
BEYOND = 2**40


class Pool(Generic[Prepared]):
    """A few prepared scans at a time, drawn by the seed and the iteration alone.

    Args:
        count: of scans.
        random: the random numbers.
        prepare: what is made of the scan of an index.
    """

    def __init__(self, count: int, random: CountedStream, prepare: Callable[[int], Prepared]) -> None:
        self._count, self._random, self._prepare = count, random, prepare
        self._kept: dict[int, Prepared] = {}

    def draw(self, iteration: int, generator: torch.Generator) -> Prepared:
        """One of those that the iteration may draw from."""
        wanted = self._wanted(iteration // STAY)
        index = wanted[int(torch.randint(len(wanted), (1,), generator=generator))]
        if index not in self._kept:
            self._kept = {each: kept for each, kept in self._kept.items() if each in wanted}
            self._kept[index] = self._prepare(index)
        return self._kept[index]

    def _wanted(self, turn: int) -> list[int]:
        """Every scan has its turn before one comes again, in an order drawn anew each time."""
        first = turn * min(KEPT, self._count)
        places = range(first, first + min(KEPT, self._count))
        return sorted({self._order(place // self._count)[place % self._count] for place in places})

    def _order(self, epoch: int) -> list[int]:
        order: list[int] = torch.randperm(self._count, generator=self._random.at(BEYOND + epoch)).tolist()
        return order
