"""Networks that were trained to recognise photographs, as extractors of features: their convolutions alone, frozen.

VGG: Simonyan and Zisserman, ICLR 2015 (arXiv 1409.1556), configurations D and E. AlexNet in one column: Krizhevsky 2014
(arXiv 1404.5997). EfficientNet-lite0: Tan and Le, ICML 2019 (arXiv 1905.11946), without squeeze and excitation and with
rectifiers up to 6 (Liu, TensorFlow's blog, 2020), its batch normalisations folded into its convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from .feature_layers import (
    Convolution,
    InvertedResidual,
    Layer,
    Pool,
    Rectifier,
    Shapes,
    build_layer,
    layer_shapes,
)

Triple = tuple[float, float, float]

#: Of the channels of photographs in [0, 1]: by these the networks of torchvision want their input normalised.
MEAN: Triple = (0.485, 0.456, 0.406)
DEVIATION: Triple = (0.229, 0.224, 0.225)


def _vgg(*blocks: Sequence[int]) -> tuple[Layer, ...]:
    """The layers of a VGG: 3x3 convolutions of so many channels, each with its rectifier, a pool after each block."""
    layers: list[Layer] = []
    inputs = 3
    for block in blocks:
        for outputs in block:
            layers += [Convolution(inputs, outputs), Rectifier()]
            inputs = outputs
        layers.append(Pool(2))
    return tuple(layers)


def _efficientnet_lite0() -> tuple[Layer, ...]:
    """The layers of EfficientNet-lite0 up to its last block."""
    layers: list[Layer] = [Convolution(3, 32, 3, 2, None), Rectifier(6.0)]
    inputs = 32
    for count, kernel, stride, expansion, outputs in (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ):
        for number in range(count):
            layers.append(InvertedResidual(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
            inputs = outputs
    return tuple(layers)


#: The layers of each network, by whose index their weights are named, as torchvision does.
LAYOUTS: dict[str, tuple[Layer, ...]] = {
    "vgg16": _vgg([64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3),
    "vgg19": _vgg([64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4),
    "alexnet": (
        Convolution(3, 64, 11, 4, 2),
        Rectifier(),
        Pool(3),
        Convolution(64, 192, 5, 1, 2),
        Rectifier(),
        Pool(3),
        Convolution(192, 384),
        Rectifier(),
        Convolution(384, 256),
        Rectifier(),
        Convolution(256, 256),
        Rectifier(),
        Pool(3),
    ),
    "efficientnet-lite0": _efficientnet_lite0(),
}
#: The layer whose output is the features unless told: of the first three the last convolution, before its rectifier
#: (VGG19's conv5_4 is what Zhang et al. compare), of the fourth the last block at a sixteenth of the image's size.
LAST = {"vgg16": 28, "vgg19": 34, "alexnet": 10, "efficientnet-lite0": 12}
#: The last layer at each size of image, in order; those of VGG16 and AlexNet are LPIPS's (arXiv 1801.03924).
SCALES = {
    "vgg16": (3, 8, 15, 22, 29),
    "vgg19": (3, 8, 17, 26, 35),
    "alexnet": (1, 4, 7, 9, 11),
    "efficientnet-lite0": (2, 4, 6, 12, 17),
}
#: The fewest rows and columns of an image that reach the last convolution.
SMALLEST = {"vgg16": 16, "vgg19": 16, "alexnet": 31, "efficientnet-lite0": 1}
#: Mean and deviation of networks that want others than torchvision's; this one's are TensorFlow's 127 and 128 of 255.
_NORMALISATIONS: dict[str, tuple[Triple, Triple]] = {
    "efficientnet-lite0": ((127 / 255,) * 3, (128 / 255,) * 3),
}


def shapes(name: str) -> Shapes:
    """The weights of a network by name, for the first three as torchvision calls them, and the shape of each."""
    return {
        f"features.{index}.{key}": shape
        for index, layer in enumerate(LAYOUTS[name])
        for key, shape in layer_shapes(layer).items()
    }


class FeatureExtractor(nn.Module):
    """A network up to one of its layers, frozen; it has no parameters, and gradients pass to its input.

    Args:
        name: one of :data:`LAYOUTS`.
        weights: tensors by the names of :func:`shapes`, of these shapes; others are left aside.
        last: index of the last layer that is computed; that of :data:`LAST` unless told.

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
        layers = LAYOUTS[name][: self.last + 1]
        self.features = nn.Sequential(*map(build_layer, layers))
        self.features.load_state_dict(
            {
                f"{index}.{key}": weights[f"features.{index}.{key}"].float()
                for index, layer in enumerate(layers)
                for key in layer_shapes(layer)
            }
        )
        for key, values in zip(("mean", "deviation"), _NORMALISATIONS.get(name, (MEAN, DEVIATION)), strict=True):
            self.register_buffer(key, torch.tensor(values).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The features of grey images, of shape (batch, channels, h, w).

        Args:
            images: of shape (batch, 1, rows, columns), intensities of about 0 to 1; at least as many rows and columns
                as :data:`SMALLEST` says.
        """
        return self.maps(images, [self.last])[0]

    def maps(self, images: torch.Tensor, after: Sequence[int]) -> list[torch.Tensor]:
        """The features after each of some layers, in the network's order; ``images`` as of :meth:`forward`."""
        values = (images.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        found = []
        for index, layer in enumerate(self.features):
            values = layer(values)
            if index in after:
                found.append(values)
        return found
