r"""SOUP-GAN's generator: many scales in one network (Zhang et al. 2021, arXiv 2106.02599).

Between a part of its own for every whole scale at the entrance and at the exit lies a backbone that all scales share.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import nn
from torch.func import functional_call

from .generator import AtScale, Generator, set_to_zero
from .initial_weights import bring_near_identity

Mixing = Literal["parameters", "outputs"]
MIXINGS: tuple[Mixing, ...] = ("parameters", "outputs")
#: Convolutions of an entrance and of an exit.
ENTRANCE, EXIT = 3, 2


class MultiScale(Generator):
    r"""The network: :math:`G_s(x) = h + X_s(B(h))` with :math:`h = x + E_s(x)`.

    Entrances :math:`E_s` are three 3x3x3 convolutions, exits :math:`X_s` two, for s the whole scales from ``lowest``
    on; the backbone B, which all share, is one more than ``layers``. ReLU follows all of them but the exit's last. The
    published network has 622,986 parameters, 18 convolutions to a path.

    Of a scale s = m + a between two whole ones, ``parameters`` takes the parts whose weights are mixed,
    :math:`\theta_s = (1 - a)\,\theta_m + a\,\theta_{m+1}` (Eq. 3), and ``outputs`` mixes what the parts of m and m + 1
    answer, as the authors' published weights are used. Scales beyond the lowest and the highest take these two.

    Args:
        lowest: the lowest scale, 2 as published.
        scales: how many there are, 5 as published: 2, 3, 4, 5 and 6. With 1 it is a network of a single scale.
        channels: feature channels, 32 as published.
        layers: convolutions of the backbone after its first, 12 as published.
        mixing: what is mixed between whole scales: ``"parameters"`` or ``"outputs"``.
        zero_last: start with last convolutions of entrances and exits of zeros, so that the first answer is the start.
            The entrance's last ReLU, at whose zero nothing would learn, is then left out, and the other weights have
            the variance of He et al. (ICCV 2015); else all are drawn as Glorot and Bengio (AISTATS 2010) do, as
            published.
        identity: start with inner convolutions near the identity.
    """

    def __init__(
        self,
        lowest: int = 2,
        scales: int = 5,
        channels: int = 32,
        layers: int = 12,
        mixing: str = "parameters",
        zero_last: bool = True,
        identity: bool = False,
    ) -> None:
        super().__init__()
        self.arguments = {
            "lowest": lowest,
            "scales": scales,
            "channels": channels,
            "layers": layers,
            "mixing": mixing,
            "zero_last": zero_last,
            "identity": identity,
        }
        self.receptive_radius = ENTRANCE + 1 + layers + EXIT
        self._lowest, self._mixing = lowest, mixing
        self.entrances = nn.ModuleList(
            nn.Sequential(
                *_rectified(1, channels),
                *_rectified(channels, channels),
                _convolution(channels, 1),
                *([] if zero_last else [nn.ReLU(inplace=True)]),
            )
            for _ in range(scales)
        )
        self.backbone = nn.Sequential(*_rectified(1, channels))
        for _ in range(layers):
            self.backbone.extend(_rectified(channels, channels))
        self.exits = nn.ModuleList(
            nn.Sequential(*_rectified(channels, channels), _convolution(channels, 1)) for _ in range(scales)
        )
        self._draw(nn.init.kaiming_uniform_ if zero_last else nn.init.xavier_uniform_, identity)
        if zero_last:
            for part in (*self.entrances, *self.exits):
                set_to_zero([each for each in part.modules() if isinstance(each, nn.Conv3d)][-1])

    def _draw(self, draw: Callable[[torch.Tensor], torch.Tensor], identity: bool) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv3d):
                draw(layer.weight)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
                if identity and layer.in_channels == layer.out_channels > 1:
                    bring_near_identity(layer, self.receptive_radius)

    def at_scale(self, scale: float) -> Generator:
        """The network for that scale, or the nearest that it has."""
        return AtScale(self, scale)

    def forward(self, start: torch.Tensor, scale: float | None = None) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape.

        ``scale`` is that of the whole batch, by default the lowest.
        """
        entered = self.entered(start, scale)
        result: torch.Tensor = entered + self._mixed(self.exits, scale, self.backbone(entered))
        return result

    def entered(self, start: torch.Tensor, scale: float | None = None) -> torch.Tensor:
        """h: what the backbone is given of a start."""
        return start + self._mixed(self.entrances, scale, start)

    def place(self, scale: float | None) -> tuple[int, float]:
        """The number of the part of the whole scale below, and the share a of the next one; both 0 for ``None``."""
        along = 0.0 if scale is None else min(max(scale - self._lowest, 0.0), len(self.entrances) - 1.0)
        below = math.floor(along)
        share = along - below
        return (below, share) if share > 0 else (below, 0.0)

    def _mixed(self, parts: nn.ModuleList, scale: float | None, inputs: torch.Tensor) -> torch.Tensor:
        below, share = self.place(scale)
        if share == 0:
            answer: torch.Tensor = parts[below](inputs)
            return answer
        if self._mixing == "outputs":
            return torch.lerp(parts[below](inputs), parts[below + 1](inputs), share)
        return with_mixed_parameters(parts[below], parts[below + 1], share, inputs)


def with_mixed_parameters(first: nn.Module, second: nn.Module, share: float, inputs: torch.Tensor) -> torch.Tensor:
    r"""What a part answers with the weights :math:`(1 - a)\,\theta_1 + a\,\theta_2` of two alike, a the share.

    Gradients pass to the weights of both.
    """
    others = dict(second.named_parameters())
    mixed = {name: torch.lerp(own, others[name], share) for name, own in first.named_parameters()}
    answer: torch.Tensor = functional_call(first, mixed, (inputs,))
    return answer


def _convolution(inputs: int, outputs: int) -> nn.Conv3d:
    return nn.Conv3d(inputs, outputs, 3, padding=1)


def _rectified(inputs: int, outputs: int) -> list[nn.Module]:
    return [_convolution(inputs, outputs), nn.ReLU(inplace=True)]
