"""Models: reading one and checking it against its network, its network as an ONNX graph, and the report of its card."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..image_io.feature_files import sha256
from ..image_io.files import PathLike, write_whole
from ..image_io.model_card import card_fields
from ..image_io.model_file import read_model
from ..methods.through_plane.onnx_graph import onnx_graph
from ..model import Model
from ..registry import import_with_torch
from .report import Report

#: The network that can be written as an ONNX graph.
GATED = "gated-edsr"
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
        _check(model, path)
    return model


def write_onnx(model_path: PathLike, path: PathLike) -> None:
    """Write a model's network as an ONNX graph, which tells of which model file it is: as it runs without torch.

    Args:
        model_path: of a model of the network :data:`GATED`.
        path: of the ONNX file; the same model gives the same bytes.

    Raises:
        InputError: it is no such model, torch or onnx is not installed, or the file cannot be written.
    """
    model = read_model(model_path)
    network, arguments = model.card.network, model.card.network_arguments
    if network != GATED or arguments.get("detail"):
        raise InputError(f"{model_path} cannot be written as ONNX: its network is {network}, and only {GATED} can be")
    depth = int(_check(model, model_path).arguments["depth"])
    write_whole(path, onnx_graph(model.tensors, depth, sha256(Path(model_path))))


def _check(model: Model, path: PathLike) -> Any:
    """The network of a model, whose tensors must be its own; messages tell that the model was read from ``path``."""
    networks = import_with_torch(f"{__package__.rpartition('.')[0]}.methods.networks")
    try:
        return networks.load_network(model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def can_check() -> bool:
    """Whether torch is there to check a model against its network."""
    return find_spec("torch") is not None


def parameter_count(model: Model) -> int:
    """How many numbers of a model were learned."""
    return sum(tensor.size for name, tensor in model.tensors.items() if not name.endswith(_BUFFERS))


def model_report(model: Model) -> Report:
    """The fields of a model's card, the number of its parameters, and whether it was checked against its network."""
    return {**card_fields(model.card), "parameters": parameter_count(model), "checked": can_check()}
