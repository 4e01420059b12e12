"""The CT-guided method as the registry knows it; what trains it is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ...registry import Preset, import_with_torch
from ..trainable import HandedOn, TrainableInfo, TrainingSettings, Translation
from .mr import check_mr
from .presets import PRESETS, STAGES

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...training.collection import Collection


class CTGuided(HandedOn):
    """Thin CT, of whomever, teaches a network what thick slices of MR hide (Wang et al., MICCAI 2023)."""

    info: ClassVar[TrainableInfo] = TrainableInfo(
        name="ct-guided",
        title="CT-guided (learned from thick scans and unpaired CT)",
        summary="A network learns from images of CT, which are thin, to undo what makes slices thick, and is carried "
        "over to thick scans of MR by translating between both: no thin scan of MR is needed, and no pair.",
        learns_from="a collection",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "Networks small enough for a processor."),
            Preset("balanced", "balanced", "Larger networks that learn for longer, on a graphics card."),
            Preset("paper", "as published", "The published sizes and length, on a graphics card only."),
        ),
        stages=STAGES,
        networks=("srnet", "srnet-3d"),
        operator="profile",
        options=("ct", "ct_window", "kind", "features", "keep_translations", "export_translation"),
        compares=("joint",),
        requires={"ct": "scans of CT to learn from"},
        writes={"keep_translations": "joint", "export_translation": "joint"},
    )

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations each stage of a preset takes, whatever the network."""
        return dict(PRESETS[preset].iterations)

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a scan of MR that has few slices, or small ones.

        Raises:
            InputError: in one sentence that begins with "it ".
        """
        check_mr(volume)

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        training = import_with_torch(f"{__package__}.training")
        self._training = training.CTGuidedTraining(settings, collection, validation)

    def translated(self, index: int) -> Mapping[str, Volume]:
        """A scan of the collection, super-resolved, as CT, and back, for looking.

        Raises:
            InputError: the stage joint was not run.
        """
        volumes: Mapping[str, Volume] = self._training.translated(index)
        return volumes

    def translation(self) -> Translation:
        """The networks that translate between MR and CT, and what is to be known of them.

        Raises:
            InputError: the stage joint was not run.
        """
        translation: Translation = self._training.translation()
        return translation
