"""Extractors of perceptual features from weights that were read, and the distance between images that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError
from ..losses.feature_distance import feature_distance
from ..losses.feature_layers import Shapes
from ..losses.features import SCALES, SMALLEST, FeatureExtractor, shapes
from ..model import FeatureWeights

Planes = NDArray[np.float32]


def feature_shapes(network: str) -> Shapes:
    """The weights that a network's extractor is built from, by name, and their shapes."""
    return shapes(network)


def feature_extractor(weights: FeatureWeights, device: torch.device, last: int | None = None) -> FeatureExtractor:
    """The extractor of these weights, up to the layer of index ``last``, else up to the network's usual one."""
    tensors = {name: torch.from_numpy(np.array(tensor)) for name, tensor in weights.tensors.items()}
    extractor = FeatureExtractor(weights.network, tensors, last).to(device)
    extractor.eval()
    return extractor


def distance_of_planes(
    weights: FeatureWeights, device: torch.device, heads: Sequence[NDArray[np.float32]] | None = None
) -> Callable[[Planes, Planes], NDArray[np.float64]]:
    """A function from two stacks of planes, shape (planes, rows, columns), to the distance of each pair.

    Args:
        weights: of the network.
        device: where to compute.
        heads: of LPIPS, shape (channels,) for each layer; ``None`` for a distance in which all channels count alike.
    """
    after = SCALES[weights.network]
    extractor = feature_extractor(weights, device, after[-1])
    counts = None if heads is None else [torch.from_numpy(np.array(head)).to(device) for head in heads]
    smallest = SMALLEST[weights.network]

    def features(planes: Planes) -> list[torch.Tensor]:
        return extractor.maps(torch.from_numpy(np.array(planes))[:, None].to(device), after)

    def distance(truth: Planes, result: Planes) -> NDArray[np.float64]:
        if min(truth.shape[1:]) < smallest:
            raise InputError(
                f"planes of {truth.shape[1]} x {truth.shape[2]} voxels are too small for {weights.network}, which "
                f"needs {smallest}: compare a larger part, or leave out --features"
            )
        with torch.no_grad():
            found = feature_distance(features(truth), features(result), counts)
        return found.cpu().numpy().astype(np.float64)

    return distance
