r"""SRNet: a residual dense network that makes K planes of every slice (Wang et al., MICCAI 2023).

It is RDN (Zhang et al., CVPR 2018, arXiv 1802.08797), whose last features, K times as many, are shuffled to pixels
along the through-plane axis alone.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ..generator import Generator, set_to_zero
from ..rdn import ResidualDenseBlock

#: Slices and voxels across of the mean that is taken from what a network of detail is given.
MEAN = (3, 9)
#: What the rest is multiplied by, and what the answer is divided by before it is added.
GAIN, SHARE = 4.0, 8.0
#: How many slices beside its own a plane is interpolated from.
NEIGHBOURS = 2


class SRNet(Generator):
    r"""Slices of n planes to K n planes, in images that contain the through-plane axis.

    The published network maps intensities in [-1, 1] to such: :math:`F(y) = (R(2 y - 1) + 1) / 2`. With ``residual``,
    it adds to an interpolation J by cubic convolution: :math:`F(y) = J y + R(4 (y - M y)) / 8` with M the mean over 3
    slices and 9 voxels across, so that it sees detail alone.

    Applied to volumes, it is applied to the images of both through-plane directions, and the mean is taken.

    Args:
        factor: K.
        blocks: D, number of residual dense blocks.
        layers: C, convolutions of each before its fusion.
        channels: G0, feature channels.
        growth: G, channels that each of a block's convolutions adds.
        residual: whether it adds to an interpolation.
        centred: whether a slice's planes lie evenly around it; else the slice is one of them, as where every K-th plane
            of a volume was picked.
        zero_last: start with a last convolution of zeros; a residual network then interpolates.
        dimensions: of its convolutions, 2, or 3 to see volumes.
    """

    def __init__(
        self,
        factor: int = 4,
        blocks: int = 16,
        layers: int = 8,
        channels: int = 64,
        growth: int = 64,
        residual: bool = False,
        centred: bool = True,
        zero_last: bool = False,
        dimensions: int = 2,
    ) -> None:
        super().__init__()
        self.arguments = {
            "factor": factor,
            "blocks": blocks,
            "layers": layers,
            "channels": channels,
            "growth": growth,
            "residual": residual,
            "centred": centred,
            "zero_last": zero_last,
        }
        self.factor = self.stride = factor
        self.lead = (factor - 1) / 2 if centred else float((factor - 1) // 2)
        in_slices = blocks * layers + 5 + (MEAN[0] // 2 if residual else 0)
        across = blocks * layers + 5 + (MEAN[1] // 2 if residual else 0)
        self.receptive_radius, self.fold = max(in_slices + 1, across), factor
        self._dimensions, self._residual, self._channels = dimensions, residual, channels
        convolution: type[nn.Conv2d | nn.Conv3d] = nn.Conv2d if dimensions == 2 else nn.Conv3d
        self.head = convolution(1, channels, 3, padding=1)
        self.second = convolution(channels, channels, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDenseBlock(channels, growth, layers, convolution) for _ in range(blocks))
        self.fusion = nn.Sequential(
            convolution(blocks * channels, channels, 1), convolution(channels, channels, 3, padding=1)
        )
        self.expansion = convolution(channels, channels * factor, 3, padding=1)
        self.tail = convolution(channels, 1, 3, padding=1)
        if zero_last:
            set_to_zero(self.tail)
        self.register_buffer("interpolation", interpolation_weights(factor, self.lead), persistent=False)

    interpolation: torch.Tensor

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, every slice K times over, shape (batch, 1, planes, rows, columns), to the answer's planes."""
        answer = self.planes(start[:, 0, :: self.factor])
        return answer[:, None, : start.shape[2]]

    def planes(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices of shape (batch, n, rows, columns) to their planes, shape (batch, K n, rows, columns).

        Of images, rows or columns are 1.
        """
        if self._dimensions == 3:
            return self._answer(slices[:, None])[:, 0]
        views = [axis for axis in (2, 3) if slices.shape[axis] > 1] or [2]
        return torch.stack([self._view(slices, axis) for axis in views]).mean(dim=0)

    def _view(self, slices: torch.Tensor, across: int) -> torch.Tensor:
        """The answer to the images of slices along one of the axes 2 and 3."""
        other = 5 - across
        images = slices.movedim(other, 1).flatten(0, 1)  # (batch * others, n, across)
        answer = self._answer(images[:, None])[:, 0]
        return answer.unflatten(0, (len(slices), slices.shape[other])).movedim(1, other)

    def _answer(self, slices: torch.Tensor) -> torch.Tensor:
        """Of images or volumes of shape (batch, 1, n, ...), shape (batch, 1, K n, ...)."""
        if not self._residual:
            published: torch.Tensor = (self._body(2 * slices - 1) + 1) / 2
            return published
        detail = GAIN * (slices - self._mean(slices))
        return self._interpolated(slices) + self._body(detail) / SHARE

    def _body(self, images: torch.Tensor) -> torch.Tensor:
        shallow = self.head(images)
        features = self.second(shallow)
        outputs = []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        fused = shallow + self.fusion(torch.cat(outputs, dim=1))
        answer: torch.Tensor = self.tail(shuffled_along_planes(self.expansion(fused), self.factor))
        return answer

    def _mean(self, slices: torch.Tensor) -> torch.Tensor:
        """Over slices and voxels around each, of those that there are."""
        width = (MEAN[0], *[MEAN[1]] * (self._dimensions - 1))
        beyond = [size // 2 for size in reversed(width) for _ in range(2)]
        pool = functional.avg_pool2d if self._dimensions == 2 else functional.avg_pool3d
        there = torch.ones_like(slices[:1])
        sums, counts = (pool(functional.pad(each, beyond), width, 1) for each in (slices, there))
        mean: torch.Tensor = sums / counts
        return mean

    def _interpolated(self, slices: torch.Tensor) -> torch.Tensor:
        """Every slice's planes by cubic convolution; beyond the first and last slice, these are repeated."""
        lines = slices.movedim(2, -1)
        shape = lines.shape
        padded = functional.pad(lines.reshape(-1, 1, shape[-1]), (NEIGHBOURS, NEIGHBOURS), mode="replicate")
        planes = functional.conv1d(padded, self.interpolation).transpose(1, 2).reshape(*shape[:-1], -1)
        return planes.movedim(-1, 2)


class SRNet3D(SRNet):
    """SRNet whose convolutions see volumes; arguments as of :class:`SRNet`."""

    def __init__(
        self,
        factor: int = 4,
        blocks: int = 8,
        layers: int = 3,
        channels: int = 64,
        growth: int = 64,
        residual: bool = False,
        centred: bool = True,
        zero_last: bool = False,
    ) -> None:
        super().__init__(factor, blocks, layers, channels, growth, residual, centred, zero_last, dimensions=3)


def shuffled_along_planes(features: torch.Tensor, factor: int) -> torch.Tensor:
    """Pixel shuffle along the first axis of an image alone: (batch, G K, n, ...) to (batch, G, K n, ...)."""
    return features.unflatten(1, (-1, factor)).movedim(2, 3).flatten(2, 3)


def interpolation_weights(factor: int, lead: float) -> torch.Tensor:
    """By which slices -2 to 2 around each give its planes, shape (planes, 1, 5): cubic convolution (Keys 1981, eq. 15).

    Args:
        factor: planes of a slice, 1 / factor slices apart.
        lead: which of them, counted from 0, lies where the slice does.
    """
    places = (torch.arange(factor, device="cpu") - lead) / factor
    away = (places[:, None] - torch.arange(-NEIGHBOURS, NEIGHBOURS + 1, device="cpu")).abs()
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    return torch.where(away <= 1, near, torch.where(away < 2, far, torch.zeros_like(away)))[:, None]
