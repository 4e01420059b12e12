"""The networks of the experiments on SOUP-GAN, trained once and then read from their checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.networks import tensors_of
from SuperResolveLib.methods.soup.method import Soup
from SuperResolveLib.methods.soup.training import SoupTraining
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.model import Model
from SuperResolveLib.progress import silent
from SuperResolveLib.training.checkpoint import Checkpoints
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.loop import TrainingLoop
from SuperResolveLib.training.step import State, TrainingStep
from SuperResolveLib.workflows.features import features_for_training

from .blocks import blocks_to_learn_from
from .plan import Kind, Plan, subject_of

#: The scale of the network of a single one, as published.
SINGLE = 5.0


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network.

    Attributes:
        model: the network with its card.
        cpu_seconds: processor time of its training, all stages.
        trained_on: names of the volumes.
    """

    model: Model
    cpu_seconds: float
    trained_on: tuple[str, ...]

    def mixing(self, mixing: str) -> Trained:
        """The same weights, used with ``parameters`` or ``outputs`` mixed between whole scales."""
        card = self.model.card
        arguments = {**card.network_arguments, "mixing": mixing}
        return replace(self, model=Model(replace(card, network_arguments=arguments), self.model.tensors))


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
        collection = _collection((name, block) for name, blocks in parts.items() for block in blocks)
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
        return _collection((name, self.plan.volume(name)) for name in names)

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
        timed = Timed(step)
        folder = self.plan.folder(self.held_out, self.seed, name)
        device = torch.device(self.plan.device)
        loop = TrainingLoop(timed, iterations, device, name, checkpoints=Checkpoints(folder))
        loop.resume()
        loop.run(silent)
        return timed.cpu_seconds

    def _told(self, training: SoupTraining, stage: str, seconds: float, names: Sequence[str]) -> Trained:
        network = training.averaged
        card = replace(training.card(stage), halo=network.receptive_radius)
        return Trained(Model(card, tensors_of(network)), seconds, tuple(names))


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


class Timed:
    """A step that counts the processor time of its updates, across kills too.

    Args:
        step: what is counted.
    """

    def __init__(self, step: TrainingStep) -> None:
        self._step, self.cpu_seconds = step, 0.0

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One update of the step."""
        started = time.process_time()
        losses = self._step.update(iteration)
        self.cpu_seconds += time.process_time() - started
        return losses

    def state(self) -> State:
        """Of the step, with the time."""
        return {"step": self._step.state(), "cpu_seconds": self.cpu_seconds}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._step.load_state(state["step"])
        self.cpu_seconds = float(state["cpu_seconds"])


def _collection(named: Iterable[tuple[str, Volume]]) -> Collection:
    names, volumes = zip(*named, strict=True)
    items = tuple(
        Item(name, subject_of(name), volume.shape, volume.spacing) for name, volume in zip(names, volumes, strict=True)
    )
    kept = list(volumes)
    return Collection(items, lambda index: kept[index])


def parameters_of(model: Model) -> int:
    """How many numbers training adjusted."""
    return int(np.sum([tensor.size for tensor in model.tensors.values()]))
