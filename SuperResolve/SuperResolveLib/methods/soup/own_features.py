"""The encoder of a generator of many scales as an extractor of features: the source ``self``."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional

from ...networks.generator import Generator
from ...networks.multi_scale import MultiScale
from ...networks.of_detail import GAIN, WIDTH, OfDetail


class OwnFeatures(nn.Module):
    """What entrance and backbone make of planes; frozen.

    A plane is taken for a volume that is the same all along the third axis, of which the 3-D network answers the same
    in every plane: that of a 2-D network whose kernels are sums of the 3-D ones along that axis.

    Args:
        network: of many scales, of which the lowest's entrance is taken; it is copied.

    Raises:
        TypeError: it is another network.
    """

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self._of_detail = isinstance(network, OfDetail)
        inner = network.network if isinstance(network, OfDetail) else network
        if not isinstance(inner, MultiScale):
            raise TypeError(f"{type(inner).__name__} has no encoder that could tell features")
        self.entrance = nn.Sequential(*(_flat(layer) for layer in inner.entrances[0].children()))
        self.backbone = nn.Sequential(*(_flat(layer) for layer in inner.backbone))
        self.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, 1, rows, columns) to features (batch, channels, rows, columns)."""
        if self._of_detail:
            images = GAIN * (images - _mean(images))
        features: torch.Tensor = self.backbone(images + self.entrance(images))
        return features


def _mean(images: torch.Tensor) -> torch.Tensor:
    """That of the volume whose every plane an image is, :func:`~SuperResolveLib.networks.of_detail.local_mean`."""
    return functional.avg_pool2d(images, WIDTH, 1, WIDTH // 2, count_include_pad=False)


def _flat(layer: nn.Module) -> nn.Module:
    """A layer for planes."""
    if not isinstance(layer, nn.Conv3d):
        return copy.deepcopy(layer)
    flat = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1).to(layer.weight)
    assert flat.bias is not None and layer.bias is not None
    with torch.no_grad():
        flat.weight.copy_(layer.weight.sum(dim=4))
        flat.bias.copy_(layer.bias)
    return flat
