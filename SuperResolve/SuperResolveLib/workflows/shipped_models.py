"""The models that come with this program, and their networks as ONNX graphs for where torch is not there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..errors import InputError
from ..image_io.checks import readable
from ..image_io.feature_files import sha256
from ..image_io.model_file import ENDING, read_model
from ..model import Model

FOLDER = Path(__file__).parents[1] / "weights"
GRAPH_ENDING = ".onnx"


@cache
def shipped_model(method: str) -> Model:
    """The model of a method.

    Raises:
        InputError: it is missing or damaged.
    """
    path = FOLDER / f"{method}{ENDING}"
    if not path.is_file():
        raise InputError(f"the weights of the method {method} are missing from this installation: install it anew")
    try:
        return read_model(path)
    except InputError as error:
        raise InputError(f"the weights of the method {method} are damaged: install this program anew") from error


@cache
def shipped_graph(method: str) -> bytes:
    """The network of a method's model as an ONNX file, which ``models --onnx`` wrote.

    Raises:
        InputError: it is missing, or was written from other weights.
    """
    path = FOLDER / f"{method}{GRAPH_ENDING}"
    if not path.is_file():
        raise InputError(
            f"the network of {method} for ONNX Runtime is missing from this installation: install it anew, or torch"
        )
    with readable(path):
        graph = path.read_bytes()
    if sha256(FOLDER / f"{method}{ENDING}").encode() not in graph:  # its metadata tell whose weights it holds
        raise InputError(
            f"the network of {method} for ONNX Runtime is not that of its weights: install this program anew, or torch"
        )
    return graph
