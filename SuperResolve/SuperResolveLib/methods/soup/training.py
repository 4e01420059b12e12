r"""Both stages of SOUP-GAN: regression at every scale, and tuning by what looks right.

The first is :math:`\min_\theta E\,\|C(G_{\theta,s}(B y)) - x\|^2` with :math:`y = A x + n`: x is a patch of a thin
volume, A the acquisition with a ratio s, phase and profile drawn anew for every batch, n noise, B y the start, and C
the closed-form data consistency, which is left out as published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from ...errors import InputError
from ...losses.pixel import squared_error
from ...model import Card
from ...networks.generator import Generator
from ...networks.patch_discriminator import PatchDiscriminator
from ...training.collection import Collection
from ...training.collection_pairs import CollectionBatches
from ...training.column_pairs import ColumnPairs
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.plateau import Plateau
from ...training.random_streams import CountedStream
from ...training.step import State
from ...training.supervised import SupervisedStep
from ..generator_in_training import GeneratorInTraining
from ..scoring import Scoring
from ..trainable import Stage, TrainingSettings
from .features import Features, features_of
from .perceptual import PerceptualStep
from .presets import DIVISOR, PATIENCE, PRESETS, RATIOS, Arguments, Preset
from .slices import degradations_of, learned_fwhm_ratios

#: What the card says of a model that was not tuned for want of features.
SKIPPED = "the stage perceptual was skipped: no features were named by --features"


class SoupTraining:
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
        self._degradations = degradations_of(settings.options.get("kind"), self._preset, ratios)
        start, device = self._preset.start, settings.device
        consistent = not self._preset.published
        self._scoring = Scoring(validation, self._degradations, settings.metrics, device, start, consistent)
        arguments = arguments_of(self._preset, settings.network, ratios, settings.options.get("mixing"))
        self._generator = GeneratorInTraining(
            settings.network, arguments, self._preset.averaging, settings.seed, device
        )
        self._is_trained = False
        self._before: State | None = None
        self._features: Features | None = None
        self._tuned: PerceptualStep | None = None

    @property
    def averaged(self) -> Generator:
        """The generator with averaged weights."""
        return self._generator.average.network

    def start_from(self, network: Generator) -> None:
        """Start the generator from a trained network's weights."""
        self._generator.start_from(network)
        self._is_trained = True

    def begin(self, stage: str) -> Stage:
        """One of the two stages.

        Raises:
            InputError: the second is to begin, and neither was the first run nor a model given to start from; or
                features cannot be taken from this network.
        """
        return self._squared_error() if stage == "squared-error" else self._perceptual()

    def _squared_error(self) -> Stage:
        self._generator.begin()
        self._is_trained = True
        optimisation = self._optimisation()

        def loss(pairs: ColumnPairs) -> torch.Tensor:
            return squared_error(self._answer(pairs), pairs.truth)

        def score() -> Mapping[str, float]:
            scores = self._scoring.of(self.averaged)
            if "psnr" in scores:
                optimisation.validated(scores["psnr"])
            return scores

        on_cuda = self._settings.device.type == "cuda"
        network, average = self._generator.network, self._generator.average
        return Stage(SupervisedStep(network, self._batches(0), loss, optimisation, average, on_cuda), score)

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
        if self._before is None:
            self._needs_training()
            self._before = self.averaged.state_dict()
        self.averaged.load_state_dict(self._before)
        self._generator.start_from(self.averaged)
        settings, tuning = self._settings, self._preset.tuning
        self._features = self._of_settings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            discriminator = PatchDiscriminator((self._preset.patch,) * 3, tuning.channels).to(settings.device)
        self._tuned = PerceptualStep(
            self._generator.network,
            discriminator,
            self._answer,
            self._features.extractor,
            self._batches(1),
            self._stream(2),
            tuning,
            self._generator.average,
        )
        return Stage(self._tuned, lambda: self._scoring.of(self.averaged), keeps_best=False)

    def _needs_training(self) -> None:
        if not self._is_trained:
            raise InputError(
                "the stage perceptual tunes what the stage squared-error trained, which was not run: leave out "
                "--stages, or give a model to tune by --from"
            )

    def _of_settings(self) -> Features:
        source = self._settings.options.get("features")
        if source is None:
            raise InputError("the stage perceptual compares features: name them by --features, or leave it out")
        return features_of(source, self.averaged, self._settings.network, self._settings.device)

    def _answer(self, pairs: ColumnPairs) -> torch.Tensor:
        """Of the network that learns, at the scale of the batch, shape (batch, planes, rows, columns)."""
        network = self._generator.network.at_scale(pairs.ratio)
        answer: torch.Tensor = network(pairs.start[:, None])[:, 0].float()
        return answer if self._preset.published else pairs.made_consistent(answer)

    def _batches(self, number: int) -> CollectionBatches:
        preset = self._preset
        return CollectionBatches(
            self._collection,
            self._degradations,
            preset.batch,
            (preset.patch, preset.patch, preset.patch),
            preset.start,
            self._stream(number),
            self._settings.device,
        )

    def _stream(self, number: int) -> CountedStream:
        """Random numbers that no other stream has."""
        return CountedStream(3 * self._settings.seed + number, torch.device("cpu"))

    def card(self, stage: str) -> Card:
        """What is to be known of the generator."""
        sizes = [size for item in self._collection.items for size in item.spacing]
        voxels = math.floor(min(sizes) * 100) / 100, math.ceil(max(sizes) * 100) / 100
        tuned, features = self._tuned, self._features
        is_tuned = stage == "perceptual" and tuned is not None and features is not None
        skipped = stage == "squared-error" and not self._settings.options.get("features")
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
            notes=(SKIPPED,) if skipped else (),
        )

    def state(self) -> State:
        """The generator as the first stage left it, once the second has begun."""
        return {"is_trained": self._is_trained, "before": self._before}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._is_trained, self._before = bool(state["is_trained"]), state["before"]


def arguments_of(preset: Preset, network: str, ratios: tuple[float, float], mixing: str | None) -> Arguments:
    """From which a preset's network is built: that of many scales has the whole ones around the ratios.

    Raises:
        InputError: parts of scales are to be mixed, of a network that has none.
    """
    arguments = dict(preset.networks[network])
    if network != "multi-scale":
        if mixing is not None:
            raise InputError(f"the network {network} has no parts to mix: leave out --mixing, or train multi-scale")
        return arguments
    lowest, highest = math.floor(ratios[0] + 1e-9), math.ceil(ratios[1] - 1e-9)
    arguments |= {"lowest": lowest, "scales": highest - lowest + 1}
    return arguments | ({} if mixing is None else {"mixing": mixing})
