"""The supervised networks as the registry knows them; what trains them is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...registry import Preset, import_with_torch
from ..thin_volumes import check_thin_volume
from ..trainable import Stage, TrainableInfo, TrainingSettings
from .presets import preset_of

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...model import Card
    from ...networks.generator import Generator
    from ...training.collection import Collection
    from ...training.step import State


class Supervised:
    """A network learns from thin volumes, degraded as the scanner degrades, to undo that."""

    info: ClassVar[TrainableInfo] = TrainableInfo(
        name="supervised",
        title="Supervised (learned from thin volumes)",
        summary="A 3-D network learns from thin volumes, degraded by many slice profiles, to undo that.",
        learns_from="a collection",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "Networks small enough for a processor."),
            Preset("balanced", "balanced", "Larger networks that learn for longer, on a graphics card."),
            Preset("paper", "as published", "The published sizes and losses, on a graphics card only."),
        ),
        stages=("regression", "adversarial"),
        networks=("deepresolve", "dcsrn", "mdcsrn", "rdn", "rrdb"),
        operator="profile",
        shares_batches=True,
    )

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations each stage takes: as published, mDCSRN has a second one."""
        own = preset_of(preset, network)
        stages = {"regression": own.iterations}
        return stages if own.adversarial is None else {**stages, "adversarial": own.adversarial.iterations}

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a volume that has thick slices itself, or is small.

        Raises:
            InputError: in one sentence that begins with "it ".
        """
        check_thin_volume(volume)

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        training = import_with_torch(f"{__package__}.training")
        self._training: Any = training.SupervisedTraining(settings, collection, validation)

    def begin(self, stage: str) -> Stage:
        """Regression on the truth, or for mDCSRN as published the play against a critic that follows.

        Raises:
            InputError: the second is to begin, and neither was the first run nor a model given to start from.
        """
        begun: Stage = self._training.begin(stage)
        return begun

    def network(self) -> Generator:
        """The network with averaged weights."""
        network: Generator = self._training.averaged
        return network

    def start_from(self, network: Generator) -> None:
        """Start from a trained network's weights."""
        self._training.start_from(network)

    def card(self, stage: str) -> Card:
        """The card of the network."""
        card: Card = self._training.card(stage)
        return card

    def state(self) -> State:
        """The network as the first stage left it."""
        state: State = self._training.state()
        return state

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._training.load_state(state)
