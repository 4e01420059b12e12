"""Files with the weights of networks that were trained to see: safetensors, or torch's own read without running them.

Such a file counts as what it is said to be if its SHA-256 is that of one that torchvision publishes (whose names carry
its first digits), or else if its tensors have the network's names and shapes and were learned
(:mod:`~SuperResolveLib.image_io.trained_weights`): a random network never passes for one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..model import FeatureWeights
from .checks import readable
from .files import PathLike
from .safetensors_file import read_tensors
from .trained_weights import first_untrained

Weights = dict[str, NDArray[np.float32]]

#: The most bytes of a file that is read: twice those of VGG19 with its classifier.
LARGEST_FILE = 2**30
#: The files that torchvision publishes, the newest first; their names carry the first digits of their SHA-256.
PUBLISHED = {
    "vgg16": ("vgg16-397923af.pth",),
    "vgg19": ("vgg19-dcbb9e9d.pth",),
    "alexnet": ("alexnet-owt-7be5be79.pth", "alexnet-owt-4df8aa71.pth"),
}
TORCHVISION, FILE = "torchvision", "file"

_SAFE, _TORCH = (".safetensors",), (".pth", ".pt")
#: How a file that is named after its hash ends.
_NAMED = re.compile(r"-([0-9a-f]{8})\.pth$")


def read_feature_file(path: PathLike, network: str, shapes: Mapping[str, tuple[int, ...]]) -> FeatureWeights:
    """Read the weights of a network from a file of the user's.

    Args:
        path: a .safetensors or .pth file with torchvision's names; what it holds beside the convolutions is left aside.
        network: which network it is said to hold.
        shapes: of the network's weights, by name.

    Raises:
        InputError: it is not there, cannot be read, is too large, holds another network, or weights that were never
            trained or are damaged.
    """
    path = Path(path)
    tensors = read_named_tensors(path)
    hashed = sha256(path)
    known = any(hashed.startswith(_digits(name)) for name in PUBLISHED.get(network, ()))
    if not hashed.startswith(_digits(path.name)):
        raise InputError(
            f"{path} is damaged: its SHA-256 begins with {hashed[:8]}, not as its name says; fetch it again"
        )
    weights = checked_weights(tensors, network, shapes, str(path))
    if not known:
        check_trained(weights, network, str(path))
    return FeatureWeights(network, weights, TORCHVISION if known else FILE, hashed)


def checked_weights(
    tensors: Mapping[str, NDArray[Any]], network: str, shapes: Mapping[str, tuple[int, ...]], called: str
) -> Weights:
    """Of these tensors the network's, in single precision; messages call where they come from ``called``.

    Raises:
        InputError: one is missing, has another shape, or holds what is no finite number.
    """
    weights: Weights = {}
    for name, shape in shapes.items():
        if name not in tensors:
            raise InputError(f"{called} holds no {network}: it lacks the tensor {name}; give weights of {network}")
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype.kind != "f":
            raise InputError(
                f"{called} holds no {network}: its tensor {name} is {tensor.dtype} of shape {tensor.shape}, where "
                f"{network} has numbers of shape {shape}; give weights of {network}"
            )
        weights[name] = np.ascontiguousarray(tensor, dtype=np.float32)
        if not np.isfinite(weights[name]).all():
            raise InputError(f"{called} holds numbers that are not finite in {name}: fetch it again")
    return weights


def check_trained(weights: Weights, network: str, called: str) -> None:
    """Refuse weights that were never trained; messages call where they come from ``called``.

    Raises:
        InputError: naming one of them.
    """
    random = first_untrained(weights)
    if random is not None:
        raise InputError(
            f"{called} holds a {network} that was never trained: {random} looks drawn at random; give weights that "
            "learned from photographs"
        )


def read_named_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a .safetensors or .pth file, by name.

    Raises:
        InputError: it is not there, of another ending, too large, or holds something else.
    """
    ending = path.suffix.lower()
    if ending not in _SAFE + _TORCH:
        raise InputError(f"{path} cannot be read as weights: give a file that ends in {', '.join(_SAFE + _TORCH)}")
    if ending in _SAFE:
        tensors, _ = read_tensors(path, LARGEST_FILE)
        return dict(tensors)
    if not path.is_file():
        raise InputError(f"{path} is not there, or is no file: check its name")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(f"{path} has {size / 2**20:.0f} MiB, and at most {LARGEST_FILE / 2**20:.0f} MiB are read")
    import torch

    with readable(path):
        held = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(held, dict):
            raise ValueError("it holds no tensors by name")
        return {
            str(name): (each.float() if each.is_floating_point() else each).numpy()
            for name, each in held.items()
            if isinstance(each, torch.Tensor)
        }


def _digits(name: str) -> str:
    """The digits of the hash that a file's name carries; empty where it carries none."""
    named = _NAMED.search(name)
    return named[1] if named else ""


def sha256(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        InputError: it cannot be read.
    """
    with readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
