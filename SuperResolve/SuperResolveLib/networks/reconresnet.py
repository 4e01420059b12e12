"""ReconResNet: residual blocks at a quarter of the resolution, in two dimensions (Chatterjee et al. 2021)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .generator import Generator, set_to_zero

#: Images are filled up to at least so many pixels a side: a quarter of them has a mean and a variance.
NARROWEST = 8


class CountedDropout(nn.Module):
    """Dropout that depends on how often it was done in training: a run that goes on leaves out what it would have left
    out.

    Args:
        share: of the values that are left out in training; the others are scaled up for it.
        number: tells it from others in the same network, which leave out other values.
    """

    draws: torch.Tensor

    def __init__(self, share: float, number: int) -> None:
        super().__init__()
        self._share, self._number = share, number
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of any shape, the same out."""
        if not self.training or self._share == 0:
            return features
        seed = int(self.draws) * 256 + self._number
        self.draws += 1
        random = torch.Generator(features.device).manual_seed(seed)
        kept = torch.rand(features.shape, generator=random, device=features.device) >= self._share
        return features * kept / (1 - self._share)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, each with instance normalisation, a PReLU and dropout between them, added to what came in.

    Args:
        channels: in and out.
        dropout: share of the values that are left out in training.
        number: of the block.
    """

    def __init__(self, channels: int, dropout: float, number: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels),
            nn.PReLU(),
            CountedDropout(dropout, number),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out."""
        result: torch.Tensor = features + self.body(features)
        return result


class ReconResNet(Generator):
    r"""The network: a 7x7 convolution, two 3x3 convolutions of stride 2 that double the channels each, residual blocks,
    two transposed convolutions, and a 7x7 convolution with a sigmoid; instance normalisation and PReLU between them.

    It is two-dimensional: of a volume it sees each image of planes and columns by itself, as a whole, since instance
    normalisation takes the mean and variance of all of it. Statistics are not tracked, so that it does the same in
    training and in use, dropout aside. With ``residual`` it gives what is to be added to the start, without a sigmoid.

    Images whose sides are no multiples of 4, or below 8, are filled up at the far ends with what is there.

    Args:
        channels: at full resolution.
        blocks: number of residual blocks.
        dropout: share of their values that are left out in training.
        residual: whether the answer is added to the start.
        zero_last: start with a last convolution of zeros.
    """

    def __init__(
        self,
        channels: int = 64,
        blocks: int = 14,
        dropout: float = 0.2,
        residual: bool = False,
        zero_last: bool = False,
    ) -> None:
        super().__init__()
        self.arguments = {
            "channels": channels,
            "blocks": blocks,
            "dropout": dropout,
            "residual": residual,
            "zero_last": zero_last,
        }
        self.residual = residual
        self.stride = 4
        self.receptive_radius = _farthest(blocks)
        self.across = 0
        self.head = _normalised(nn.Conv2d(1, channels, 7, padding=3))
        self.down = nn.Sequential(
            *(_normalised(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)) for width in (channels, 2 * channels))
        )
        self.blocks = nn.Sequential(*(ResidualBlock(4 * channels, dropout, number) for number in range(blocks)))
        self.up = nn.Sequential(
            *(
                _normalised(nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1))
                for width in (4 * channels, 2 * channels)
            )
        )
        self.tail = nn.Conv2d(channels, 1, 7, padding=3)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        batch, _, planes, rows, columns = start.shape
        images = start[:, 0].transpose(1, 2).reshape(batch * rows, 1, planes, columns)
        beyond = [_filled(size, self.stride) - size for size in (columns, planes)]
        filled = functional.pad(images, (0, beyond[0], 0, beyond[1]), mode="replicate")
        answer = self.tail(self.up(self.blocks(self.down(self.head(filled)))))[:, :, :planes, :columns]
        answer = images + answer if self.residual else answer.sigmoid()
        result: torch.Tensor = answer.view(batch, rows, planes, columns).transpose(1, 2)[:, None]
        return result


def _normalised(convolution: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    """A convolution, instance normalisation and PReLU."""
    return nn.Sequential(convolution, nn.InstanceNorm2d(convolution.out_channels), nn.PReLU())


def _filled(size: int, stride: int) -> int:
    """The next multiple of the stride, or more where that is narrow."""
    return max(NARROWEST, size + -size % stride)


def _farthest(blocks: int) -> int:
    """How far the convolutions see along an image's sides, at most; by normalisation the whole image is seen."""
    return 3 + 1 + 2 + 4 * 2 * blocks + 4 + 2 + 3
