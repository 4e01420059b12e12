r"""Regression of a network on thin volumes: :math:`\min_\theta E\,|C(G_\theta(B y)) - x|` with :math:`y = A x + n`;
for mDCSRN as published also the stage after it (:mod:`.against_critic`).

x is a patch of a thin volume, A the acquisition with a ratio, phase and profile drawn anew for every batch, n noise,
B y what the network starts from, Tikhonov's inverse of A or an interpolation, and C the data consistency that
results are given in use, which is left out as published. The norm is the preset's.
"""

from __future__ import annotations

import torch

from ...losses.pixel import absolute_error, squared_error
from ...model import Card
from ...networks.mdcsrn_critic import MDCSRNCritic
from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection
from ...training.column_pairs import ColumnPairs
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.ranks import sharing_gradients
from ...training.supervised import SupervisedStep
from ..generator_in_training import GeneratorInTraining
from ..scoring import Scoring
from ..successive_stages import SuccessiveStages
from ..trainable import Stage, TrainingSettings
from ..training_batches import patch_batches, random_stream
from ..voxel_range import voxel_range
from .against_critic import ADVERSARIAL, AgainstCritic
from .presets import Preset, arguments_of, preset_of

_LOSSES = {"squared": squared_error, "absolute": absolute_error}


class SupervisedTraining(SuccessiveStages):
    """A network, and what it learns from.

    Args:
        settings: how to train.
        collection, validation: thin volumes to learn from, and others to validate on.
        preset: how to learn, instead of the settings' preset, whose networks they are all the same.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        collection: Collection,
        validation: Collection,
        preset: Preset | None = None,
    ) -> None:
        self._settings = settings
        self._preset = preset or preset_of(settings.preset, settings.network)
        self._collection = collection
        self._degradations = DegradationRange(
            "profile",
            settings.ratios or self._preset.ratios,
            self._preset.fwhm_ratios,
            self._preset.noise,
        )
        self._scoring = Scoring(
            validation,
            self._degradations,
            settings.metrics,
            settings.device,
            self._preset.start,
            self._preset.consistent,
        )
        arguments = arguments_of(settings.preset, settings.network)
        generator = GeneratorInTraining(
            settings.network, arguments, self._preset.averaging, settings.seed, settings.device
        )
        super().__init__(generator, "regression")

    def begin(self, stage: str) -> Stage:
        """One of the stages.

        Raises:
            InputError: the second is to begin, and neither was the first run nor a model given to start from.
        """
        return self._regression() if stage == "regression" else self._adversarial()

    def _regression(self) -> Stage:
        self._begin("regression")
        settings, preset, network = self._settings, self._preset, self._generator.network
        batches = patch_batches(self._collection, self._degradations, preset, settings, 0)
        shared = sharing_gradients(network)
        error = _LOSSES[preset.loss]

        def loss(pairs: ColumnPairs) -> torch.Tensor:
            answer: torch.Tensor = shared(pairs.start[:, None])[:, 0].float()
            return error(pairs.made_consistent(answer) if preset.consistent else answer, pairs.truth)

        on_cuda = settings.device.type == "cuda"
        step = SupervisedStep(network, batches, loss, self._optimisation(), self._generator.average, on_cuda)
        return Stage(step, lambda: self._scoring.of(self.averaged))

    def _adversarial(self) -> Stage:
        preset, adversarial, settings = self._preset, self._preset.adversarial, self._settings
        assert adversarial is not None
        self._begin("adversarial")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            critic = MDCSRNCritic((preset.patch,) * 3).to(settings.device)
        step = AgainstCritic(
            self._generator.network,
            critic,
            patch_batches(self._collection, self._degradations, preset, settings, 1),
            random_stream(settings, 2),
            settings.iterations["adversarial"],
            adversarial.learning_rate,
            self._generator.average,
        )
        return Stage(step, lambda: self._scoring.of(self.averaged), keeps_best=False)

    def _optimisation(self) -> Optimisation:
        preset, network = self._preset, self._generator.network
        optimisers = optimisers_for(network, preset.learning_rate, preset.optimiser)
        iterations = self._settings.iterations["regression"]
        schedules = [warmed_up_cosine(each, iterations) for each in optimisers] if preset.decays else []
        return Optimisation(network.parameters(), optimisers, schedules, preset.gradient_norm)

    def card(self, stage: str) -> Card:
        """What is to be known of the network."""
        preset, network = self._preset, self._generator.network
        losses = {f"{preset.loss}_error": 1.0}
        return Card(
            method="supervised",
            network=self._settings.network,
            network_arguments=network.arguments,
            operator="profile",
            consistent=preset.consistent,
            start=preset.start,
            ratios=self._degradations.ratios,
            fwhm_ratios=self._degradations.fwhm_ratios,
            voxels_mm=voxel_range(item.spacing for item in self._collection.items),
            losses=losses if stage == "regression" else {"absolute_error": 1.0, "adversarial": ADVERSARIAL},
        )
