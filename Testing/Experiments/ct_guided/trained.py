"""The networks of the experiments on CT-guided super-resolution, trained once and then read from their checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.ct_guided.presets import STAGES
from SuperResolveLib.methods.ct_guided.training import CTGuidedTraining
from SuperResolveLib.methods.supervised.presets import preset_of
from SuperResolveLib.methods.supervised.training import SupervisedTraining
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.training.collection import SYNTHETIC as MADE
from SuperResolveLib.training.collection import Collection
from SuperResolveLib.workflows.features import features_for_training

from ..case import Case, Kind
from ..condition import Axis
from ..trained import Trained, collection_of, to_end
from ..volumes import whole
from .plan import SUPERVISED, SYNTHETIC, Plan, Way

#: FWHM of supervised networks' profiles over the spacing of selected slices, a voxel's; thick ones' is the preset's.
OF_A_PLANE = 0.8, 1.2


class Fold:
    """What is trained with one head held out.

    Args:
        plan: of the experiment.
        held_out: the head.
        axis: through plane.
        seed: of everything random.
    """

    def __init__(self, plan: Plan, held_out: str, axis: Axis, seed: int) -> None:
        self.plan, self.held_out, self.axis, self.seed = plan, held_out, axis, seed
        self._trainings: dict[tuple[Way, str, Kind], CTGuidedTraining] = {}
        self._kept: dict[tuple[Way, str, Kind, str], Trained] = {}

    @property
    def device(self) -> torch.device:
        """Where to compute."""
        return torch.device(self.plan.device)

    def case(self, kind: Kind) -> Case:
        """The held-out head and its scan."""
        return Case.of(self.plan.middle(self.held_out), kind, float(self.plan.ratio), self.axis)

    def trained(self, way: Way, guide: str, kind: Kind, stage: str) -> Trained:
        """The network as it is after a stage."""
        for name in STAGES[: STAGES.index(stage) + 1]:
            if (way, guide, kind, name) not in self._kept:
                self._run(way, guide, kind, name)
        return self._kept[way, guide, kind, stage]

    def translated(self, way: Way, guide: str, kind: Kind) -> Mapping[str, Volume]:
        """A head that was learned from: super-resolved, as CT, and back."""
        self.trained(way, guide, kind, STAGES[-1])
        return self._trainings[way, guide, kind].translated(0)

    def supervised(self, network: str, kind: Kind) -> Trained:
        """A network of the method ``supervised``, on the heads that are not held out."""
        plan, ratio = self.plan, float(self.plan.ratio)
        preset = replace(preset_of("fast", network), ratios=(ratio, ratio))
        if kind == "thin":
            preset = replace(preset, fwhm_ratios=(OF_A_PLANE[0] / ratio, OF_A_PLANE[1] / ratio))
        settings = self._settings("fast", network, {"regression": plan.learned}, {})
        collection = self._others()
        training = SupervisedTraining(settings, collection, collection.part([]), preset)
        folder = plan.folder(self.held_out, self.seed, f"{kind}-supervised-{network}-{plan.learned}")
        seconds = to_end(training.begin("regression").step, plan.learned, self.device, folder)
        return Trained.of(training.averaged, training.card("regression"), seconds, self._names)

    def _run(self, way: Way, guide: str, kind: Kind, stage: str) -> None:
        """Train a stage, those before it being trained."""
        plan, place = self.plan, (way, guide, kind)
        if place not in self._trainings:
            self._trainings[place] = self._training(*place)
        training, number = self._trainings[place], STAGES.index(stage)
        words = [kind, way, guide, f"{plan.rate:g}" if way == "paper" else "", *self._words(guide)]
        if stage != STAGES[0]:
            words += [plan.mr, str(plan.iterations)]
        if stage == STAGES[-1]:
            words += [str(plan.pseudo), str(plan.joint_patch), plan.features.replace("/", "_")]
        name = "-".join([*filter(None, words), stage, str(plan.lengths[stage])])
        step = training.begin(stage).step
        seconds = to_end(step, plan.lengths[stage], self.device, plan.folder(self.held_out, self.seed, name))
        if number:
            seconds += self._kept[way, guide, kind, STAGES[number - 1]].cpu_seconds
        names = self._names if plan.mr == "others" else [f"its own slices, {self.held_out}"]
        self._kept[way, guide, kind, stage] = Trained.of(training.averaged, training.card(stage), seconds, names)

    def _training(self, way: Way, guide: str, kind: Kind) -> CTGuidedTraining:
        plan = self.plan
        features = features_for_training(plan.features)
        learned = "thin" if kind == "thin" else "thick" if way == "paper" else None  # None: any profile of a range
        options = {"ct": self._guide(guide), "kind": learned, "features": features}
        settings = self._settings(way, "srnet", plan.lengths, options, (float(plan.ratio),) * 2)
        mr = self._others() if plan.mr == "others" else collection_of([(self.held_out, self.case(kind).scan)])
        return CTGuidedTraining(settings, mr, mr.part([]), plan.preset(way))

    def _settings(
        self,
        preset: str,
        network: str,
        iterations: Mapping[str, int],
        options: Mapping[str, object],
        ratios: tuple[float, float] | None = None,
    ) -> TrainingSettings:
        return TrainingSettings(
            preset=preset,
            network=network,
            device=self.device,
            seed=self.seed,
            iterations=iterations,
            ratios=ratios,
            options={name: value for name, value in options.items() if value is not None},
        )

    @property
    def _names(self) -> Sequence[str]:
        names = self.plan.trained_on(self.held_out)
        if not names:
            raise InputError(f"without {self.held_out} and its subject nothing is left to learn from: name --volumes")
        return names

    def _others(self) -> Collection:
        """The heads that are not held out, whole."""
        return collection_of((name, whole(self.plan.volumes[name])) for name in self._names)

    def _guide(self, name: str) -> Collection:
        """What takes the place of CT."""
        if name == SUPERVISED:
            return collection_of(((each, whole(self.plan.volumes[each])) for each in self._names), MADE)
        if name == SYNTHETIC:
            seeds = [1000 * (self.seed + 1) + number for number in range(self.plan.synthetic)]
            return collection_of(((f"synthetic {seed}", synthetic_anatomy(seed)) for seed in seeds), MADE)
        return collection_of([(name, self.plan.ct(name))])

    def _words(self, guide: str) -> list[str]:
        return [str(self.plan.synthetic)] if guide == SYNTHETIC else []
