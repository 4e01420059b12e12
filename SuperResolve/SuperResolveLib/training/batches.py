"""Batches for training: what draws them, how large they are, and by which random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch

from .random_streams import RandomStream

Batch = TypeVar("Batch")
Drawn = TypeVar("Drawn", covariant=True)


class Sampler(Protocol[Drawn]):
    """What draws batches."""

    def draw(self, number: int, generator: torch.Generator | None) -> Drawn:
        """A batch of so many; all that is random in it comes from the generator."""


class BatchSource(Protocol[Drawn]):
    """What has a batch for every iteration."""

    @property
    def random(self) -> RandomStream:
        """By which they are drawn."""

    def at(self, iteration: int) -> Drawn:
        """The batch of an iteration."""


@dataclass(frozen=True)
class Batches(Generic[Batch]):
    """A batch for every iteration.

    Attributes:
        sampler: draws them.
        size: of a batch.
        random: by which they are drawn.
    """

    sampler: Sampler[Batch]
    size: int
    random: RandomStream

    def at(self, iteration: int) -> Batch:
        """The batch of an iteration."""
        return self.sampler.draw(self.size, self.random.at(iteration))
