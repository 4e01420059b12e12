"""Features that a perceptual loss compares, with what the card says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from ...errors import InputError
from ...losses.perceptual import Extractor
from ...model import FeatureWeights
from ...networks.generator import Generator
from ..features import feature_extractor
from .own_features import OwnFeatures

#: The source that takes the generator's own encoder.
SELF = "self"


@dataclass(frozen=True)
class Features:
    """An extractor of features.

    Attributes:
        extractor: takes grey images (batch, 1, rows, columns) to features; frozen.
        told: what the card says of it: ``name`` and ``hash``.
    """

    extractor: Extractor
    told: Mapping[str, str]


def features_of(source: FeatureWeights | str, network: Generator, name: str, device: torch.device) -> Features:
    """What a source stands for.

    Args:
        source: weights, or :data:`SELF`.
        network: the generator as its first stage left it.
        name: of its kind.
        device: where to compute.

    Raises:
        InputError: the generator's features are wanted, and it has no encoder.
    """
    if isinstance(source, FeatureWeights):
        return Features(feature_extractor(source, device), source.told)
    try:
        extractor = OwnFeatures(network)
    except TypeError as error:
        raise InputError(
            f"the network {name} has no encoder whose features could be compared: name other --features, or train the "
            "network multi-scale"
        ) from error
    return Features(extractor, {"name": SELF, "hash": f"sha256:{hash_of(extractor)}"})


def hash_of(network: nn.Module) -> str:
    """SHA-256 of all weights of a network, in the order of its state."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
