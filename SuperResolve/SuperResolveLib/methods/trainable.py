"""What a method that learns from a collection is: what it declares, what it is handed, and what it trains in stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..physics.problem import OperatorKind
from ..registry import Info

if TYPE_CHECKING:
    import torch

    from ..data.volume import Volume
    from ..model import Card
    from ..networks.generator import Generator
    from ..training.collection import Collection
    from ..training.step import State, TrainingStep


#: Of two images of one shape, the second the truth.
Metric = Callable[[NDArray[np.float32], NDArray[np.float32]], float]


@dataclass(frozen=True, kw_only=True)
class TrainableInfo(Info):
    """What a method that learns from a collection declares about itself.

    Attributes:
        stages: of its training, in order; each goes on from what those before it trained. Some may be there for some
            presets and networks alone (:meth:`Trainable.iterations`).
        networks: that it can train, by the names of :mod:`~SuperResolveLib.methods.networks`; the default first.
        operator: by which operator its results are made consistent with the scan.
        shared_stages: those whose batches several processes can share.
        options: names of what only some methods have, as far as this one has it.
        compares: those that compare features, unless told otherwise those of a package that is installed.
        needs: of stages that one of the options must be given for, which; without it they are skipped.
        requires: options without which nothing can be trained, and in words what they name.
        writes: options that name what is written beside the model, and after which stage.
    """

    stages: tuple[str, ...]
    networks: tuple[str, ...]
    operator: OperatorKind
    shared_stages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    compares: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What a method is handed to train with.

    Attributes:
        preset: one of its own.
        network: one of its own.
        device: where to train.
        seed: of everything random.
        iterations: of each stage, by name; stages that are left out have none.
        ratios: range of the ratio of slice spacing to voxel that is to be learned; ``None`` for the preset's.
        metrics: of an image and the truth, by name: ``"psnr"`` in dB and ``"ssim"``.
        options: what only this method has, by name.
        rank, ranks: which of several processes this is that share every batch.
    """

    preset: str
    network: str
    device: torch.device
    seed: int
    iterations: Mapping[str, int]
    ratios: tuple[float, float] | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0
    ranks: int = 1


@dataclass(frozen=True)
class Stage:
    """A stage that can be run.

    Attributes:
        step: what does one update.
        score: how good what the stage trains is on the validation scans, by name; ``"psnr"`` in dB (higher is better)
            decides which state is kept. ``None`` where there is nothing to validate.
        keeps_best: whether it does; else the last state that was scored is kept, as where PSNR is no judge.
    """

    step: TrainingStep
    score: Callable[[], Mapping[str, float]] | None = None
    keeps_best: bool = True


class Synthesising(Protocol):
    """What can show the volumes that one of its stages synthesised."""

    def synthesised(self, index: int) -> Volume:
        """That of a scan of the collection."""


@dataclass(frozen=True)
class Translation:
    """Networks that translate between two kinds of images.

    Attributes:
        tensors: weights and buffers by their names in torch.
        told: what is to be known of them, as JSON has it.
        warning: what whoever uses them has to know, in a sentence.
    """

    tensors: Mapping[str, NDArray[np.generic]]
    told: Mapping[str, Any]
    warning: str


class Translating(Protocol):
    """What can show and hand on the translation that one of its stages learned."""

    def translated(self, index: int) -> Mapping[str, Volume]:
        """A scan of the collection in all forms, by name."""

    def translation(self) -> Translation:
        """The networks that translate."""


class Trainable(Protocol):
    """A method that learns from a collection. Importing its class must not import torch."""

    info: ClassVar[TrainableInfo]

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations each stage takes that there is of a preset for one of the networks."""

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a volume that cannot serve in training.

        Raises:
            InputError: in one sentence that begins with "it ".
        """

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        """Set it up; it imports torch."""

    def begin(self, stage: str) -> Stage:
        """The stage, which starts from what earlier stages trained."""

    def network(self) -> Generator:
        """What is exported: the network with the weights that were averaged, in eval mode."""

    def start_from(self, network: Generator) -> None:
        """Start the exported network from a trained one."""

    def card(self, stage: str) -> Card:
        """The card of the network as it is after that stage, without what the workflow knows better."""

    def state(self) -> State:
        """What earlier stages trained and later ones need."""

    def load_state(self, state: State) -> None:
        """Go on from a state."""


class HandedOn:
    """What a method that learns from a collection leaves to its part that needs torch, :attr:`_training`."""

    _training: Any

    def begin(self, stage: str) -> Stage:
        """A stage of the method.

        Raises:
            InputError: it goes on from another one that was not run.
        """
        begun: Stage = self._training.begin(stage)
        return begun

    def network(self) -> Generator:
        """What is exported: the network with averaged weights."""
        network: Generator = self._training.averaged
        return network

    def start_from(self, network: Generator) -> None:
        """Start from a trained network's weights."""
        self._training.start_from(network)

    def card(self, stage: str) -> Card:
        """The card of the network as it is after a stage."""
        card: Card = self._training.card(stage)
        return card

    def state(self) -> State:
        """What earlier stages trained and later ones need."""
        state: State = self._training.state()
        return state

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._training.load_state(state)
