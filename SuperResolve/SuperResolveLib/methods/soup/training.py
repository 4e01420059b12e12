r"""Both stages of SOUP-GAN: regression at every scale, and tuning by what looks right.

The first is :math:`\min_\theta E\,\|C(G_{\theta,s}(B y)) - x\|^2` with :math:`y = A x + n`: x is a patch of a thin
volume, A the acquisition with a ratio s, phase and profile drawn anew for every batch, n noise, B y the start, and C
the closed-form data consistency, which is left out as published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

from ...errors import InputError
from ...losses.pixel import squared_error
from ...model import Card
from ...networks.generator import ScaleGiven
from ...networks.patch_discriminator import PatchDiscriminator
from ...training.collection import Collection
from ...training.column_pairs import ColumnPairs
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.plateau import Plateau
from ...training.ranks import sharing_gradients
from ...training.supervised import SupervisedStep
from ..generator_in_training import GeneratorInTraining
from ..scoring import Scoring
from ..slice_kinds import degradations_of, learned_fwhm_ratios
from ..successive_stages import SuccessiveStages
from ..trainable import Stage, TrainingSettings
from ..training_batches import patch_batches, random_stream
from ..voxel_range import voxel_range
from .features import Features, features_of
from .perceptual import PerceptualStep
from .presets import DIVISOR, FWHM_RATIOS, PATIENCE, PRESETS, RATIOS, Arguments, Preset

#: Networks with parts of their own for every whole scale.
OF_MANY_SCALES = ("multi-scale", "post-rrdb")


class SoupTraining(SuccessiveStages):
    """The generator, and what it learns from.

    Args:
        settings: how to train; ``options`` has ``kind``, of slices, ``mixing``, of the scales' parts, and ``features``,
            ``"self"`` or weights.
        collection, validation: thin volumes to learn from, and others to validate on.
        preset: sizes to take instead of those of the settings' preset.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        collection: Collection,
        validation: Collection,
        preset: Preset | None = None,
    ) -> None:
        self._settings, self._collection = settings, collection
        self._preset = preset or PRESETS[settings.preset]
        ratios = settings.ratios or RATIOS
        start, device = self._preset.start, settings.device
        published = self._preset.published
        kind, consistent = settings.options.get("kind"), not published
        self._degradations = degradations_of(kind, ratios, self._preset.noise, published, FWHM_RATIOS)
        self._scoring = Scoring(validation, self._degradations, settings.metrics, device, start, consistent)
        arguments = arguments_of(self._preset, settings.network, ratios, settings.options.get("mixing"))
        generator = GeneratorInTraining(settings.network, arguments, self._preset.averaging, settings.seed, device)
        super().__init__(generator, "squared-error")
        self._features: Features | None = None
        self._tuned: PerceptualStep | None = None

    def begin(self, stage: str) -> Stage:
        """One of the two stages.

        Raises:
            InputError: the second is to begin, and neither was the first run nor a model given to start from; or
                features cannot be taken from this network.
        """
        return self._squared_error() if stage == "squared-error" else self._perceptual()

    def _squared_error(self) -> Stage:
        self._begin("squared-error")
        optimisation = self._optimisation()
        shared = sharing_gradients(ScaleGiven(self._generator.network), all_used=False)

        def loss(pairs: ColumnPairs) -> torch.Tensor:
            return squared_error(self._answer(shared, pairs), pairs.truth)

        def score() -> Mapping[str, float]:
            scores = self._scoring.of(self.averaged)
            if "psnr" in scores:
                optimisation.validated(scores["psnr"])
            return scores

        on_cuda = self._settings.device.type == "cuda"
        network, average = self._generator.network, self._generator.average
        batches = patch_batches(self._collection, self._degradations, self._preset, self._settings, 0)
        return Stage(SupervisedStep(network, batches, loss, optimisation, average, on_cuda), score)

    def _optimisation(self) -> Optimisation:
        network, rate = self._generator.network, self._preset.learning_rate
        if self._preset.published:
            adam = torch.optim.Adam(network.parameters(), lr=rate)
            return Optimisation(network.parameters(), [adam], plateau=Plateau(PATIENCE, DIVISOR))
        optimisers = optimisers_for(network, rate, "muon")
        iterations = self._settings.iterations["squared-error"]
        schedules = [warmed_up_cosine(each, iterations) for each in optimisers]
        return Optimisation(network.parameters(), optimisers, schedules, gradient_norm=1.0)

    def _perceptual(self) -> Stage:
        self._begin("perceptual")
        settings, tuning = self._settings, self._preset.tuning
        self._features = self._of_settings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            discriminator = PatchDiscriminator((self._preset.patch,) * 3, tuning.channels).to(settings.device)
        network = ScaleGiven(self._generator.network)
        self._tuned = PerceptualStep(
            self._generator.network,
            discriminator,
            lambda pairs: self._answer(network, pairs),
            self._features.extractor,
            patch_batches(self._collection, self._degradations, self._preset, settings, 1),
            random_stream(settings, 2),
            tuning,
            self._generator.average,
        )
        return Stage(self._tuned, lambda: self._scoring.of(self.averaged), keeps_best=False)

    def _of_settings(self) -> Features:
        source = self._settings.options.get("features")
        if source is None:
            raise InputError("the stage perceptual compares features: name them by --features, or leave it out")
        return features_of(source, self.averaged, self._settings.network, self._settings.device)

    def _answer(self, network: nn.Module, pairs: ColumnPairs) -> torch.Tensor:
        """Of a network that is given the scale, the batch's, shape (batch, planes, rows, columns)."""
        answer: torch.Tensor = network(pairs.start[:, None], pairs.ratio)[:, 0].float()
        return answer if self._preset.published else pairs.made_consistent(answer)

    def card(self, stage: str) -> Card:
        """What is to be known of the generator."""
        voxels = voxel_range(item.spacing for item in self._collection.items)
        tuned, features = self._tuned, self._features
        is_tuned = stage == "perceptual" and tuned is not None and features is not None
        return Card(
            method="soup",
            network=self._settings.network,
            network_arguments=self._generator.network.arguments,
            operator=self._degradations.operator,
            consistent=not self._preset.published,
            start=self._preset.start,
            ratios=self._degradations.ratios,
            fwhm_ratios=learned_fwhm_ratios(self._degradations, voxels),
            voxels_mm=voxels,
            losses=tuned.weights if is_tuned and tuned else {"squared_error": 1.0},
            features=features.told if is_tuned and features else None,
        )


def arguments_of(preset: Preset, network: str, ratios: tuple[float, float], mixing: str | None) -> Arguments:
    """From which a preset's network is built: those of many scales have the whole ones around the ratios.

    Raises:
        InputError: parts of scales are to be mixed, of a network that has none that could be.
    """
    arguments = dict(preset.networks[network])
    if mixing is not None and network != "multi-scale":
        raise InputError(f"the network {network} has no parts to mix: leave out --mixing, or train multi-scale")
    if network not in OF_MANY_SCALES:
        return arguments
    lowest, highest = math.floor(ratios[0] + 1e-9), math.ceil(ratios[1] - 1e-9)
    arguments |= {"lowest": lowest, "scales": highest - lowest + 1}
    return arguments | ({} if mixing is None else {"mixing": mixing})
