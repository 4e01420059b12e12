"""What the 3-D generators have in common: a start on the planes of the answer in, the answer out."""

from __future__ import annotations

import torch
from torch import nn


class Generator(nn.Module):
    """A convolutional network from a start to the answer.

    Both are of shape (batch, 1, planes, rows, columns), the through-plane axis first of the three, with intensities
    of about 0 to 1. Convolutions are padded with zeros, so that every size serves. Initial weights are drawn from
    torch's global generator.

    Attributes:
        receptive_radius: how many voxels away, in plane, the answer at a voxel sees (with batch normalisation: in eval
            mode, for in training it sees the whole batch).
        fold: along the through-plane axis it sees at most so many times as far.
        arguments: keyword arguments from which the constructor builds the same network, plain numbers and names all.
        stride: a start that begins so many voxels, or a multiple, later along an axis gives the answer that begins as
            much later; 1 without resampling.
        factor: of networks that start from slices: how many planes they answer of each, evenly spaced. Their start is
            every slice so many times over. 1 for those that start on the planes of the answer.
        lead: of networks that start from slices: which of a slice's planes, counted from 0, lies where the slice does;
            in between two where it is not whole.
        across: of a network that sees every image of planes and columns as a whole, in how many rows away it sees them;
            it must be given these whole. ``None`` for the others, which see as far along all axes.
    """

    receptive_radius: int
    arguments: dict[str, int | float | bool | str]
    stride: int = 1
    factor: int = 1
    lead: float = 0.0
    fold: int = 1
    across: int | None = None

    def at_scale(self, scale: float) -> Generator:
        """The network for slices that are ``scale`` voxels of the answer apart, with these weights, not copies of them:
        the network itself where it is the same for all.
        """
        return self


class AtScale(Generator):
    """A network of many scales at one of them, with the same weights.

    Args:
        network: which takes the scale as its second argument.
        scale: any real number.
    """

    def __init__(self, network: Generator, scale: float) -> None:
        super().__init__()
        self.network = network
        self.scale = scale
        self.arguments = network.arguments
        self.receptive_radius = network.receptive_radius

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        answer: torch.Tensor = self.network(start, self.scale)
        return answer


class ScaleGiven(nn.Module):
    """A network that is told the scale with every start, for what can only call one module, whatever the scale.

    Args:
        network: with weights for every scale.
    """

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.network = network

    def forward(self, start: torch.Tensor, scale: float) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        answer: torch.Tensor = self.network.at_scale(scale)(start)
        return answer


def set_to_zero(layer: nn.Module) -> None:
    """Let a layer answer zero; its inputs' gradients vanish with it, until its own first update."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
