"""What the networks that translate images are made of."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

#: Keeps constant features from being divided by 0.
TINY = 1e-5


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution of reflected images that divides their size by the stride; Kaiming's weights, biases of zero."""
    padding = (kernel - 1) // 2
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, padding_mode="reflect")
    nn.init.kaiming_normal_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def normalised(features: torch.Tensor) -> torch.Tensor:
    """Features of which each channel of each image has mean 0 and deviation 1, shape (batch, channels, rows, columns).

    No statistics are kept: an image is treated alike in training and in use, whatever else is in its batch.
    """
    mean = features.mean(dim=(2, 3), keepdim=True)
    variance = features.var(dim=(2, 3), keepdim=True, unbiased=False)
    return (features - mean) * torch.rsqrt(variance + TINY)


class InstanceNormalisation(nn.Module):
    """:func:`normalised` as a layer (Ulyanov et al., arXiv 1607.08022)."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features to normalised ones of the same shape."""
        return normalised(features)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with instance normalisation, ReLU after the first, added to what came in.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = convolution(channels, channels, 3), convolution(channels, channels, 3)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out."""
        inner = functional.relu(normalised(self.first(features)))
        return features + normalised(self.second(inner))


class AdaptiveResidualBlock(nn.Module):
    r"""A residual block whose normalisations are given their means and deviations: AdaIN (Huang and Belongie, ICCV
    2017), :math:`\gamma (f - \mu(f)) / \sigma(f) + \beta`.

    Args:
        channels: in and out.
    """

    #: Means and deviations that it is given, for each of its channels.
    PARAMETERS = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = convolution(channels, channels, 3), convolution(channels, channels, 3)

    def forward(self, features: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
        """Features of shape (batch, channels, rows, columns), the same out; parameters (batch, 4 channels)."""
        first, second = parameters.chunk(2, dim=1)
        inner = functional.relu(adapted(self.first(features), first))
        return features + adapted(self.second(inner), second)


def adapted(features: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    """Features with the means and deviations of the parameters, (batch, 2 channels): first the means."""
    mean, deviation = parameters[:, :, None, None].chunk(2, dim=1)
    return deviation * normalised(features) + mean
