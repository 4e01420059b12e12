r"""Regression of a network on thin volumes: :math:`\min_\theta E\,|G_\theta(B y) - x|` with :math:`y = A x + n`.

x is a patch of a thin volume, A the acquisition with a ratio, phase and profile drawn anew for every batch, n noise,
and B y what the network starts from: Tikhonov's inverse of A, or an interpolation. The norm is the preset's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ...errors import InputError
from ...losses.pixel import absolute_error, squared_error
from ...model import Card
from ...networks.generator import Generator
from ...physics.degradation_range import DegradationRange
from ...training.averaged_weights import AveragedWeights
from ...training.collection import Collection
from ...training.collection_pairs import CollectionBatches
from ...training.optimisation import Optimisation, muon_and_adam, warmed_up_cosine
from ...training.random_streams import CountedStream
from ...training.supervised import SupervisedStep
from ...training.volume_pairs import VolumePairs
from ..networks import build_network
from ..scoring import Scoring
from ..trainable import Stage, TrainingSettings
from .presets import arguments_of, preset_of

_LOSSES = {"squared": squared_error, "absolute": absolute_error}


class SupervisedTraining:
    """A network, and what it learns from.

    Args:
        settings: how to train.
        collection, validation: thin volumes to learn from, and others to validate on.

    Attributes:
        averaged: the network with averaged weights.
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
        self._trained: Mapping[str, torch.Tensor] | None = None
        self._build()

    def _build(self) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._settings.seed)
            self._network = build_network(
                self._settings.network, arguments_of(self._settings.preset, self._settings.network)
            )
        if self._trained is not None:
            self._network.load_state_dict(self._trained)
        # Convolutions are a third faster so, with the same answer to rounding.
        self._network = self._network.to(self._settings.device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self._average = AveragedWeights(self._network, self._preset.averaging)
        self.averaged = self._average.network

    def start_from(self, network: Generator) -> None:
        """Start from a trained network's weights.

        Raises:
            InputError: it is of another kind or size.
        """
        if network.arguments != self._network.arguments or type(network) is not type(self._network):
            raise InputError(
                "the model to start from has another network than is to be trained: choose its --network and --preset"
            )
        self._trained = network.state_dict()
        self._build()

    def begin(self) -> Stage:
        """The stage of regression, from the start."""
        self._build()
        settings, preset = self._settings, self._preset
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
        shared: nn.Module = self._network
        if settings.ranks > 1:
            shared = DistributedDataParallel(self._network)
        error = _LOSSES[preset.loss]

        def loss(pairs: VolumePairs) -> torch.Tensor:
            return error(shared(pairs.start[:, None])[:, 0].float(), pairs.truth)

        step = SupervisedStep(
            self._network, batches, loss, self._optimisation(), self._average, settings.device.type == "cuda"
        )
        return Stage(step, lambda: self._scoring.of(self.averaged))

    def _optimisation(self) -> Optimisation:
        preset = self._preset
        if preset.optimiser == "muon":
            optimisers = muon_and_adam(self._network, preset.learning_rate)
        else:
            optimisers = [torch.optim.Adam(self._network.parameters(), lr=preset.learning_rate)]
        iterations = self._settings.iterations["regression"]
        schedules = [warmed_up_cosine(each, iterations) for each in optimisers] if preset.decays else []
        return Optimisation(self._network.parameters(), optimisers, schedules, preset.gradient_norm)

    def card(self) -> Card:
        """What is to be known of the network."""
        preset, network = self._preset, self._network
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
