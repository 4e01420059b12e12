r"""The three stages of the CT-guided method, and what of them is exported.

``ct``: :math:`\min_F |F(D y_H) - y_H|` on CT :math:`y_H`. ``pseudo-mr``: :math:`\min_F |F(D F(x_L)) - F(x_L)|` on
thick MR :math:`x_L`, the target held fixed. ``joint``: :mod:`.joint`. D is the acquisition with a ratio, phase and
profile drawn anew for every batch, or as published one ratio; under our presets F ends in the data consistency that
results are given in use.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import torch

from ...data.volume import Volume
from ...errors import InputError
from ...losses.perceptual import Extractor
from ...losses.pixel import absolute_error
from ...model import Card, FeatureWeights
from ...networks.ct_guided.citnet import CITNet
from ...networks.ct_guided.discriminator import MultiScaleDiscriminator
from ...networks.ct_guided.srnet import SRNet
from ...training.averaged_weights import AveragedWeights
from ...training.collection import SYNTHETIC, Collection, Item
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.random_streams import CountedStream
from ...training.step import TrainingStep
from ...training.supervised import SupervisedStep
from ...training.thin import is_thin
from ..features import feature_extractor
from ..generator_in_training import GeneratorInTraining
from ..networks import tensors_of
from ..slice_kinds import Kind, degradations_of, learned_fwhm_ratios
from ..successive_stages import SuccessiveStages
from ..trainable import Stage, TrainingSettings, Translation
from ..training_batches import random_stream
from ..voxel_range import voxel_range
from .acquired import Acquired, acquire
from .ct import check_window
from .ct_batches import CTBatches
from .joint import JointStep, halved
from .mr import ratio_of
from .mr_batches import MRBatches, MRPatches
from .mr_scans import in_plane_voxels, thick_scan
from .presets import (
    FWHM_RATIOS,
    LARGEST_FACTOR,
    LEEWAY,
    PRESETS,
    STAGES,
    TRANSLATION_WARNING,
    USUAL_RATIO,
    WEIGHTS,
    WINDOW,
    Preset,
)
from .scoring import OfSlices
from .translate import there_and_back

#: The layer of which VGG16 is asked for its features is the preset's; that of others is their usual one.
_WITH_LAYERS = "vgg16"
#: Shallow volumes for networks that see them: so many voxels deep, over their width, and at least.
DEPTH, SHALLOWEST = 4, 8
#: Streams of random numbers.
STREAMS = 5
#: After how many iterations the published learning rate is halved.
HALVED_EVERY = 100_000


@dataclass(frozen=True)
class _Features:
    """An extractor, and what the card says of it."""

    extractor: Extractor
    told: Mapping[str, str]


class CTGuidedTraining(SuccessiveStages):
    """The networks, and what they learn from.

    Args:
        settings: how to train; ``options`` has ``ct``, a collection of CT, and may have ``ct_window`` in HU, ``kind``
            of slices and ``features``, which are weights.
        collection: scans of MR, thick ones as they are, thin ones degraded first.
        validation: scans to validate on, of which thin ones can serve.
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
        self._preset = preset = preset or PRESETS[settings.preset]
        self._ct: Collection = settings.options["ct"]
        self._window: tuple[float, float] = settings.options.get("ct_window", WINDOW)
        check_window(self._window)
        ratios = learned_ratios(settings.ratios, preset, collection.items)
        kind: Kind | None = settings.options.get("kind") or ("thin" if preset.published else None)
        self._degradations = degradations_of(kind, ratios, preset.noise, preset.published, FWHM_RATIOS)
        self._features = self._of_settings()
        arguments = dict(preset.networks[settings.network])
        arguments |= {"factor": factor_for(ratios), "centred": self._degradations.operator == "profile"}
        generator = GeneratorInTraining(settings.network, arguments, preset.averaging, settings.seed, settings.device)
        super().__init__(generator, STAGES[0])
        joint = preset.joint
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self._translation = CITNet(joint.channels, joint.blocks, joint.attributes, joint.hidden)
            self._critics = {
                name: MultiScaleDiscriminator(joint.critic, joint.layers, joint.scales) for name in ("mr", "ct")
            }
        self._is_joint = False
        thin = validation.part([number for number, item in enumerate(validation.items) if is_thin(item.spacing)])
        self._scoring = OfSlices(thin, self._degradations, settings.metrics, settings.device, self._consistent)

    @property
    def _consistent(self) -> bool:
        return not self._preset.published

    @property
    def _network(self) -> SRNet:
        return cast(SRNet, self._generator.network)

    def begin(self, stage: str) -> Stage:
        """One of the three stages.

        Raises:
            InputError: one of the last two is to begin, and neither was one before it run nor a model given to start
                from; or a scan cannot be used.
        """
        self._begin(stage)
        steps: dict[str, Callable[[], TrainingStep]] = {
            "ct": self._ct_step,
            "pseudo-mr": self._pseudo_step,
            "joint": self._joint_step,
        }
        return Stage(steps[stage](), lambda: self._scoring.of(self.averaged), keeps_best=stage != "joint")

    def _ct_step(self) -> SupervisedStep[Acquired]:
        def loss(ct: Acquired) -> torch.Tensor:
            assert ct.truth is not None
            return absolute_error(ct.restored(self._network, self._consistent), ct.truth)

        preset = self._preset
        batches = self._ct_batches(0, preset.batch, preset.patch)
        return SupervisedStep(
            self._network,
            batches,
            loss,
            self._optimisation("ct", preset.learning_rate),
            self._generator.average,
            self._settings.device.type == "cuda",
        )

    def _pseudo_step(self) -> SupervisedStep[MRPatches]:
        preset = self._preset
        batches = self._mr_batches(1, preset.batch, preset.patch)
        return SupervisedStep(
            self._network,
            batches,
            self.pseudo_loss,
            self._optimisation("pseudo-mr", preset.pseudo_rate),
            self._generator.average,
            self._settings.device.type == "cuda",
        )

    def pseudo_loss(self, patches: MRPatches) -> torch.Tensor:
        """|F(D F(x_L)) - F(x_L)| with D at another phase, so that consistent answers do not make it vanish."""
        target = patches.acquired.restored(self._network, self._consistent)
        if self._preset.stopped:
            target = target.detach()
        ratio = patches.acquired.column.ratio
        degradation = replace(self._degradations, ratios=(ratio, ratio)).draw(patches.numbers, patches.voxel)
        again = acquire(target, patches.voxel, degradation, patches.numbers, self._degradations.whole)
        assert again.truth is not None
        return absolute_error(again.restored(self._network, self._consistent), again.truth)

    def _joint_step(self) -> JointStep:
        settings, joint, device = self._settings, self._preset.joint, self._settings.device
        self._is_joint = True
        return JointStep(
            self._network,
            self._translation.to(device),
            {name: critic.to(device) for name, critic in self._critics.items()},
            self._mr_batches(2, joint.batch, joint.patch),
            self._ct_batches(3, joint.batch, joint.patch),
            self._stream(4),
            joint,
            settings.iterations["joint"],
            self._consistent,
            cast(AveragedWeights[SRNet], self._generator.average),
            None if self._features is None else self._features.extractor,
        )

    def _ct_batches(self, number: int, size: int, side: int) -> CTBatches:
        patch, stream = self._patch(side), self._stream(number)
        return CTBatches(self._ct, self._degradations, self._window, size, patch, stream, self._settings.device)

    def _mr_batches(self, number: int, size: int, side: int) -> MRBatches:
        settings = self._settings
        return MRBatches(
            self._collection,
            self._degradations,
            self._thin_ratio,
            settings.seed,
            size,
            self._patch(side),
            self._stream(number),
            settings.device,
        )

    @property
    def _thin_ratio(self) -> float:
        """At which thin volumes are degraded first."""
        return math.sqrt(math.prod(self._degradations.ratios))

    def _patch(self, side: int) -> tuple[int, int, int]:
        images = self._settings.network == "srnet"
        return side, side, 1 if images else max(SHALLOWEST, side // DEPTH)

    def _stream(self, number: int) -> CountedStream:
        """Random numbers that no other stream has."""
        return random_stream(self._settings, number, STREAMS)

    def _optimisation(self, stage: str, rate: float) -> Optimisation:
        network = self._network
        if self._preset.published:
            adam = torch.optim.Adam(network.parameters(), lr=rate)
            return Optimisation(network.parameters(), [adam], [halved(adam, HALVED_EVERY)])
        optimisers = optimisers_for(network, rate, "muon")
        iterations = self._settings.iterations[stage]
        schedules = [warmed_up_cosine(each, iterations) for each in optimisers]
        return Optimisation(network.parameters(), optimisers, schedules, gradient_norm=1.0)

    def _of_settings(self) -> _Features | None:
        source = self._settings.options.get("features")
        if source is None:
            return None
        if not isinstance(source, FeatureWeights):
            raise InputError("the features self are those of another method: name weights by --features, or none")
        layer = self._preset.joint.layer if source.network == _WITH_LAYERS else None
        return _Features(feature_extractor(source, self._settings.device, layer), source.told)

    def card(self, stage: str) -> Card:
        """What is to be known of the super-resolving network."""
        features = self._features if stage == "joint" else None
        voxels = voxel_range(map(in_plane_voxels, self._collection.items))
        weights = {name: weight for name, weight in WEIGHTS.items() if name != "perceptual" or features is not None}
        return Card(
            method="ct-guided",
            network=self._settings.network,
            network_arguments=self._network.arguments,
            operator=self._degradations.operator,
            consistent=self._consistent,
            start="slices",
            ratios=self._degradations.ratios,
            fwhm_ratios=learned_fwhm_ratios(self._degradations, voxels),
            voxels_mm=voxels,
            losses={"absolute_error": 1.0} if stage != "joint" else weights,
            features=None if features is None else features.told,
            notes=self._notes(stage),
        )

    def _notes(self, stage: str) -> tuple[str, ...]:
        guides, window = self._ct.items, "{:g} to {:g}".format(*self._window)
        synthetic = sum(item.modality == SYNTHETIC for item in guides)
        kind = "volumes of synthetic anatomy in the place of CT" if synthetic else f"CT, of {window} HU"
        notes = [f"the guide was {len(guides)} {kind}"]
        if self._degradations.operator == "select":
            notes.append("slices are selected, not deblurred: results have more planes, as thick as the slices are")
        if stage == "joint":
            notes.append("the networks that translate between MR and CT are not in this file")
            notes.append("the last stage learned against discriminators: detail may be invented")
            if self._features is None:
                notes.append("the perceptual loss was left out: no features were named by --features")
        return tuple(notes)

    def translated(self, index: int) -> Mapping[str, Volume]:
        """A scan of the collection, super-resolved, as CT, and back."""
        self._needs_translation()
        ratio, seed = self._thin_ratio, self._settings.seed
        scan = thick_scan(self._collection.volume(index), self._degradations, ratio, seed + index)
        network, device = cast(SRNet, self.averaged), self._settings.device
        return there_and_back(scan, network, self._translation, self._consistent, self._window, device)

    def translation(self) -> Translation:
        """CITNet, and what is to be known of it."""
        self._needs_translation()
        joint, settings = self._preset.joint, self._settings
        told: dict[str, Any] = {
            "method": "ct-guided",
            "network": "citnet",
            "network_arguments": {
                "channels": joint.channels,
                "blocks": joint.blocks,
                "attributes": joint.attributes,
                "hidden": joint.hidden,
            },
            "window_hu": list(self._window),
            "intensities": "percentiles 1 and 99.5 of MR, and the ends of the window of CT, are -1 and 1",
            "preset": settings.preset,
            "seed": settings.seed,
            "iterations": settings.iterations["joint"],
            "trained_on": {"mr": len(self._collection), "ct": len(self._ct)},
        }
        return Translation(tensors_of(self._translation), told, TRANSLATION_WARNING)

    def _needs_translation(self) -> None:
        if not self._is_joint:
            raise InputError("nothing translates between MR and CT before the stage joint, which was not run")


def learned_ratios(asked: tuple[float, float] | None, preset: Preset, items: tuple[Item, ...]) -> tuple[float, float]:
    """Slice spacings over voxels that are learned: those asked for, or a little around those of the scans.

    Raises:
        InputError: it is not one whole number, as published.
    """
    if preset.published:
        low, high = asked or (USUAL_RATIO, USUAL_RATIO)
        if low != high or low != round(low) or low < 2:
            raise InputError("as published, one whole ratio from 2 is learned: give it by --ratio, or another preset")
        return low, high
    if asked is not None:
        return asked
    found = [ratio for item in items if (ratio := ratio_of(item.spacing)) is not None] or [USUAL_RATIO]
    return max(1.5, min(found) / LEEWAY), max(found) * LEEWAY


def factor_for(ratios: tuple[float, float]) -> int:
    """How many planes the network makes of a slice: as many as the largest ratio asks for, but for the leeway.

    Raises:
        InputError: these are too many.
    """
    factor = max(2, math.ceil(ratios[1] / LEEWAY - 1e-3)) if ratios[0] < ratios[1] else max(2, math.ceil(ratios[1]))
    if factor > LARGEST_FACTOR:
        raise InputError(
            f"slices {ratios[1]:.3g} voxels apart are too far from each other: at most {LARGEST_FACTOR} can be learned"
        )
    return factor
