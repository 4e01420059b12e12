"""The critic of mDCSRN's adversarial training (Chen et al., MICCAI 2018, arXiv 1803.01417)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class MDCSRNCritic(nn.Module):
    """Tells a number of a patch, higher for what is real: SRGAN's discriminator (Ledig et al., CVPR 2017,
    arXiv 1609.04802) in 3-D, with layer normalisation in place of batch normalisation, since a gradient penalty is
    about one patch at a time (Gulrajani et al., NeurIPS 2017, arXiv 1704.00028), and without the logistic function.

    Pairs of 3x3x3 convolutions of one, two, four and eight times the channels, the second of each pair with stride 2,
    with leaky ReLU 0.2; then two dense layers, of 1024 numbers and of 1.

    Args:
        patch: planes, rows and columns of the patches; those of smaller ones are filled up with features of zeros.
        channels: of the first pair, 64 as published: 64-128-256-512.
        dense: numbers of the dense layer, 1024 as published.
    """

    def __init__(self, patch: tuple[int, int, int], channels: int = 64, dense: int = 1024) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv3d(1, channels, 3, padding=1), nn.LeakyReLU(0.2, inplace=True))
        inputs, last = channels, 8 * channels
        for factor in (1, 2, 4, 8):
            for stride in (1, 2)[factor == 1 :]:  # the very first convolution, without normalisation, is above
                self.features.extend(normalised_convolution(inputs, factor * channels, stride))
                inputs = factor * channels
        planes, rows, columns = (-(-size // 16) for size in patch)
        self.size = (planes, rows, columns)
        self.score = nn.Sequential(
            nn.Flatten(),
            nn.Linear(last * planes * rows * columns, dense),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(dense, 1),
        )

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Patches (batch, 1, planes, rows, columns) to a number each, shape (batch,)."""
        scores: torch.Tensor = self.score(filled_up(self.features(patches), self.size))
        return scores[:, 0]


def filled_up(features: torch.Tensor, size: tuple[int, int, int]) -> torch.Tensor:
    """Features (batch, channels, planes, rows, columns) with zeros after the last, so that they have that size."""
    missing = [whole - had for whole, had in zip(size, features.shape[2:], strict=True)]
    return functional.pad(features, [each for count in reversed(missing) for each in (0, count)])


def normalised_convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    """A 3x3x3 convolution, layer normalisation over all of a patch (one gain and offset a channel), leaky ReLU 0.2."""
    return [
        nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1),
        nn.GroupNorm(1, outputs),
        nn.LeakyReLU(0.2, inplace=True),
    ]
