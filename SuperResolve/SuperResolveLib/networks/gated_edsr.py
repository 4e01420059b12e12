r"""One network for scans of all protocols: EDSR on folded slices, told of the acquisition, and equivariant to contrast.

A pixel of the image is a slice's pixel; its channels are the slice y and the :math:`c` fine planes that a linear
inverse gives around it (:mod:`~SuperResolveLib.physics.fine_grid`). With :math:`M` the mean of y over a few slices and
pixels, the network adds to fine plane k

.. math:: B_k(y - M y, F y - M y; t),

where t tells of the acquisition. Convolutions have no biases (Mohan et al., ICLR 2020, arXiv 1906.05478), and t enters
as factors of the blocks' inner features (a part of FiLM, Perez et al., AAAI 2018). B is then homogeneous, so that for
every scan: what is even stays even; a shift or scaling of intensities does the same to the answer. No contrast can come
from the network alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from .backbone import Backbone
from .error_head import ErrorHead
from .gated_edsr_sizes import FACTOR, HIDDEN, MEAN, TOLD, receptive_radius
from .generator import Generator, set_to_zero


class GatedBlock(nn.Module):
    """x + conv3(g * relu(conv3(x))) with factors g of the channels in between."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, features: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out; the gate of shape (channels,)."""
        weight = self.second.weight * gate[:, None, None]  # the same as gated features, for less
        inner = functional.relu(self.first(features), inplace=True)
        return features + functional.conv2d(inner, weight, padding=1)


class GatedEDSR(Generator):
    """The network: a convolution into features, gated blocks with a skip around all, a convolution out; starts as zero.

    Args:
        channels: feature channels.
        depth: number of blocks.
        errors: whether it also tells the variance of its error.
    """

    def __init__(self, channels: int = 48, depth: int = 6, errors: bool = False) -> None:
        super().__init__()
        self.arguments = {"channels": channels, "depth": depth, "errors": errors}
        self.receptive_radius = receptive_radius(depth)
        self.head = nn.Conv2d(FACTOR + 1, channels, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList(GatedBlock(channels) for _ in range(depth))
        self.body = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.tail = nn.Conv2d(channels, FACTOR, 3, padding=1, bias=False)
        self.gates = nn.Sequential(nn.Linear(TOLD, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, channels * depth))
        set_to_zero(self.tail)
        set_to_zero(self.gates[2])
        self.errors = ErrorHead(FACTOR + 1 + channels + TOLD, FACTOR) if errors else None

    def forward(self, image: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """What is to be added.

        Args:
            image: slices and their fine planes, shape (batch, FACTOR + 1, slices, columns).
            told: of the acquisition, shape (TOLD,).

        Returns:
            Shape (batch, FACTOR, slices, columns).
        """
        result: torch.Tensor = self.tail(self._features(image - mean_of_slices(image), told))
        return result

    def with_log_variance(self, image: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        r"""The same, and :math:`\log \sigma^2` of its error, of a network that tells it, both of the same shape."""
        assert self.errors is not None
        centred = image - mean_of_slices(image)
        features = self._features(centred, told)
        added = self.tail(features)
        acquisition = told.view(1, -1, 1, 1).expand(len(image), -1, *image.shape[2:])
        return added, self.errors(torch.cat([centred, features, acquisition], dim=1), added)

    def _features(self, centred: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        gates = 1 + self.gates(told).view(len(self.blocks), -1)
        features = self.head(centred)
        inner = features
        for block, gate in zip(self.blocks, gates, strict=True):
            inner = block(inner, gate)
        return torch.as_tensor(features + self.body(inner))

    def with_errors(self, errors: bool) -> GatedEDSR:
        """A copy that tells the variance of its error, as this one does or has yet to learn; or one that does not."""
        copy = GatedEDSR(int(self.arguments["channels"]), int(self.arguments["depth"]), errors)
        known = copy.state_dict()
        copy.load_state_dict({**known, **{name: each for name, each in self.state_dict().items() if name in known}})
        return copy

    def at(self, told: Sequence[float], in_bfloat16: bool = False) -> Backbone:
        """The network for one acquisition, with these weights, not copies of them; computing in that type if wanted."""
        return AtAcquisition(self, told, in_bfloat16)


class AtAcquisition(Backbone):
    """A gated network that has been told of an acquisition.

    Args:
        network: which takes what is told as its second argument.
        told: of the acquisition.
        in_bfloat16: whether it computes in that type, which is enough to learn.
    """

    def __init__(self, network: GatedEDSR, told: Sequence[float], in_bfloat16: bool) -> None:
        super().__init__()
        self.network = network
        self.blocks = nn.ModuleList([*network.blocks, network.body])
        self.told = tuple(told)
        self.in_bfloat16 = in_bfloat16
        self.receptive_radius = network.receptive_radius

    def with_log_variance(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What is to be added, and the logarithm of the variance of its error, of a network that tells it."""
        return self.network.with_log_variance(image, self._told(image))

    def _told(self, image: torch.Tensor) -> torch.Tensor:
        return torch.tensor(self.told, dtype=image.dtype, device=image.device)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images of shape (batch, FACTOR + 1, slices, columns) to (batch, FACTOR, slices, columns)."""
        told = self._told(image)
        with torch.autocast(image.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            result: torch.Tensor = self.network(image, told)
        return result.float()


def mean_of_slices(image: torch.Tensor) -> torch.Tensor:
    """The mean of the first channel over ``MEAN`` slices and pixels, of those that there are, shape (batch, 1, ...)."""
    beyond = [size // 2 for size in reversed(MEAN) for _ in range(2)]
    there = functional.pad(torch.ones_like(image[:1, :1]), beyond)
    sums, counts = (functional.avg_pool2d(each, MEAN, 1) for each in (functional.pad(image[:, :1], beyond), there))
    return sums / counts
