"""A residual network that is given detail alone."""

from __future__ import annotations

import torch
from torch.nn import functional

from .generator import Generator

#: Width of the mean that is taken from the start, in voxels.
WIDTH = 9
#: What the rest is multiplied by, and what is divided by to come from N's answer to what is added: N then sees, and is
#: to give, numbers of about one.
GAIN, SHARE = 4.0, 32.0


class OfDetail(Generator):
    r"""The network :math:`G(x) = x + (N(d) - d) / 32` with the detail :math:`d = 4 (x - M x)`.

    N is a residual network, and M the mean over 9 x 9 x 9 voxels, of those that there are. What there is to add depends
    on how x differs from what is around. In images from 0 to 1 that is a tenth of what the images are, and most of what
    untrained convolutions answer to is the rest; and what is to be added is a few hundredths.

    Args:
        network: N; its first answer should be what it is given.
    """

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.network = network
        self.arguments = {**network.arguments, "detail": True}
        self.receptive_radius = network.receptive_radius + WIDTH // 2
        self.stride, self.fold = network.stride, network.fold
        self.across = None if network.across is None else network.across + WIDTH // 2

    def at_scale(self, scale: float) -> Generator:
        """The network for that scale, given detail alone."""
        network = self.network.at_scale(scale)
        return self if network is self.network else OfDetail(network)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        detail = GAIN * (start - local_mean(start))
        result: torch.Tensor = start + (self.network(detail) - detail) / SHARE
        return result


def local_mean(image: torch.Tensor) -> torch.Tensor:
    """The mean over 9 x 9 x 9 voxels, of those that there are, axis by axis."""
    for axis in range(3):
        width = [WIDTH if each == axis else 1 for each in range(3)]
        beyond = [size // 2 for size in reversed(width) for _ in range(2)]
        there = functional.pad(torch.ones_like(image[:1, :1]), beyond)  # pooling itself refuses images below its width
        sums, counts = (functional.avg_pool3d(each, width, 1) for each in (functional.pad(image, beyond), there))
        image = sums / counts
    return image
