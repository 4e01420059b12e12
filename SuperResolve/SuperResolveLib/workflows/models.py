"""Models: reading one and checking it against its network, and the report of its card."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import InputError
from ..image_io.files import PathLike
from ..image_io.model_card import card_fields
from ..image_io.model_file import read_model
from ..model import Model
from ..registry import import_with_torch
from .report import Report

#: How the names of what torch's normalisation layers keep, and training does not learn, end.
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def load_model(path: PathLike) -> Model:
    """Read a model that was trained on a collection, for :func:`super_resolve`.

    Where torch is installed, its tensors are checked against the network that its card names.

    Args:
        path: a ``.safetensors`` file that ``train`` wrote.

    Raises:
        InputError: it cannot be read, is no model, or not one of its network.
    """
    model = read_model(path)
    if can_check():
        networks = import_with_torch(f"{__package__.rpartition('.')[0]}.methods.networks")
        try:
            networks.load_network(model)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    return model


def can_check() -> bool:
    """Whether torch is there to check a model against its network."""
    return find_spec("torch") is not None


def parameter_count(model: Model) -> int:
    """How many numbers of a model were learned."""
    return sum(tensor.size for name, tensor in model.tensors.items() if not name.endswith(_BUFFERS))


def model_report(model: Model) -> Report:
    """The fields of a model's card, the number of its parameters, and whether it was checked against its network."""
    return {**card_fields(model.card), "parameters": parameter_count(model), "checked": can_check()}
