"""Both stages of Xuan et al.: what the first leaves for the second, and what of them is exported."""

from __future__ import annotations

import math
from typing import cast

import torch

from ...data.volume import Volume
from ...errors import InputError
from ...losses.pixel import absolute_error
from ...model import Card
from ...networks.generator import Generator
from ...networks.xuan.critic import Critic
from ...networks.xuan.decoder import Decoder
from ...networks.xuan.encoder import Encoder
from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.step import State
from ...training.supervised import SupervisedStep
from ...training.thin import is_thin
from ..generator_in_training import GeneratorInTraining
from ..scoring import Scoring
from ..trainable import Stage, TrainingSettings
from ..training_batches import random_stream
from ..voxel_range import voxel_range
from .planes import Image, ObservedPlanes, through_plane_axis
from .presets import PRESETS, Generation
from .presets import Synthesis as SynthesisPreset
from .selected_pairs import Pairs, SelectedPairs
from .slices import SliceBatches
from .synthesis import SynthesisStep
from .synthesise import as_volume, synthesised_planes

#: The ratio where none is asked for.
USUAL_RATIO = 4.0
#: How many times the ratio that is asked for our presets learn at most, where no range is asked for.
WIDER = 1.5
#: What the card says.
NOTES = (
    "the networks of stage I, which could memorise patients, are not in this file",
    "the slices are selected, not deblurred: results have more planes, as thick as the slices are",
)


