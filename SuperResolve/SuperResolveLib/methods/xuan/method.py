"""Xuan et al. as the registry knows it; what trains it is in :mod:`.training`, which needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...errors import InputError
from ...registry import Preset, import_with_torch
from ...training.thin import is_thin
from ..trainable import HandedOn, TrainableInfo, TrainingSettings
from .presets import PRESETS

if TYPE_CHECKING:
    from ...data.volume import Volume
    from ...training.collection import Collection

#: The fewest slices and the fewest pixels of a slice's side that a scan must have.
FEWEST_SLICES, FEWEST_PIXELS = 4, 16
#: The planes that a thin volume must have, of which every K-th is seen.
FEWEST_PLANES = 16


class Xuan(HandedOn):
    """Slices synthesised between those of thick scans teach a generator, without any thin scan (arXiv 2003.12627)."""

    info: ClassVar[TrainableInfo] = TrainableInfo(
        name="xuan",
        title="Xuan et al. (learned from thick scans)",
        summary="A variational autoencoder synthesises slices between thick ones, and a 3-D network learns from these: "
        "no thin scan is needed. It adds planes and does not deblur.",
        learns_from="a collection",
        needs_torch=True,
        presets=(
            Preset("fast", "fast", "Networks small enough for a processor."),
            Preset("balanced", "balanced", "Larger networks that learn for longer, on a graphics card."),
            Preset("paper", "as published", "The published sizes and length, on a graphics card only."),
        ),
        stages=("synthesis", "generator"),
        networks=("deepresolve", "dcsrn"),
        operator="select",
        options=("keep_synthesis",),
        writes={"keep_synthesis": "synthesis"},
    )

    @classmethod
    def iterations(cls, preset: str, network: str) -> dict[str, int]:
        """How many iterations each stage of a preset takes with a network."""
        own = PRESETS[preset]
        return {
            "synthesis": own.synthesis.iterations,
            "generator": own.generators[network].iterations,
        }

    @classmethod
    def check(cls, volume: Volume) -> None:
        """Refuse a scan of too few slices, or of tiny ones.

        Raises:
            InputError: in one sentence that begins with "it ".
        """
        spacing = volume.spacing
        axis = max(range(3), key=lambda each: (round(spacing[each] / max(spacing), 3), each))
        slices, across = volume.shape[axis], [size for each, size in enumerate(volume.shape) if each != axis]
        fewest = FEWEST_PLANES if is_thin(spacing) else FEWEST_SLICES
        if slices < fewest or min(across) < FEWEST_PIXELS:
            raise InputError(
                f"it has {slices} slices of {across[0]} x {across[1]} pixels, and at least {fewest} of "
                f"{FEWEST_PIXELS} x {FEWEST_PIXELS} are needed"
            )

    def __init__(self, settings: TrainingSettings, collection: Collection, validation: Collection) -> None:
        training = import_with_torch(f"{__package__}.training")
        self._training = training.XuanTraining(settings, collection, validation)

    def synthesised(self, index: int) -> Volume:
        """The thin volume that the first stage makes of a scan of the collection, for looking.

        Raises:
            InputError: the first stage was not run.
        """
        volume: Volume = self._training.synthesised(index)
        return volume
