"""What encoder, decoder and critic are made of."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

#: Slope of LeakyReLU below zero.
SLOPE = 0.2
#: Convolutions of a block.
UNITS = 3


def bounded_convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    """A convolution whose weight, reshaped to (outputs, the rest), has spectral norm 1; from Xavier's weights."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2)
    return spectral_norm(xavier(convolution))


def xavier(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    """The layer with weights after Glorot and Bengio (AISTATS 2010) and biases of zero."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def normalisation(channels: int) -> nn.Module:
    """Instance normalisation with a learned scale and shift."""
    return nn.InstanceNorm2d(channels, affine=True)


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Three times (activation, normalisation, convolution)."""
    layers: list[nn.Module] = []
    for unit in range(UNITS):
        channels = inputs if unit == 0 else outputs
        layers += [nn.LeakyReLU(SLOPE), normalisation(channels), bounded_convolution(channels, outputs)]
    return nn.Sequential(*layers)
