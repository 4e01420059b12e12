"""The patches that a training draws from its collection, and all its random numbers."""

from __future__ import annotations

from typing import Protocol

import torch

from ..physics.degradation_range import DegradationRange
from ..physics.degraded_column import Start
from ..training.collection import Collection
from ..training.collection_pairs import CollectionBatches
from ..training.random_streams import CountedStream
from .trainable import TrainingSettings

#: Streams of a training, unless it has more; each has a seed of its own.
STREAMS = 3


class Patches(Protocol):
    """What a preset says of batches: how many patches, their voxels along each axis, and what the network is given."""

    @property
    def batch(self) -> int:
        """Patches of an iteration."""

    @property
    def patch(self) -> int:
        """Voxels along each axis."""

    @property
    def start(self) -> Start:
        """What the network is given."""


def random_stream(settings: TrainingSettings, number: int, streams: int = STREAMS) -> CountedStream:
    """Random numbers that no other stream of the training has, of which there are so many, numbered from 0."""
    return CountedStream(streams * settings.seed + number, torch.device("cpu"))


def patch_batches(
    collection: Collection, degradations: DegradationRange, patches: Patches, settings: TrainingSettings, number: int
) -> CollectionBatches:
    """This process's part of batches of cubes, drawn from the stream of that number.

    Raises:
        InputError: as of :class:`~SuperResolveLib.training.collection_pairs.CollectionBatches`.
    """
    return CollectionBatches(
        collection,
        degradations,
        patches.batch,
        (patches.patch,) * 3,
        patches.start,
        random_stream(settings, number),
        settings.device,
        rank=settings.rank,
        ranks=settings.ranks,
    )
