"""What is asked of a training, checked before its process is started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from slicer.i18n import tr as _

from ..modelDescription import describeModel
from ..sentences import sentence

if TYPE_CHECKING:
    from SuperResolveLib.methods.trainable import TrainableInfo
    from SuperResolveLib.workflows.training_request import Request

#: What separates several folders in a text.
SEPARATOR = ";"
_ENDING, _WILD = ".safetensors", "*?["


def listed(text: str) -> list[str]:
    """The folders that a text names."""
    return [part.strip() for part in text.split(SEPARATOR) if part.strip()]


def workFolderOf(modelPath: str | os.PathLike[str]) -> Path:
    """The work folder of a model unless another is told: beside the model's file, and called like it."""
    path = Path(modelPath).absolute()
    return path.with_name(f"{path.stem}.training")


def trainingValues(
    folders: Sequence[str | os.PathLike[str]],
    modelPath: str | os.PathLike[str],
    workFolder: Path,
    startModel: str | os.PathLike[str] = "",
    **settings: Any,
) -> dict[str, Any]:
    """Values by the names of the CLI module's XML.

    Args:
        folders: of scans.
        modelPath: the file that takes the model.
        workFolder: where checkpoints are kept.
        startModel: the file of the model that the training starts from; empty for none.
        settings: as of :func:`requested`.

    Raises:
        ValueError: there is nothing to learn from, no place for the model, or a setting cannot be, in one sentence.
    """
    from SuperResolveLib.workflows.training_call import call_of

    if isinstance(folders, str | os.PathLike):
        folders = [folders]
    scans = [Path(folder).absolute() for folder in folders]
    if not scans and not settings["synthetic"]:
        raise ValueError(_("There is nothing to learn from: add a folder of scans."))
    for scan in map(str, scans):
        if SEPARATOR in scan:
            raise ValueError(_("{path} has a semicolon in its name: rename it.").format(path=scan))
        if not any(each in scan for each in _WILD) and not os.path.exists(scan):
            raise ValueError(_("There is no folder {path}: choose another one.").format(path=scan))
    if not os.fspath(modelPath):
        raise ValueError(_("Choose a file for the model."))
    model = Path(modelPath).absolute()
    if model.suffix.lower() != _ENDING:
        raise ValueError(_("A model's file must end in {ending}: choose another name.").format(ending=_ENDING))
    if not model.parent.is_dir():
        raise ValueError(_("There is no folder {path} for the model: make it first.").format(path=model.parent))
    refusal = describeModel(os.fspath(startModel)).refusal if os.fspath(startModel) else ""
    if refusal:
        raise ValueError(refusal)
    request = replace(requested(scans, **settings), work=workFolder)
    return call_of(request, model, Path(startModel) if os.fspath(startModel) else None)


def requested(
    scans: Sequence[Path],
    method: str,
    preset: str = "",
    network: str = "",
    stages: Sequence[str] = (),
    ratios: str = "",
    hours: float = 0.0,
    synthetic: int = 0,
    device: str = "auto",
    seed: int = 0,
    **options: str,
) -> Request:
    """What is asked for, checked as far as that is quick; presets and networks that the method has not are its default.

    Args:
        scans: to learn from.
        method: one that learns from a collection.
        preset: one of the method's.
        network: one of the method's.
        stages: of the method that are run; empty for all.
        ratios: as in "2-6"; empty for the preset's.
        hours: how long to train; 0 for as long as the preset takes.
        synthetic: how many volumes of synthetic anatomy to learn from.
        device: where to compute.
        seed: of everything random.
        options: what only this method has, by names in camelCase; empty for nothing.

    Raises:
        ValueError: something cannot be, in one sentence.
    """
    from SuperResolveLib.methods.trainables import TRAINABLES
    from SuperResolveLib.workflows.training_call import camel_case
    from SuperResolveLib.workflows.training_request import Request, checked, ratios_of

    try:
        info = cast("TrainableInfo", TRAINABLES.info(method))
        names = {camel_case(name): name for name in info.options}
        request = Request(
            method=method,
            sources=tuple(scans),
            synthetic=synthetic,
            preset=preset if preset in [each.name for each in info.presets] else None,
            network=network if network in info.networks else None,
            stages=tuple(stages),
            hours=hours or None,
            ratios=ratios_of(ratios) if ratios.strip() else None,
            options={names.get(name, name): text for name, text in options.items() if text},
            device=device,
            seed=seed,
        )
        checked(request)
    except ValueError as error:
        raise ValueError(sentence(str(error))) from error
    return request
