"""Networks that were trained to recognise photographs, as extractors of features: frozen, their convolutions alone.

An extractor holds its weights as buffers under torchvision's names (``features.N.weight``, ``features.N.bias``): it has
no parameters, so that no optimiser, and no ``requires_grad_``, can reach them, while gradients pass to its input.

VGG: Simonyan and Zisserman, ICLR 2015 (arXiv 1409.1556), configurations D and E. AlexNet in one column: Krizhevsky 2014
(arXiv 1404.5997).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

#: Of photographs in [0, 1], by which torchvision's networks want their input normalised.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Convolution:
    """A layer: its channels, kernel, stride and padding."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1


@dataclass(frozen=True)
class Pool:
    """The maximum of windows."""

    size: int
    stride: int = 2


#: ``None`` is a ReLU.
Layer = Convolution | Pool | None


def _vgg(*blocks: Sequence[int]) -> tuple[Layer, ...]:
    """The layers of a VGG: 3x3 convolutions of so many channels, each with its ReLU, and a pool after each block."""
    layers: list[Layer] = []
    inputs = 3
    for block in blocks:
        for outputs in block:
            layers += [Convolution(inputs, outputs), None]
            inputs = outputs
        layers.append(Pool(2))
    return tuple(layers)


#: The layers of each network in torchvision's order, by whose index they are named.
LAYOUTS: dict[str, tuple[Layer, ...]] = {
    "vgg16": _vgg([64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3),
    "vgg19": _vgg([64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4),
    "alexnet": (
        Convolution(3, 64, 11, 4, 2),
        None,
        Pool(3),
        Convolution(64, 192, 5, 1, 2),
        None,
        Pool(3),
        Convolution(192, 384),
        None,
        Convolution(384, 256),
        None,
        Convolution(256, 256),
        None,
        Pool(3),
    ),
}
#: The last convolution of each, before its ReLU: VGG19's conv5_4 is what the perceptual loss of Zhang et al. compares.
LAST = {"vgg16": 28, "vgg19": 34, "alexnet": 10}


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """The weights of a network's convolutions by torchvision's names, and the shape that each must have."""
    found: dict[str, tuple[int, ...]] = {}
    for index, layer in enumerate(LAYOUTS[name]):
        if isinstance(layer, Convolution):
            found[f"features.{index}.weight"] = (layer.outputs, layer.inputs, layer.kernel, layer.kernel)
            found[f"features.{index}.bias"] = (layer.outputs,)
    return found


class _Frozen(nn.Module):
    """What a layer does, with weights that are buffers."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, layer: Convolution) -> None:
        super().__init__()
        self._stride, self._padding = layer.stride, layer.padding
        self.register_buffer("weight", torch.zeros(layer.outputs, layer.inputs, layer.kernel, layer.kernel))
        self.register_buffer("bias", torch.zeros(layer.outputs))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(images, self.weight, self.bias, self._stride, self._padding)


class FeatureExtractor(nn.Module):
    """The convolutional part of a network up to one of its layers, frozen.

    Args:
        name: ``"vgg16"``, ``"vgg19"`` or ``"alexnet"``.
        weights: tensors by the names of :func:`shapes`, of these shapes; others are left aside.
        last: index of the last layer that is computed; by default the last convolution, before its ReLU.

    Attributes:
        name: of the network.
        last: index of the last layer.

    Raises:
        KeyError: a tensor is missing.
        RuntimeError: one has another shape.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, name: str, weights: Mapping[str, torch.Tensor], last: int | None = None) -> None:
        super().__init__()
        self.name = name
        self.last = LAST[name] if last is None else last
        self.features = nn.Sequential(*(_module(layer) for layer in LAYOUTS[name][: self.last + 1]))
        self.features.load_state_dict(
            {key.removeprefix("features."): weights[key].float() for key in shapes(name) if _index(key) <= self.last}
        )
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The features of grey images, of shape (batch, channels, h, w).

        Args:
            images: of shape (batch, 1, rows, columns), intensities of about 0 to 1; at least 16 rows and columns for a
                VGG, 31 for AlexNet.
        """
        return self.maps(images, [self.last])[0]

    def maps(self, images: torch.Tensor, after: Sequence[int]) -> list[torch.Tensor]:
        """The features after each of some layers, in the network's order; arguments as of :meth:`forward`."""
        values = (images.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        found = []
        for index, layer in enumerate(self.features):
            values = layer(values)
            if index in after:
                found.append(values)
        return found


def _module(layer: Layer) -> nn.Module:
    if layer is None:
        return nn.ReLU()
    return _Frozen(layer) if isinstance(layer, Convolution) else nn.MaxPool2d(layer.size, layer.stride)


def _index(key: str) -> int:
    """Of the layer that a weight belongs to."""
    return int(key.split(".")[1])
