"""The layers of networks for photographs, with weights that are buffers: nothing can train them.

As buffers they are no parameters, so that no optimiser and no ``requires_grad_`` reaches them, while gradients pass
through to the layer's input.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Convolution:
    """A convolution with its bias.

    Attributes:
        inputs, outputs: channels.
        kernel, stride: along both axes.
        padding: with zeros on each side; ``None`` for as many as give ``ceil(size / stride)``, an odd one at the end.
        groups: of channels that do not see each other.
    """

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    padding: int | None = 1
    groups: int = 1


@dataclass(frozen=True)
class Pool:
    """The maximum of windows of ``size``, ``stride`` apart."""

    size: int
    stride: int = 2


@dataclass(frozen=True)
class Rectifier:
    """What is below 0 becomes 0, and what is above ``ceiling``, where there is one, becomes that."""

    ceiling: float | None = None


@dataclass(frozen=True)
class InvertedResidual:
    """A 1x1 expansion, a convolution of each channel by itself, a linear 1x1 projection, and the input where it fits.

    Source: Sandler et al., CVPR 2018 (arXiv 1801.04381).

    Attributes:
        inputs, outputs: channels.
        kernel, stride: of the middle convolution.
        expansion: how many times the channels are as many within; with 1 there is no first convolution.
    """

    inputs: int
    outputs: int
    kernel: int
    stride: int
    expansion: int

    @property
    def parts(self) -> dict[str, Convolution]:
        """Its convolutions by name, in order."""
        within = self.inputs * self.expansion
        expand = {"expand": Convolution(self.inputs, within, 1, padding=0)} if self.expansion > 1 else {}
        return {
            **expand,
            "depthwise": Convolution(within, within, self.kernel, self.stride, None, within),
            "project": Convolution(within, self.outputs, 1, padding=0),
        }


Layer = Convolution | Pool | Rectifier | InvertedResidual
Shapes = dict[str, tuple[int, ...]]


def layer_shapes(layer: Layer) -> Shapes:
    """The shapes of a layer's weights by name."""
    if isinstance(layer, InvertedResidual):
        return {
            f"{part}.{key}": shape
            for part, convolution in layer.parts.items()
            for key, shape in layer_shapes(convolution).items()
        }
    if isinstance(layer, Convolution):
        side = layer.kernel
        return {"weight": (layer.outputs, layer.inputs // layer.groups, side, side), "bias": (layer.outputs,)}
    return {}


def build_layer(layer: Layer) -> nn.Module:
    """The layer as a module; its weights are zero until they are loaded."""
    if isinstance(layer, Convolution):
        return FrozenConvolution(layer)
    if isinstance(layer, Pool):
        return nn.MaxPool2d(layer.size, layer.stride)
    if isinstance(layer, InvertedResidual):
        return FrozenResidual(layer)
    return nn.ReLU() if layer.ceiling is None else nn.Hardtanh(0.0, layer.ceiling)


class FrozenConvolution(nn.Module):
    """A convolution of images, of shape (batch, channels, rows, columns)."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, layer: Convolution) -> None:
        super().__init__()
        self._layer = layer
        for key, shape in layer_shapes(layer).items():
            self.register_buffer(key, torch.zeros(shape))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The convolved images."""
        layer = self._layer
        padding = layer.padding
        if padding is None:
            images, padding = functional.pad(images, self._edges(images)), 0
        return functional.conv2d(images, self.weight, self.bias, layer.stride, padding, groups=layer.groups)

    def _edges(self, images: torch.Tensor) -> list[int]:
        """How many zeros are put before and after the columns, and before and after the rows."""
        edges = []
        for size in (images.shape[3], images.shape[2]):
            covered = (-(-size // self._layer.stride) - 1) * self._layer.stride + self._layer.kernel
            missing = max(covered - size, 0)
            edges += [missing // 2, missing - missing // 2]
        return edges


class FrozenResidual(nn.Module):
    """:class:`InvertedResidual` of images, with rectifiers up to 6 after all of its convolutions but the last."""

    def __init__(self, layer: InvertedResidual) -> None:
        super().__init__()
        for name, part in layer.parts.items():
            self.add_module(name, FrozenConvolution(part))
        self._adds = layer.stride == 1 and layer.inputs == layer.outputs

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The images after the block."""
        *inner, last = self.children()
        values = images
        for convolution in inner:
            values = functional.relu6(convolution(values))
        values = last(values)
        return images + values if self._adds else values
