"""A model from a file in words: what its card says, and what of it does not fit a scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import slicer
from slicer.i18n import tr as _

from .profileTable import profileFromTable
from .sentences import sentence
from .volumes import emptyVolumeFromNode

if TYPE_CHECKING:
    from SuperResolveLib.data.geometry import AxisName
    from SuperResolveLib.model import Card


#: How the lines of a card begin that tell most of whether it fits: they come first.
_FIRST = ("made for", "learned from", "validation")


@dataclass(frozen=True)
class ModelDescription:
    """A model in words.

    Attributes:
        text: what its card says, a line for each thing.
        refusal: why it cannot be used, in one sentence; empty where it can.
        card: the card; None where it cannot be used.
    """

    text: str
    refusal: str = ""
    card: Card | None = None


_described: dict[tuple[str, int, int], ModelDescription] = {}


def describeModel(path: str) -> ModelDescription:
    """Describe the model in a file; without torch, whether its weights are those of its network is left to the run."""
    if not path.strip():
        return ModelDescription("", _("Choose the file of a model."))
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return ModelDescription("", _("There is no file {path}: choose another model.").format(path=path))
    key = (path, status.st_mtime_ns, status.st_size)
    if key not in _described:
        _described.clear()
        _described[key] = _read(path)
    return _described[key]


def modelWarnings(
    card: Card,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    profileNode: slicer.vtkMRMLTableNode | None,
    axis: str = "auto",
) -> tuple[str, ...]:
    """Where a scan lies outside what a model has learned from, a sentence each.

    Args:
        card: the model's.
        volumeNode: the scan.
        profileNode: the table of its slice profile; None where it has none yet, so that its width is not told of.
        axis: the through-plane axis.
    """
    from SuperResolveLib.data.geometry import slice_geometry
    from SuperResolveLib.methods.learned import warnings_for

    try:
        geometry = slice_geometry(emptyVolumeFromNode(volumeNode), cast("AxisName", axis))
        profile = profileFromTable(profileNode) if profileNode else None
        return tuple(sentence(warning) for warning in warnings_for(card, geometry, profile))
    except ValueError:  # told where scan and profile are described
        return ()


def _read(path: str) -> ModelDescription:
    from SuperResolveLib.image_io.model_file import read_model
    from SuperResolveLib.workflows.model_texts import card_lines

    try:
        model = read_model(path)
    except ValueError as error:
        return ModelDescription("", sentence(str(error)))
    lines = [" ".join(line.split()) for line in card_lines(model)]
    lines.sort(key=lambda line: not line.startswith(_FIRST))
    return ModelDescription("\n".join(lines), "", model.card)
