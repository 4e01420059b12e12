"""The network between slices and fine planes: a linear inverse, and what a backbone adds to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from .backbone import Backbone


class SliceToPlanes(nn.Module):
    r"""Slices to fine planes, c of them for each slice: :math:`F y + \mathrm{unfold}(B([y, \mathrm{fold}(F y)]))`.

    F is a linear inverse (the skip) of the slices with ``margin`` more at each end, B the backbone on slices of c + 1
    channels, of which ``shown`` more at each end (beyond them it adds zero), and (un)folding moves the c fine planes of
    each slice between rows and channels.

    Args:
        backbone: images of c + 1 channels to images of c channels.
        inverse: the matrix F for so many slices, shape ((slices + 2 margin) c, slices + 2 margin).
        factor: c, fine planes per slice.
        margin: slices added at each end, equal to the outermost.
        shown: how many of these the backbone is shown.
    """

    #: Shape of the maps that it makes of an image: one.
    maps: tuple[int, ...] = ()

    def __init__(
        self, backbone: Backbone, inverse: Callable[[int], NDArray[Any]], factor: int, margin: int, shown: int
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.factor = factor
        self._inverse_for = inverse
        self._margin = margin
        self._hidden = margin - shown
        self._inverses: dict[int, torch.Tensor] = {}

    @property
    def receptive_radius(self) -> int:
        """How many columns away a fine plane's pixel sees."""
        return self.backbone.receptive_radius

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Slices (batch, n, width) to fine planes (batch, (n + 2 margin) c, width)."""
        start, _, residual = self.steps(slices)
        return start + unfold(self.extended(residual))

    def without_backbone(self, slices: torch.Tensor) -> torch.Tensor:
        """What the inverse alone makes of slices (batch, n, width)."""
        return self._start(self._padded(slices))

    def steps(self, slices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The inverse's fine planes; the image of c + 1 channels and n + 2 ``shown`` slices that the backbone is shown;
        and what it answers.
        """
        start, image = self.shown(slices)
        return start, image, self.backbone(image)

    def shown(self, slices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The first two of :meth:`steps`."""
        padded = self._padded(slices)
        start = self._start(padded)
        batch, _, width = start.shape
        folded = start.view(batch, -1, self.factor, width).transpose(1, 2)
        whole = torch.cat([padded, folded], dim=1)
        image = whole[:, :, self._hidden : whole.shape[2] - self._hidden].contiguous(memory_format=torch.channels_last)
        return start, image

    def _padded(self, slices: torch.Tensor) -> torch.Tensor:
        """An image of one channel (batch, 1, n + 2 margin, width)."""
        return functional.pad(slices[:, None], (0, 0, self._margin, self._margin), mode="replicate")

    def _start(self, padded: torch.Tensor) -> torch.Tensor:
        return torch.einsum("fs,bsw->bfw", self._inverse(padded[:, 0]), padded[:, 0])

    def extended(self, image: torch.Tensor) -> torch.Tensor:
        """An image of the slices that the backbone is shown, with zeros in the rest of the margin: n + 2 margin."""
        return functional.pad(image, (0, 0, self._hidden, self._hidden))

    def _inverse(self, padded: torch.Tensor) -> torch.Tensor:
        """F for slices (batch, n + 2 margin, width)."""
        count = padded.shape[1] - 2 * self._margin
        if count not in self._inverses:
            matrix = torch.as_tensor(self._inverse_for(count), dtype=padded.dtype, device=padded.device)
            self._inverses[count] = matrix
        return self._inverses[count]


def unfold(image: torch.Tensor) -> torch.Tensor:
    """An image of slices (batch, c, n, width) to its fine planes (batch, n c, width)."""
    return image.transpose(1, 2).flatten(1, 2)
