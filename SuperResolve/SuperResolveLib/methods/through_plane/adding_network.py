r"""The network for all scans between slices and fine planes: all but its convolutions.

:math:`F y + \mathrm{unfold}(B([y, \mathrm{fold}(F y)]; t))`, the same as
:class:`~SuperResolveLib.networks.slice_to_planes.SliceToPlanes`, with all but the convolutions B in numpy, so that any
library can run these; training, which needs gradients, keeps the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ...networks.error_head_sizes import RADIUS
from ...physics.acquisition import along
from ...physics.fine_grid import MARGIN, FineGrid
from .inference import Image


class Convolutions(Protocol):
    """The convolutional network :class:`~SuperResolveLib.networks.gated_edsr.GatedEDSR`, whichever library runs it."""

    @property
    def receptive_radius(self) -> int:
        """How many columns away a pixel of its answer sees."""

    def __call__(self, image: Image, told: Image, /) -> Image:
        """What is to be added to the fine planes.

        Args:
            image: slices and their fine planes, shape (images, FACTOR + 1, slices, columns), contiguous.
            told: of the acquisition, shape (TOLD,).

        Returns:
            Shape (images, FACTOR, slices, columns).
        """

    def with_log_variance(self, image: Image, told: Image, /) -> tuple[Image, Image]:
        r"""The same, and :math:`\log \sigma^2` of its error, of a network that tells it."""


class AddingNetwork:
    """Slices to fine planes: the linear inverse F of a fine grid, and what convolutions add to it.

    Args:
        convolutions: B.
        told: of the acquisition.
        fine_grid: the scan's.
        slices: how many the scan has.
        errors: whether it tells the variance of its error as well, as :attr:`maps` says.
    """

    def __init__(
        self,
        convolutions: Convolutions,
        told: Sequence[float],
        fine_grid: FineGrid,
        slices: int,
        errors: bool = False,
    ) -> None:
        self.maps: tuple[int, ...] = (2,) if errors else ()
        self.skips_air = not errors
        self._convolutions = convolutions
        self._told = np.array(told, np.float32)
        self._factor = fine_grid.factor
        self._inverse = fine_grid.inverse(slices).astype(np.float32)
        hidden = MARGIN - fine_grid.shown
        self._shown = slice(hidden, slices + 2 * MARGIN - hidden)
        self.receptive_radius = convolutions.receptive_radius + (RADIUS if errors else 0)

    def planes(self, images: Image, reading: Image, columns: slice, is_air: bool) -> Image:
        """Planes that are read off the fine planes; see :class:`~.inference.Network`."""
        padded = np.pad(images, ((0, 0), (MARGIN, MARGIN), (0, 0)), mode="edge")
        fine_planes = along(self._inverse, padded, 1)
        if is_air:
            return along(reading, fine_planes[..., columns], 1)
        shape = (len(images), padded.shape[1], self._factor, images.shape[2])
        shown = fine_planes.reshape(shape)[:, self._shown]  # a view: what is added to it is added to all
        image = np.ascontiguousarray(np.concatenate([padded[:, self._shown, None], shown], axis=2).swapaxes(1, 2))
        if not self.maps:
            shown += self._convolutions(image, self._told).swapaxes(1, 2)
            return along(reading, fine_planes[..., columns], 1)
        added, log_variance = self._convolutions.with_log_variance(image, self._told)
        shown += added.swapaxes(1, 2)
        logs = np.zeros(shape, np.float32)
        logs[:, self._shown] = log_variance.swapaxes(1, 2)
        maps = [fine_planes, logs.reshape(fine_planes.shape)]
        return np.stack([along(reading, each[..., columns], 1) for each in maps], axis=1)
