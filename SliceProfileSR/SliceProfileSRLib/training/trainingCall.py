"""What is asked of a training, checked before its process is started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

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
    folders: Sequence[str | os.PathLike[str]], modelPath: str | os.PathLike[str], workFolder: Path, **settings: Any
) -> dict[str, Any]:
    """Values by the names of the CLI module's XML.

    Raises:
        ValueError: there is nothing to learn from, or no place for the model, in one sentence.
    """
    if isinstance(folders, str | os.PathLike):
        folders = [folders]
    scans = [str(Path(folder).absolute()) for folder in folders]
    if not scans:
        raise ValueError(_("There is nothing to learn from: add a folder of scans."))
    for scan in scans:
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
    return {
        "inputDirectory": scans[0],
        "furtherScans": SEPARATOR.join(scans[1:]),
        "modelFile": str(model),
        "workDirectory": str(workFolder.absolute()),
        **settings,
    }
