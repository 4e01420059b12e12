"""The networks of the experiments on SOUP-GAN, trained once and then read from their checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch

from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.soup.method import Soup
from SuperResolveLib.methods.soup.training import SoupTraining
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.model import Model
from SuperResolveLib.training.collection import Collection
from SuperResolveLib.training.step import TrainingStep
from SuperResolveLib.workflows.features import features_for_training

from ..case import Kind
from ..trained import Trained, collection_of, to_end
from .blocks import blocks_to_learn_from
from .plan import Plan

#: The scale of the network of a single one, as published.
SINGLE = 5.0


class Fold:
    """What is trained with one volume held out.

    Args:
        plan: of the experiment.
        held_out: the volume.
        seed: of everything random.
    """

    def __init__(self, plan: Plan, held_out: str, seed: int) -> None:
        self.plan, self.held_out, self.seed = plan, held_out, seed
        self._kept: dict[tuple[str, Kind], Trained] = {}

    def trained(self, name: str, kind: Kind) -> Trained:
        """A network for a kind of slices, by its name in :data:`NETWORKS`."""
        if (name, kind) not in self._kept:
            self._kept[name, kind] = NETWORKS[name](self, kind)
        return self._kept[name, kind]

    def published(self, kind: Kind, ratios: tuple[float, float] | None = None, tuned: bool = False) -> Trained:
        """As published, of all scales or some; perceptually tuned from the network that is not."""
        plan = self.plan
        features = features_for_training(plan.features) if tuned else None
        if tuned and features is None:
            raise InputError("the second stage compares features: name them by --features")
        options = {"kind": kind, "features": features}
        iterations = {"squared-error": plan.iterations, "perceptual": plan.tuning}
        training = self._training("paper", ratios, options, iterations, self._whole())
        single = "" if ratios is None else f"-{ratios[0]:g}"
        first = f"{kind}-published{single}-{plan.iterations}-{plan.rate:g}"
        seconds = self._run(training.begin("squared-error").step, plan.iterations, first)
        if tuned:
            name = f"{first}-{plan.features.replace('/', '_')}-{plan.tuning}"
            seconds += self._run(training.begin("perceptual").step, plan.tuning, name)
        return self._told(training, "perceptual" if tuned else "squared-error", seconds, self._others())

    def fast(self, kind: Kind, mixing: str = "parameters") -> Trained:
        """Our preset: of selected planes for thin slices, of any profile of its range for thick ones."""
        iterations = {"squared-error": self.plan.fast}
        options = {"kind": "thin" if kind == "thin" else None, "mixing": mixing}
        training = self._training("fast", None, options, iterations, self._whole())
        name = f"{kind}-fast-{mixing}-{self.plan.fast}"
        seconds = self._run(training.begin("squared-error").step, self.plan.fast, name)
        return self._told(training, "squared-error", seconds, self._others())

    def on_blocks(self, kind: Kind, by_patch: bool) -> Trained:
        """As published, on blocks of the middles: without those held out of every volume, or without one volume."""
        plan = self.plan
        names = sorted([*self._others(), self.held_out] if by_patch else self._others())
        parts = {name: blocks_to_learn_from(plan.middle(name), name, self.seed, by_patch) for name in names}
        collection = collection_of((name, block) for name, blocks in parts.items() for block in blocks)
        training = self._training("paper", None, {"kind": kind}, {"squared-error": plan.iterations}, collection)
        name = f"{kind}-by-{'patch' if by_patch else 'volume'}-{plan.size}-{plan.iterations}-{plan.rate:g}"
        seconds = self._run(training.begin("squared-error").step, plan.iterations, name)
        return self._told(training, "squared-error", seconds, names)

    def _others(self) -> list[str]:
        names = self.plan.trained_on(self.held_out)
        if not names:
            raise InputError(f"without {self.held_out} and its subject nothing is left to learn from: name --volumes")
        return names

    def _whole(self) -> Collection:
        """The volumes that are not held out, whole."""
        names = self._others()
        for name in names:
            try:
                Soup.check(self.plan.volume(name))
            except InputError as error:
                raise InputError(f"{name} cannot be trained on: {error}") from error
        return collection_of((name, self.plan.volume(name)) for name in names)

    def _training(
        self,
        preset: str,
        ratios: tuple[float, float] | None,
        options: Mapping[str, object],
        iterations: Mapping[str, int],
        collection: Collection,
    ) -> SoupTraining:
        settings = TrainingSettings(
            preset=preset,
            network="multi-scale",
            device=torch.device(self.plan.device),
            seed=self.seed,
            iterations=iterations,
            ratios=ratios,
            options={name: value for name, value in options.items() if value is not None},
        )
        sizes = self.plan.published if preset == "paper" else self.plan.ours
        return SoupTraining(settings, collection, collection.part([]), sizes)

    def _run(self, step: TrainingStep, iterations: int, name: str) -> float:
        """Train, or go on from the checkpoint of that name; the seconds of processor time that it took."""
        folder = self.plan.folder(self.held_out, self.seed, name)
        return to_end(step, iterations, torch.device(self.plan.device), folder)

    def _told(self, training: SoupTraining, stage: str, seconds: float, names: Sequence[str]) -> Trained:
        return Trained.of(training.averaged, training.card(stage), seconds, names)


#: How each network is trained.
NETWORKS: dict[str, Callable[[Fold, Kind], Trained]] = {
    "single-scale": lambda fold, kind: fold.published(kind, (SINGLE, SINGLE)),
    "multi-scale": lambda fold, kind: fold.published(kind),
    "perceptual": lambda fold, kind: fold.published(kind, tuned=True),
    "fast": lambda fold, kind: fold.fast(kind),
    "fast-outputs": lambda fold, kind: fold.fast(kind, "outputs"),
    "by-volume": lambda fold, kind: fold.on_blocks(kind, by_patch=False),
    "by-patch": lambda fold, kind: fold.on_blocks(kind, by_patch=True),
}


def with_mixing(trained: Trained, mixing: str) -> Trained:
    """The same weights, used with ``parameters`` or ``outputs`` mixed between whole scales."""
    card = trained.model.card
    arguments = {**card.network_arguments, "mixing": mixing}
    return replace(trained, model=Model(replace(card, network_arguments=arguments), trained.model.tensors))
