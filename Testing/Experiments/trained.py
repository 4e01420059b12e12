"""Networks that experiments train once, and then read from their checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.networks import tensors_of
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.progress import silent
from SuperResolveLib.training.checkpoint import Checkpoints
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.loop import TrainingLoop
from SuperResolveLib.training.step import State, TrainingStep

from .cells import Row
from .volumes import subject_of


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

    @classmethod
    def of(cls, network: Generator, card: Card, cpu_seconds: float, trained_on: Sequence[str]) -> Trained:
        """What a training has made of its network so far."""
        whole = replace(card, halo=network.receptive_radius)
        tensors = {name: tensor.copy() for name, tensor in tensors_of(network).items()}
        return cls(Model(whole, tensors), cpu_seconds, tuple(trained_on))

    @property
    def told(self) -> Row:
        """What a row tells of it."""
        return {
            "training_cpu_seconds": self.cpu_seconds,
            "parameters": sum(tensor.size for tensor in self.model.tensors.values()),
            "trained_on": ", ".join(self.trained_on),
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


def to_end(step: TrainingStep, iterations: int, device: torch.device, folder: Path) -> float:
    """Train, or go on from the checkpoint in a folder; the seconds of processor time that it took in all."""
    timed = Timed(step)
    loop = TrainingLoop(timed, iterations, device, folder.name, checkpoints=Checkpoints(folder))
    loop.resume()
    loop.run(silent)
    return timed.cpu_seconds


def collection_of(named: Iterable[tuple[str, Volume]], modality: str | None = None) -> Collection:
    """Volumes by name, of subjects by these names, as methods are handed them."""
    names, volumes = zip(*named, strict=True)
    items = tuple(
        Item(name, subject_of(name), volume.shape, volume.spacing, modality)
        for name, volume in zip(names, volumes, strict=True)
    )
    kept = list(volumes)
    return Collection(items, lambda index: kept[index])
