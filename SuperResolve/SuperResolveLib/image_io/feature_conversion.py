"""The weights of two networks as others keep them, brought to the names and the input of our extractors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .feature_files import Weights

Tensors = Mapping[str, NDArray[Any]]

#: What is subtracted from Caffe's blue, green and red of 0 to 255, on which VGG's authors trained it.
_CAFFE_MEAN = np.array([103.939, 116.779, 123.68])
#: Mean and deviation of red, green and blue of 0 to 1 that torchvision's input is normalised by.
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
#: How many convolutions each block of VGG16 has.
_VGG16_BLOCKS = (2, 2, 3, 3, 3)
_KERAS_NAME = re.compile(r"\bblock(\d)_conv(\d)(?!\d)")
#: What is added to variances by EfficientNet's batch normalisation.
_EPSILON = 1e-3


def from_keras_vgg16(tensors: Tensors) -> Weights:
    r"""VGG16 as Keras has it from its authors, with torchvision's names and for its normalised red, green and blue.

    The authors' network takes :math:`255 x - M` of channels x in blue, green, red; ours takes :math:`z = (x - m) / s`
    in red, green, blue. With :math:`x = s z + m` the first convolution becomes :math:`255 s W` with the bias
    :math:`b + \sum W (255 m - M)`, the same but at the image's edge, where zeros stand for grey levels that differ by
    0.002.

    Args:
        tensors: of which the names of the convolutions contain ``blockB_convC``; the weights of shape (outputs, inputs,
            3, 3), the biases of shape (outputs,).

    Raises:
        KeyError: one is missing.
    """
    found = {
        (int(match[1]), int(match[2]), tensor.ndim): tensor
        for name, tensor in tensors.items()
        if (match := _KERAS_NAME.search(name)) and tensor.ndim in (1, 4)
    }
    weights: Weights = {}
    index = 0
    for block, count in enumerate(_VGG16_BLOCKS, 1):
        for convolution in range(1, count + 1):
            weights[f"features.{index}.weight"] = found[block, convolution, 4].astype(np.float32)
            weights[f"features.{index}.bias"] = found[block, convolution, 1].astype(np.float32)
            index += 2
        index += 1
    first = weights["features.0.weight"][:, ::-1].astype(np.float64)
    shift = (255 * _MEAN - _CAFFE_MEAN[::-1]).reshape(1, 3, 1, 1)
    bias = weights["features.0.bias"] + (first * shift).sum(axis=(1, 2, 3))
    scaled = first * (255 * _DEVIATION).reshape(1, 3, 1, 1)
    return {**weights, "features.0.weight": scaled.astype(np.float32), "features.0.bias": bias.astype(np.float32)}


def from_efficientnet(tensors: Tensors) -> Weights:
    r"""EfficientNet-lite0 as its port to torch has it, each batch normalisation folded into the convolution before it.

    :math:`\gamma (W x - \mu) / \sqrt{v + \epsilon} + \beta` is a convolution with :math:`g W`, :math:`g = \gamma /
    \sqrt{v + \epsilon}`, and the bias :math:`\beta - g \mu`.

    Raises:
        KeyError: a tensor is missing.
    """
    weights = _folded(tensors, "_conv_stem", "_bn0", "features.0")
    for block in range(16):
        for ours, convolution, norm in (
            ("expand", "_expand_conv", "_bn0"),
            ("depthwise", "_depthwise_conv", "_bn1"),
            ("project", "_project_conv", "_bn2"),
        ):
            theirs = f"_blocks.{block}"
            if block > 0 or ours != "expand":  # the first block does not expand
                weights |= _folded(
                    tensors, f"{theirs}.{convolution}", f"{theirs}.{norm}", f"features.{block + 2}.{ours}"
                )
    return weights


def _folded(tensors: Tensors, convolution: str, norm: str, name: str) -> Weights:
    gain = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + _EPSILON)
    return {
        f"{name}.weight": (tensors[f"{convolution}.weight"] * gain.reshape(-1, 1, 1, 1)).astype(np.float32),
        f"{name}.bias": (tensors[f"{norm}.bias"] - gain * tensors[f"{norm}.running_mean"]).astype(np.float32),
    }
