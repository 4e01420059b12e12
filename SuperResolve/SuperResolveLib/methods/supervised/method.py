"""The supervised networks as the registry knows them; what trains them is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...registry import Preset, import_with_torch
from ..thin_volumes import check_thin_volume
from ..trainable import HandedOn, TrainableInfo, TrainingSettings
from .presets import preset_of

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...training.collection import Collection


class Supervised(HandedOn):
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
        networks=("deepresolve", "dcsrn", "mdcsrn", "rdn", "rrdb", "reconresnet"),
        operator="profile",
        shared_stages=("regression",),
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
        self._training = training.SupervisedTraining(settings, collection, validation)
