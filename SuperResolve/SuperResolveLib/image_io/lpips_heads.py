"""The linear heads of LPIPS: how much each channel of a network's features counts in what people see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..model import FeatureWeights
from .feature_files import PUBLISHED, TORCHVISION, read_named_tensors, sha256
from .feature_packages import packaged_file
from .files import PathLike

#: The package that ships the heads (version 0.1, BSD), which of its files belong to which network, and their SHA-256.
DISTRIBUTION = "lpips"
_FILES = {
    "vgg16": ("vgg.pth", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
    "alexnet": ("alex.pth", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
}
_LAYERS = 5

Heads = tuple[NDArray[np.float32], ...]


def are_calibrated(weights: FeatureWeights) -> bool:
    """Whether LPIPS has heads for just these features: torchvision's own VGG16 or AlexNet."""
    return weights.network in _FILES and weights.source == TORCHVISION


def installed_heads(weights: FeatureWeights) -> Heads | None:
    """The heads for these features from the package that ships them; ``None`` where there are none, or it is not there.

    Raises:
        InputError: the package's file is another one.
    """
    if not are_calibrated(weights):
        return None
    path = packaged_file(DISTRIBUTION, f"lpips/weights/v0.1/{_FILES[weights.network][0]}")
    return None if path is None else read_heads(path, weights)


def read_heads(path: PathLike, weights: FeatureWeights) -> Heads:
    """The heads in a file of LPIPS, one for each layer, shape (channels,).

    Args:
        path: ``vgg.pth`` or ``alex.pth`` of version 0.1.
        weights: of the features that they are for.

    Raises:
        InputError: it is another file, or the features are not those that it was calibrated with.
    """
    path = Path(path)
    if not are_calibrated(weights):
        files = " or ".join(PUBLISHED[network][0] for network in _FILES)
        raise InputError(
            f"LPIPS is calibrated with torchvision's own files, and these features are {weights.told['name']}: give "
            f"{files} by --features, or leave out --heads"
        )
    name, known = _FILES[weights.network]
    tensors = read_named_tensors(path)
    if sha256(path) != known:
        raise InputError(f"{path} does not hold LPIPS's heads for {weights.network}: give {name} of its version 0.1")
    return tuple(tensors[f"lin{layer}.model.1.weight"].reshape(-1) for layer in range(_LAYERS))
