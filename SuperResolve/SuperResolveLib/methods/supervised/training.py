r"""Regression of a network on thin volumes: :math:`\min_\theta E\,|G_\theta(B y) - x|` with :math:`y = A x + n`.

x is a patch of a thin volume, A the acquisition with a ratio, phase and profile drawn anew for every batch, n noise,
and B y what the network starts from: Tikhonov's inverse of A, or an interpolation. The norm is the preset's.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ...losses.pixel import absolute_error, squared_error
from ...model import Card
from ...networks.generator import Generator
from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection
from ...training.collection_pairs import CollectionBatches
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.random_streams import CountedStream
from ...training.supervised import SupervisedStep
from ...training.volume_pairs import VolumePairs
from ..generator_in_training import GeneratorInTraining
from ..scoring import Scoring
from ..trainable import Stage, TrainingSettings
from .presets import arguments_of, preset_of

_LOSSES = {"squared": squared_error, "absolute": absolute_error}


class SupervisedTraining:
    """A network, and what it learns from.

    Args:
        settings: how to train.
        collection, validation: thin volumes to learn from, and others to validate on.
    """

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        self._settings = settings
        self._preset = preset_of(settings.preset, settings.network)
        self._collection = collection
        self._degradations = DegradationRange(
            "profile",
            settings.ratios or self._preset.ratios,
            self._preset.fwhm_ratios,
            self._preset.noise,
        )
        self._scoring = Scoring(validation, self._degradations, settings.metrics, settings.device, self._preset.start)
        arguments = arguments_of(settings.preset, settings.network)
        self._generator = GeneratorInTraining(
            settings.network, arguments, self._preset.averaging, settings.seed, settings.device
        )

    @property
    def averaged(self) -> Generator:
        """The network with averaged weights."""
        return self._generator.average.network

    def start_from(self, network: Generator) -> None:
        """Start from a trained network's weights."""
        self._generator.start_from(network)

    def begin(self) -> Stage:
        """The stage of regression, from the start."""
        self._generator.begin()
        settings, preset, network = self._settings, self._preset, self._generator.network
        batches = CollectionBatches(
            self._collection,
            self._degradations,
            preset.batch,
            (preset.patch, preset.patch, preset.patch),
            preset.start,
            CountedStream(settings.seed, torch.device("cpu")),
            settings.device,
            rank=settings.rank,
            ranks=settings.ranks,
        )
        shared: nn.Module = DistributedDataParallel(network) if settings.ranks > 1 else network
        error = _LOSSES[preset.loss]

        def loss(pairs: VolumePairs) -> torch.Tensor:
            return error(shared(pairs.start[:, None])[:, 0].float(), pairs.truth)

        on_cuda = settings.device.type == "cuda"
        step = SupervisedStep(network, batches, loss, self._optimisation(), self._generator.average, on_cuda)
        return Stage(step, lambda: self._scoring.of(self.averaged))

    def _optimisation(self) -> Optimisation:
        preset, network = self._preset, self._generator.network
        optimisers = optimisers_for(network, preset.learning_rate, preset.optimiser)
        iterations = self._settings.iterations["regression"]
        schedules = [warmed_up_cosine(each, iterations) for each in optimisers] if preset.decays else []
        return Optimisation(network.parameters(), optimisers, schedules, preset.gradient_norm)

    def card(self) -> Card:
        """What is to be known of the network."""
        preset, network = self._preset, self._generator.network
        return Card(
            method="supervised",
            network=self._settings.network,
            network_arguments=network.arguments,
            operator="profile",
            consistent=preset.consistent,
            start=preset.start,
            ratios=self._degradations.ratios,
            fwhm_ratios=self._degradations.fwhm_ratios,
            voxels_mm=voxels_of(self._collection),
            losses={f"{preset.loss}_error": 1.0},
        )


def voxels_of(collection: Collection) -> tuple[float, float]:
    """The range of a collection's voxel sizes in mm, rounded outwards to hundredths."""
    sizes = [size for item in collection.items for size in item.spacing]
    return math.floor(min(sizes) * 100) / 100, math.ceil(max(sizes) * 100) / 100
