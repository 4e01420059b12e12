"""ZSSR's network and the ensemble in which it is used (Shocher et al., CVPR 2018, arXiv 1712.06087)."""

from __future__ import annotations

from itertools import product

import torch
from torch import nn

from .generator import Generator, set_to_zero

#: Pixels of images that are computed at once: what they become fits a processor's cache.
PIXELS_AT_ONCE = 2**17


class ZSSR(nn.Module):
    r"""The network: :math:`Z(x) = x + C(x)`, x an interpolated image and C convolutions of 3x3 with ReLU between them.

    Args:
        layers: number of convolutions.
        channels: between them.
    """

    def __init__(self, layers: int = 8, channels: int = 64) -> None:
        super().__init__()
        self.receptive_radius = layers
        widths = [1, *[channels] * (layers - 1), 1]
        self.body = nn.Sequential()
        for number in range(layers):
            self.body.append(nn.Conv2d(widths[number], widths[number + 1], 3, padding=1))
            if number < layers - 1:
                self.body.append(nn.ReLU(inplace=True))
        set_to_zero(self.body[-1])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """An interpolated image, shape (batch, 1, rows, columns), to the answer of the same shape."""
        answer: torch.Tensor = image + self.body(image)
        return answer


class MirroredEnsemble(Generator):
    r"""A network of images applied to the through-plane images of a volume: of each the median of the answers to its
    mirror images, and of the two orientations the mean.

    The published ensemble turns images by quarters, too; here only one axis is to be sharpened.

    Args:
        network: of images, shape (batch, 1, planes, width) to the same, with ``receptive_radius``.
        upside_down: whether images are also mirrored along the through-plane axis.
    """

    def __init__(self, network: ZSSR, upside_down: bool = True) -> None:
        super().__init__()
        self.network = network
        self.receptive_radius = network.receptive_radius
        rows: list[tuple[int, ...]] = [(), (2,)] if upside_down else [()]
        self._mirrorings = [(*axes, *more) for axes, more in product(rows, ((), (3,)))]

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The interpolated volume, shape (1, 1, planes, rows, columns), to the answer of the same shape."""
        volume = start[0, 0]
        across = self._images(volume.permute(1, 0, 2)[:, None])[:, 0].permute(1, 0, 2)
        along = self._images(volume.permute(2, 0, 1)[:, None])[:, 0].permute(1, 2, 0)
        return ((across + along) / 2)[None, None]

    def _images(self, images: torch.Tensor) -> torch.Tensor:
        at_once = max(1, PIXELS_AT_ONCE // (images.shape[2] * images.shape[3]))
        return torch.cat([self._median(some.contiguous()) for some in images.split(at_once)])

    def _median(self, images: torch.Tensor) -> torch.Tensor:
        return median(torch.stack([self.network(images.flip(axes)).flip(axes) for axes in self._mirrorings]))


def median(answers: torch.Tensor) -> torch.Tensor:
    """The median over the first axis; of an even number the mean of the middle two."""
    ordered = answers.sort(dim=0).values
    return (ordered[(len(answers) - 1) // 2] + ordered[len(answers) // 2]) / 2
