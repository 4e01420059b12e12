"""Model files: a network's tensors in the safetensors format, with the model's card in its metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ..model import FORMAT_VERSION, Model
from .files import PathLike, check_ending, check_target
from .model_card import OtherVersion, format_card, parse_card
from .safetensors_file import read_tensors, write_tensors

ENDING = ".safetensors"
#: The most bytes of a model file that is read: ten times what the largest network has.
LARGEST_MODEL = 2**30

_CARD = "card"


def check_model_output(path: PathLike) -> None:
    """Refuse a path that no model can be written to; to be asked before a long run.

    Raises:
        InputError: its ending is another one, or it cannot be written.
    """
    check_ending(Path(path), "the model", [ENDING])
    check_target(path)


def write_model(model: Model, path: PathLike) -> None:
    """Write a model, completely or not at all; the same model gives the same bytes.

    Raises:
        InputError: the file cannot be written, or :func:`read_model` would refuse it: the card holds what it must not,
            or a tensor numbers that are not finite, as after training that diverged.
    """
    check_model_output(path)
    try:
        card = format_card(model.card)
        _check_finite(model)
    except ValueError as error:
        raise InputError(f"the model cannot be written to {path}: {error}") from error
    size = sum(tensor.nbytes for tensor in model.tensors.values())
    if size > LARGEST_MODEL - 2**23:  # its header is smaller than that
        raise InputError(
            f"the model cannot be written to {path}: it has {size / 2**20:.0f} MiB; make the network smaller"
        )
    write_tensors(path, model.tensors, {_CARD: card})


def read_model(path: PathLike) -> Model:
    """Read a model; whether its tensors are those of its network is not looked at.

    Raises:
        InputError: the file is not there, no safetensors file, too large, of another version of the format, without a
            card or with one that holds what it must not, or holds numbers that are not finite.
    """
    tensors, metadata = read_tensors(path, LARGEST_MODEL)
    if _CARD not in metadata:
        raise InputError(f"{path} has no card, so it is no model of this program: give a file that train wrote")
    try:
        model = Model(parse_card(metadata[_CARD]), tensors)
        _check_finite(model)
    except OtherVersion as error:
        advice = "update this program" if error.version > FORMAT_VERSION else "train the model anew"
        raise InputError(
            f"{path} is a model of format version {error.version}, and version {FORMAT_VERSION} is read: {advice}"
        ) from None
    except ValueError as error:
        raise InputError(f"{path} is no model that can be used ({error}): fetch it again or train it anew") from error
    return model


def _check_finite(model: Model) -> None:
    """Refuse weights that give no image.

    Raises:
        ValueError: naming the tensor.
    """
    for name, tensor in model.tensors.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise ValueError(f"its tensor {name[:80]!r} holds numbers that are not finite")
