"""The training of ``instant`` as the registry knows it; what it does is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...registry import Preset, import_with_torch
from ..thin_volumes import check_thin_volume
from ..trainable import HandedOn, TrainableInfo, TrainingSettings
from .presets import PRESETS

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...training.collection import Collection


class InstantAhead(HandedOn):
    """One network for all scans learns ahead of time, from synthetic anatomy or thin volumes."""

    info: ClassVar[TrainableInfo] = TrainableInfo(
        name="instant",
        title="Instant (learned ahead, for all scans)",
        summary="One network for any ratio and profile learns from synthetic anatomy, or from thin volumes.",
        learns_from="a collection",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "A network that restores in seconds."),
            Preset("balanced", "balanced", "A larger network that learns for longer, on a graphics card."),
        ),
        stages=("regression", "errors"),
        networks=("gated-edsr",),
        operator="profile",
    )

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations a preset takes."""
        own = PRESETS[preset]
        return {"regression": own.iterations, "errors": own.of_errors}

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a volume that has thick slices itself, or is small.

        Raises:
            InputError: in one sentence that begins with "it ".
        """
        check_thin_volume(volume)

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        training = import_with_torch(f"{__package__}.training")
        self._training = training.InstantTraining(settings, collection, validation)
