"""The networks of the experiments, trained once and then read from their checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from SuperResolveLib.methods.generator_in_training import GeneratorInTraining
from SuperResolveLib.methods.xuan.planes import ObservedPlanes
from SuperResolveLib.methods.xuan.presets import PRESETS, Phase
from SuperResolveLib.methods.xuan.selected_pairs import SelectedPairs
from SuperResolveLib.methods.xuan.slices import SliceBatches
from SuperResolveLib.methods.xuan.synthesis import SynthesisStep
from SuperResolveLib.methods.xuan.synthesise import synthesised_planes
from SuperResolveLib.methods.xuan.training import networks_of, supervised_step
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.progress import silent
from SuperResolveLib.training.checkpoint import Checkpoints
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.loop import TrainingLoop
from SuperResolveLib.training.random_streams import CountedStream
from SuperResolveLib.training.step import TrainingStep

from .plan import Image, Plan

CPU = torch.device("cpu")
SYNTHESIS, GENERATORS = PRESETS["fast"].synthesis, PRESETS["fast"].generators
#: The first phase of the first stage, and the last one.
FIRST, LAST = SYNTHESIS.phases[0], SYNTHESIS.phases[-1]


@dataclass(frozen=True)
class Fold:
    """What is trained with one volume held out.

    Attributes:
        plan: of the experiment.
        held_out: the volume.
        seed: of everything random.
    """

    plan: Plan
    held_out: str
    seed: int

    @property
    def device(self) -> torch.device:
        """Where to compute."""
        return torch.device(self.plan.device)

    def observed(self, name: str) -> ObservedPlanes:
        """The planes of a volume that may be seen: every K-th."""
        return ObservedPlanes.of(self.plan.volume(name), self.plan.ratio)

    def truth(self, name: str) -> Image:
        """All planes, normalised as the observed ones are."""
        volume, seen = self.plan.volume(name), self.observed(name)
        planes = np.moveaxis(volume.data, seen.axis, 0)
        return ((planes - np.float32(seen.low)) / np.float32(seen.scale)).astype(np.float32)

    def synthesis(self, phases: Sequence[Phase], iterations: int) -> SynthesisStep:
        """The first stage, untrained."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            networks = networks_of(SYNTHESIS, self.device)
        names = self.plan.trained_on(self.held_out)
        items = [self._item(name) for name in names]
        collection = Collection(tuple(items), lambda index: self.plan.volume(names[index]))
        streams = [CountedStream(3 * self.seed + number, CPU) for number in range(2)]
        batches = SliceBatches(
            collection,
            self.plan.ratio,
            SYNTHESIS.batch,
            SYNTHESIS.side,
            SYNTHESIS.fit,
            streams[0],
            self.device,
        )
        how = SYNTHESIS.learning_rate, SYNTHESIS.optimiser, SYNTHESIS.decays
        return SynthesisStep(*networks, batches, streams[1], iterations, phases, *how)

    def _item(self, name: str) -> Item:
        volume = self.plan.volume(name)
        return Item(name, name, volume.shape, volume.spacing)

    def trained_synthesis(self) -> SynthesisStep:
        """The first stage with all its losses."""
        return self.branch(LAST.adversarial, LAST.comparison)

    def branch(self, adversarial: float, comparison: float) -> SynthesisStep:
        """The first stage that only reconstructed at first, as in all branches, then with these weights of L_adv and
        L_comp.
        """
        start, whole = self.plan.start, self.plan.start + self.plan.branch
        last = replace(LAST, share=self.plan.branch, adversarial=adversarial, comparison=comparison)
        step = self.synthesis((replace(FIRST, share=start), last), whole)
        begun = self.train(step, start, "start")
        self.train(step, whole, f"branch-{adversarial:g}-{comparison:g}", begun)
        return step

    def synthesised(self, step: SynthesisStep, name: str) -> Image:
        """V(Y), normalised."""
        encoder, decoder = step.coders
        factor = self.plan.ratio
        return synthesised_planes(encoder, decoder, self.observed(name), factor, SYNTHESIS.side, SYNTHESIS.fit)

    def generator(self, network: str, volume: Callable[[str], Image], name: str) -> Generator:
        """A generator that learned from thin volumes, with averaged weights."""
        generation, names = GENERATORS[network], self.plan.trained_on(self.held_out)
        learner = GeneratorInTraining(network, generation.arguments, generation.averaging, self.seed, self.device)
        ratios = (float(self.plan.ratio),) * 2
        pairs = SelectedPairs(
            len(names),
            lambda index: volume(names[index]),
            ratios,
            generation.batch,
            self.plan.patch,
            "cubic",
            CountedStream(3 * self.seed + 2, CPU),
            self.device,
            turned=True,
        )
        step = supervised_step(learner, generation, self.plan.generator, pairs, self.device)
        self.train(step, self.plan.generator, f"{name}-{self.plan.generator}-{self.plan.patch}")
        return learner.average.network

    def train(self, step: TrainingStep, iterations: int, name: str, begun: int = 0) -> int:
        """Train, or go on from the checkpoint of that name; the iterations that were done.

        ``begun`` says how many were done before.
        """
        plan = self.plan
        sizes = f"{plan.size}-{plan.ratio}-{plan.start}-{plan.branch}"
        folder = Path(plan.work) / f"{self.held_out}-{self.seed}-{sizes}" / name
        loop = TrainingLoop(step, iterations, self.device, name, checkpoints=Checkpoints(folder))
        if not loop.resume():
            loop.iteration = begun
        loop.run(silent)
        return loop.iteration
