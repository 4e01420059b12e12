"""Comparing a result with the truth: image quality, sharpness, and how different the two look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..device import choose_device
from ..errors import InputError
from ..image_io.lpips_heads import installed_heads, read_heads
from ..metrics.image_quality import Aligned
from ..metrics.perceptual_distance import perceptual_distance
from ..progress import ProgressCallback, silent
from .features import load_features

LPIPS = "lpips"


@dataclass(frozen=True)
class LooksDifferent:
    """How different two volumes look.

    Attributes:
        name: of the distance: ``"lpips"`` where it was calibrated to what people see, else ``"vgg16_distance"`` or that
            of another network.
        value: 0 where they look the same.
        features: ``name`` and ``hash`` of the features.
    """

    name: str
    value: float
    features: dict[str, str]


@dataclass(frozen=True)
class FeatureDistance:
    """How different images look to a network.

    Attributes:
        name, features: as of :class:`LooksDifferent`.
        of_planes: the distance of two stacks of planes, as :func:`perceptual_distance` takes it.
    """

    name: str
    features: dict[str, str]
    of_planes: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float64]]

    def of(self, images: Aligned, progress: ProgressCallback = silent) -> LooksDifferent:
        """How different two volumes look.

        Raises:
            InputError: they are too small for the network.
        """
        return LooksDifferent(self.name, perceptual_distance(images, self.of_planes, progress), self.features)


def feature_distance(source: str, heads: Path | None = None, device: str = "auto") -> FeatureDistance:
    """LPIPS where its heads for these features are given or installed, else a distance that the network names.

    Args:
        source: of the features, as in :mod:`~SuperResolveLib.workflows.features`.
        heads: a file with LPIPS's heads; ``None`` for those of the package ``lpips`` where it is installed.
        device: where to compute.

    Raises:
        InputError: the features or heads cannot be used.
    """
    weights = load_features(source)
    if weights is None:
        raise InputError("there are no features to compare by: name some by --features, or leave it out")
    calibration = installed_heads(weights) if heads is None else read_heads(heads, weights)
    from ..methods.features import distance_of_planes

    name = f"{weights.network.replace('-', '_')}_distance" if calibration is None else LPIPS
    return FeatureDistance(name, weights.told, distance_of_planes(weights, choose_device(device), calibration))