class XuanTraining:
    """The networks of both stages, and what they learn from.

    Args:
        settings: how to train; the largest of its ``ratios`` is K.
        collection: scans, thick ones whole, of thin ones every K-th plane.
        validation: scans to validate on, of which thin ones can serve.
    """

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        self._settings, self._collection = settings, collection
        self._preset = PRESETS[settings.preset]
        self._generation = self._preset.generators[settings.network]
        ratio = ratio_of(settings)
        if self._preset.published and ratio != round(ratio):
            raise InputError(
                f"a ratio of {ratio:g} cannot be learned as published, where slices are picked: give a whole number "
                "by --ratio, or choose another preset"
            )
        self._factor = math.ceil(ratio - 1e-9)
        self._ratios = self._learned_ratios(ratio)
        self._device = settings.device
        synthesis = self._preset.synthesis
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self._encoder, self._decoder, self._critic = networks_of(synthesis, self._device)
        self._synthesised = False
        self._generator = GeneratorInTraining(
            settings.network, self._generation.arguments, self._generation.averaging, settings.seed, self._device
        )
        thin = validation.part([number for number, item in enumerate(validation.items) if is_thin(item.spacing)])
        self._scoring = Scoring(
            thin, DegradationRange("select", self._ratios), settings.metrics, self._device, self._preset.start
        )

    def _learned_ratios(self, ratio: float) -> tuple[float, float]:
        if self._preset.published:
            return (ratio, ratio)
        asked = self._settings.ratios
        return asked if asked is not None and asked[0] < asked[1] else (min(2.0, ratio), WIDER * ratio)

    @property
    def averaged(self) -> Generator:
        """The generator with averaged weights."""
        return self._generator.average.network

    def start_from(self, network: Generator) -> None:
        """Start the generator from a trained network's weights."""
        self._generator.start_from(network)

    def begin(self, stage: str) -> Stage:
        """One of the two stages.

        Raises:
            InputError: the second is to begin and the first was not run.
        """
        return Stage(self._synthesis_step()) if stage == "synthesis" else self._generator_stage()

    def _synthesis_step(self) -> SynthesisStep:
        settings, synthesis = self._settings, self._preset.synthesis
        self._synthesised = True
        batches = SliceBatches(
            self._collection,
            self._factor,
            synthesis.batch,
            synthesis.side,
            synthesis.fit,
            random_stream(settings, 0),
            self._device,
        )
        return SynthesisStep(
            self._encoder,
            self._decoder,
            self._critic,
            batches,
            random_stream(settings, 1),
            settings.iterations["synthesis"],
            synthesis.phases,
            synthesis.learning_rate,
            synthesis.optimiser,
            synthesis.decays,
        )

    def _generator_stage(self) -> Stage:
        self._needs_synthesis()
        self._generator.begin()
        batches = SelectedPairs(
            len(self._collection.items),
            self.synthesised_planes,
            self._ratios,
            self._generation.batch,
            self._generation.patch,
            self._preset.start,
            random_stream(self._settings, 2),
            self._device,
            turned=not self._preset.published,
        )
        iterations = self._settings.iterations["generator"]
        step = supervised_step(self._generator, self._generation, iterations, batches, self._device)
        return Stage(step, lambda: self._scoring.of(self.averaged))

    def _needs_synthesis(self) -> None:
        if not self._synthesised:
            raise InputError(
                "the stage generator learns from volumes that the stage synthesis makes, which was not run: "
                "leave out --stages, or give --stages synthesis,generator"
            )

    def synthesised_planes(self, index: int) -> Image:
        """The thin volume of a scan, normalised, planes first."""
        observed = ObservedPlanes.of(self._collection.volume(index), self._factor)
        synthesis = self._preset.synthesis
        return synthesised_planes(self._encoder, self._decoder, observed, self._factor, synthesis.side, synthesis.fit)

    def synthesised(self, index: int) -> Volume:
        """The thin volume of a scan in its intensities and its place, for looking."""
        self._needs_synthesis()
        scan = self._collection.volume(index)
        return as_volume(self.synthesised_planes(index), ObservedPlanes.of(scan, self._factor), scan, self._factor)

    def card(self, stage: str) -> Card:
        """What is to be known of the generator."""
        return Card(
            method="xuan",
            network=self._settings.network,
            network_arguments=self._generator.network.arguments,
            operator="select",
            consistent=not self._preset.published,
            start=self._preset.start,
            ratios=self._ratios,
            fwhm_ratios=None,
            voxels_mm=voxel_range(_in_plane(item.spacing) for item in self._collection.items),
            losses=losses_of(stage, self._preset.synthesis),
            notes=NOTES,
        )

    def state(self) -> State:
        """The networks of the first stage."""
        return {
            "synthesised": self._synthesised,
            "encoder": self._encoder.state_dict(),
            "decoder": self._decoder.state_dict(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._synthesised = bool(state["synthesised"])
        self._encoder.load_state_dict(state["encoder"])
        self._decoder.load_state_dict(state["decoder"])


def supervised_step(
    generator: GeneratorInTraining,
    generation: Generation,
    iterations: int,
    batches: SelectedPairs,
    device: torch.device,
) -> SupervisedStep[Pairs]:
    """The second stage's regression with the absolute error, on any thin volumes."""
    network = generator.network
    optimisers = optimisers_for(network, generation.learning_rate, generation.optimiser)
    schedules = [warmed_up_cosine(each, iterations) for each in optimisers] if generation.decays else []
    gradient_norm = 1.0 if generation.decays else None

    def loss(pairs: Pairs) -> torch.Tensor:
        return absolute_error(network(pairs.start).float(), pairs.truth)

    optimisation = Optimisation(network.parameters(), optimisers, schedules, gradient_norm)
    return SupervisedStep(network, batches, loss, optimisation, generator.average, device.type == "cuda")


def networks_of(synthesis: SynthesisPreset, device: torch.device) -> tuple[Encoder, Decoder, Critic]:
    """The first stage's networks, whose weights torch's global generator draws."""
    sizes = (synthesis.side, synthesis.widths, synthesis.latent)
    networks = (Encoder(*sizes), Decoder(*sizes), Critic(synthesis.critic))
    return cast(tuple[Encoder, Decoder, Critic], tuple(network.to(device) for network in networks))


def ratio_of(settings: TrainingSettings) -> float:
    """K: the largest of the ratios to learn, else the usual.

    Raises:
        InputError: it is not from 2 to 16.
    """
    ratio = USUAL_RATIO if settings.ratios is None else settings.ratios[1]
    if not 2 <= ratio <= 16:
        raise InputError(f"slices cannot be synthesised at a ratio of {ratio:g}: give one from 2 to 16 by --ratio")
    return ratio


def losses_of(stage: str, synthesis: SynthesisPreset) -> dict[str, float]:
    """The weights of the losses: of the first stage in its last phase, and of the second."""
    last = synthesis.phases[-1]
    first = {"center": last.center, "adversarial": last.adversarial, "prior": last.prior, "comparison": last.comparison}
    return first if stage == "synthesis" else {**first, "absolute_error": 1.0}


def _in_plane(spacing: tuple[float, float, float]) -> list[float]:
    through = through_plane_axis(spacing)
    return [size for axis, size in enumerate(spacing) if axis != through]
