"""A U-net in 3-D that learns what to add to an interpolated volume (Ronneberger et al., MICCAI 2015, arXiv 1505.04597;
Cicek et al., MICCAI 2016, arXiv 1606.06650). Zhang et al. 2021 (arXiv 2106.02599) name one beside their own generator.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .generator import Generator, set_to_zero

#: Convolutions of a level, on the way down and on the way up each.
CONVOLUTIONS = 2


class UNet(Generator):
    r"""The network: :math:`G(x) = x + U(x)`. Every level of U halves the resolution by the maximum of 2x2x2 voxels and
    has twice the channels; on the way up, transposed 2x2x2 convolutions double it, and what the way down had at that
    level is put beside. A level has two 3x3x3 convolutions with ReLU each way; a 1x1x1 convolution gives the answer.

    A start whose sides are no multiples of ``stride`` is filled up with zeros at the far ends, which are cut off after.

    Args:
        levels: how often the resolution is halved.
        channels: feature channels at full resolution.
        zero_last: start with a last convolution of zeros, so that the first answer is the start.
    """

    def __init__(self, levels: int = 3, channels: int = 16, zero_last: bool = True) -> None:
        super().__init__()
        self.arguments = {"levels": levels, "channels": channels, "zero_last": zero_last}
        self.stride = 2**levels
        self.receptive_radius = _farthest(levels)
        widths = [channels * 2**level for level in range(levels + 1)]
        inputs = [1, *widths[:-1]]
        self.down = nn.ModuleList(_level(*each) for each in zip(inputs, widths, strict=True))
        self.raised = nn.ModuleList(nn.ConvTranspose3d(2 * each, each, 2, stride=2) for each in widths[:-1])
        self.up = nn.ModuleList(_level(2 * each, each) for each in widths[:-1])
        self.tail = nn.Conv3d(channels, 1, 1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        planes, rows, columns = start.shape[2:]
        beyond = [side for size in (columns, rows, planes) for side in (0, -size % self.stride)]
        features = functional.pad(start, beyond)
        kept: list[torch.Tensor] = []
        for level in self.down:
            features = level(_halved(features) if kept else features)
            kept.append(features)
        for number in reversed(range(len(self.up))):
            features = self.up[number](torch.cat([kept[number], self.raised[number](features)], dim=1))
        result: torch.Tensor = start + self.tail(features)[:, :, :planes, :rows, :columns]
        return result


def _halved(features: torch.Tensor) -> torch.Tensor:
    """The maximum of 2x2x2 voxels; unlike that of torch's pooling, its gradient is the same in every run on a GPU."""
    for axis in (2, 3, 4):
        features = features.unflatten(axis, (-1, 2)).amax(dim=axis + 1)
    return features


def _level(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions with ReLU; weights start with the variance of He et al. (ICCV 2015)."""
    level = nn.Sequential()
    for each in (inputs, outputs):
        convolution = nn.Conv3d(each, outputs, 3, padding=1)
        nn.init.kaiming_uniform_(convolution.weight, nonlinearity="relu")
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
        level.extend([convolution, nn.ReLU(inplace=True)])
    return level


def _farthest(levels: int) -> int:
    """How far the voxel that sees farthest does.

    What a level needs of its input is followed down and up again, from every place that a voxel can have in the grid of
    the lowest level.
    """

    def seen(level: int, first: int, last: int) -> tuple[int, int]:
        """The voxels of the level's input that its voxels from first to last see."""
        if level == levels:
            return first - CONVOLUTIONS, last + CONVOLUTIONS
        beside = first - CONVOLUTIONS, last + CONVOLUTIONS
        below = seen(level + 1, beside[0] // 2, beside[1] // 2)
        ends = min(beside[0], 2 * below[0]), max(beside[1], 2 * below[1] + 1)
        return ends[0] - CONVOLUTIONS, ends[1] + CONVOLUTIONS

    ends = [(place, seen(0, place, place)) for place in range(2**levels)]
    return max(max(place - first, last - place) for place, (first, last) in ends)
