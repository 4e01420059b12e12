"""SOUP-GAN as the registry knows it; what trains it is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...registry import Preset, import_with_torch
from ..thin_volumes import check_thin_volume
from ..trainable import HandedOn, TrainableInfo, TrainingSettings
from .presets import PRESETS

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...training.collection import Collection


class Soup(HandedOn):
    """One network for every ratio learns from thin volumes, and is then tuned by what looks right."""

    info: ClassVar[TrainableInfo] = TrainableInfo(
        name="soup",
        title="SOUP-GAN (one model for every ratio)",
        summary="A 3-D network with parts for every ratio learns from thin volumes, and may then be sharpened to look "
        "right.",
        learns_from="a collection",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "Networks small enough for a processor."),
            Preset("balanced", "balanced", "Larger networks that learn for longer, on a graphics card."),
            Preset("paper", "as published", "The published sizes and losses, on a graphics card only."),
        ),
        stages=("squared-error", "perceptual"),
        networks=("multi-scale", "unet", "post-rrdb"),
        operator="profile",
        shared_stages=("squared-error",),
        options=("kind", "mixing", "features"),
        compares=("perceptual",),
        needs={"perceptual": "features"},
    )

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations each stage of a preset takes, whatever the network."""
        return {"squared-error": PRESETS[preset].iterations, "perceptual": PRESETS[preset].tuning.iterations}

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a volume that has thick slices itself, or is small.

        Raises:
            InputError: in one sentence that begins with "it ".
        """
        check_thin_volume(volume)

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        training = import_with_torch(f"{__package__}.training")
        self._training = training.SoupTraining(settings, collection, validation)
