"""Features that a perceptual loss compares, with what the card says of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from ...losses.perceptual import Extractor
from ...networks.generator import Generator
from .own_features import OwnFeatures

#: The source that takes the generator's own encoder.
SELF = "self"


@dataclass(frozen=True)
class Features:
    """An extractor of features.

    Attributes:
        name: of the network, for the card.
        hash: of its weights, for the card.
        extractor: takes grey images (batch, 1, rows, columns) to features; frozen.
    """

    name: str
    hash: str
    extractor: Extractor


def own_features(network: Generator, name: str) -> Features:
    """The encoder of a generator as its first stage left it.

    Raises:
        InputError: that network has none.
    """
    try:
        extractor = OwnFeatures(network)
    except TypeError as error:
        raise InputError(
            f"the network {name} has no encoder whose features could be compared: name other --features, or train the "
            "network multi-scale"
        ) from error
    return Features(SELF, hash_of(extractor), extractor)


def hash_of(extractor: Any) -> str:
    """SHA-256 of all weights of an extractor, in the order of its state."""
    digest = hashlib.sha256()
    for tensor in extractor.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
