"""DeepResolve: plain 3-D convolutions that learn what to add to an interpolated volume (Chaudhari et al., Magnetic
Resonance in Medicine 2018, arXiv 1808.04447; a generator of Xuan et al. 2020, arXiv 2003.12627).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from .generator import Generator, set_to_zero
from .initial_weights import bring_near_identity


class DeepResolve(Generator):
    r"""The network: :math:`G(x) = x + B(x)`, B so many 3x3x3 convolutions with ReLU between them, the last one linear.

    Weights before a ReLU start with the variance of He et al. (ICCV 2015), without which twenty layers in a row pass
    nothing on. With ``identity`` the inner ones start as the identity and a little of that
    (:func:`~SuperResolveLib.networks.initial_weights.bring_near_identity`).

    Args:
        layers: number of convolutions, 20 as published.
        channels: feature channels, 64 as published.
        zero_last: start with a last convolution of zeros, so that the first answer is the start.
        identity: start with inner convolutions near the identity.
    """

    def __init__(self, layers: int = 20, channels: int = 64, zero_last: bool = True, identity: bool = False) -> None:
        super().__init__()
        self.arguments = {"layers": layers, "channels": channels, "zero_last": zero_last, "identity": identity}
        self.receptive_radius = layers
        widths = [1] + [channels] * (layers - 1)
        self.body = nn.Sequential()
        for inputs, outputs in pairwise(widths):
            convolution = nn.Conv3d(inputs, outputs, 3, padding=1)
            nn.init.kaiming_uniform_(convolution.weight, nonlinearity="relu")
            assert convolution.bias is not None
            nn.init.zeros_(convolution.bias)
            if identity and inputs == outputs:
                bring_near_identity(convolution, layers)
            self.body.extend([convolution, nn.ReLU(inplace=True)])
        self.tail = nn.Conv3d(channels, 1, 3, padding=1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        result: torch.Tensor = start + self.tail(self.body(start))
        return result
