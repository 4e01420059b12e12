"""What training leaves: the model with its card, and the synthesised volumes where they are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..image_io.translation_file import write_translation
from ..image_io.volumes import write_volume
from ..methods.trainable import Synthesising, Trainable, Translating
from ..model import Model
from .report import versions
from .training_request import Collections

if TYPE_CHECKING:
    import torch

    from ..training.collection import Collection
    from ..training.metrics_log import Entry

#: The licence of weights that users train.
LICENCE = "as whoever trained it decides"
#: DICOM's codes and BIDS's suffixes have no more letters.
LONGEST_MODALITY = 16
#: Scans whose translations are written, at most.
MOST_TRANSLATED = 4


def trained_model(
    trainable: Trainable, stage: str, device: torch.device, facts: Mapping[str, Any], notes: Sequence[str] = ()
) -> Model:
    """The network as it is after a stage, with its card.

    Args:
        trainable: what was trained.
        stage: the last.
        device: where it was trained.
        facts: what of the card the run knows better than the method.
        notes: sentences of the run that the card tells beside the method's.
    """
    from ..methods.networks import tensors_of
    from ..methods.tiles import measured_halo

    network = trainable.network()
    halo, halo_error = measured_halo(network, device)
    card = trainable.card(stage)
    changes = {**facts, "halo": halo, "halo_error": halo_error, "versions": versions(), "licence": LICENCE}
    return Model(replace(card, **changes, notes=(*card.notes, *notes)), tensors_of(network))


def figures(entries: Sequence[Entry], validation: Collection, kept_best: bool = True) -> dict[str, Any] | None:
    """The validation figures of the state that was kept, the best of the last stage that was validated, or its last;
    ``None`` without any.
    """
    scored = [entry for entry in entries if math.isfinite(entry.get("psnr", math.nan))]
    if not scored:
        return None
    of_stage = [entry for entry in scored if entry["stage"] == scored[-1]["stage"]]
    best = max(of_stage, key=lambda entry: entry["psnr"]) if kept_best else of_stage[-1]
    told: dict[str, Any] = {"scans": len(validation), "subjects": len(validation.subjects)}
    for name in (name for name in best if name.startswith(("psnr", "ssim"))):
        metric, _, of = name.partition("_")
        told.setdefault(of or "model", {})[metric] = round(float(best[name]), 4)
    return told


def trained_on(collection: Collection, synthetic: int) -> dict[str, Any]:
    """Counts and modalities, without names."""
    from ..training.collection import SYNTHETIC

    scans = [item for item in collection.items if item.modality != SYNTHETIC]
    modalities = {item.modality for item in scans if item.modality and item.modality.isalnum()}
    return {
        "scans": len(scans),
        "subjects": len({item.subject for item in scans}),
        "synthetic": synthetic,
        "modalities": sorted(each for each in modalities if len(each) <= LONGEST_MODALITY),
    }


def write_beside(
    stage: str, writes: Mapping[str, str], trainable: Trainable, collections: Collections, options: Mapping[str, Any]
) -> None:
    """Write what the options ask for beside the model, as soon as a stage is over that has it.

    Args:
        stage: that is over.
        writes: options by name, and after which stage each is written.
        trainable: what was trained.
        collections: what it learned from.
        options: of the run.

    Raises:
        InputError: something cannot be written.
    """
    asked = [name for name, after in writes.items() if after == stage and options.get(name) is not None]
    for name in asked:
        if name == "keep_synthesis":
            write_synthesis(cast(Synthesising, trainable), collections, options)
        elif name == "keep_translations":
            write_translations(cast(Translating, trainable), collections, options)
        else:
            translation = cast(Translating, trainable).translation()
            told = {**translation.told, "warning": translation.warning, "versions": versions(), "licence": LICENCE}
            write_translation(translation.tensors, told, options[name])


def write_synthesis(trainable: Synthesising, collections: Collections, options: Mapping[str, Any]) -> None:
    """Write the volume that was synthesised of every scan, ``NUMBER_NAME.nii.gz``, into the folder ``keep_synthesis``.

    Raises:
        InputError: it cannot be written to.
    """
    folder = Path(options["keep_synthesis"])
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in _named(collections.training):
        write_volume(trainable.synthesised(number), folder / f"{name}.nii.gz")


def write_translations(trainable: Translating, collections: Collections, options: Mapping[str, Any]) -> None:
    """Write a few scans in all forms, ``NUMBER_NAME_FORM.nii.gz``, into the folder ``keep_translations``.

    Raises:
        InputError: it cannot be written to.
    """
    folder = Path(options["keep_translations"])
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in list(_named(collections.training))[:MOST_TRANSLATED]:
        for form, volume in trainable.translated(number).items():
            write_volume(volume, folder / f"{name}_{form}.nii.gz")


def _named(collection: Collection) -> Iterator[tuple[int, str]]:
    """Number and name of each scan."""
    for number, item in enumerate(collection.items):
        yield number, f"{number:04d}_{Path(item.path).name.split('.')[0] or 'scan'}"
