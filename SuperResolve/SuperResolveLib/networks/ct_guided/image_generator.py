"""From what an image shows and how it is to look to the image."""

from __future__ import annotations

import torch
from torch import nn

from .layers import AdaptiveResidualBlock, convolution


class ImageGenerator(nn.Module):
    """Residual blocks whose means and deviations a perceptron makes of the attributes; two times nearest neighbours and
    a 5x5 convolution that halves the channels, with layer normalisation and ReLU; a 7x7 convolution and tanh
    (Huang et al., ECCV 2018, arXiv 1804.04732).

    Args:
        channels: of the last but one convolution; contents have four times as many.
        blocks: number of residual blocks.
        attributes: how many numbers tell how the image is to look.
        hidden: width of the perceptron's two hidden layers.
    """

    def __init__(self, channels: int = 64, blocks: int = 4, attributes: int = 8, hidden: int = 256) -> None:
        super().__init__()
        inner = 4 * channels
        self.blocks = nn.ModuleList(AdaptiveResidualBlock(inner) for _ in range(blocks))
        self.perceptron = nn.Sequential(
            nn.Linear(attributes, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, blocks * AdaptiveResidualBlock.PARAMETERS * inner),
        )
        for layer in self.perceptron:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        layers: list[nn.Module] = []
        for inputs in (inner, inner // 2):
            layers += [
                nn.Upsample(scale_factor=2, mode="nearest"),
                convolution(inputs, inputs // 2, 5),
                nn.GroupNorm(1, inputs // 2),
                nn.ReLU(inplace=True),
            ]
        self.tail = nn.Sequential(*layers, convolution(channels, 1, 7), nn.Tanh())

    def forward(self, contents: torch.Tensor, attributes: torch.Tensor) -> torch.Tensor:
        """Contents (batch, 4 channels, h, w) and attributes (batch, attributes) to images (batch, 1, 4 h, 4 w)."""
        features = contents
        parameters = self.perceptron(attributes).chunk(len(self.blocks), dim=1)
        for block, own in zip(self.blocks, parameters, strict=True):
            features = block(features, own)
        images: torch.Tensor = self.tail(features)
        return images
