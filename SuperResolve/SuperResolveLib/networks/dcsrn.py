"""DCSRN: one densely connected 3-D block (Chen et al., ISBI 2018, arXiv 1801.02728; a generator of Xuan et al. 2020,
arXiv 2003.12627).
"""

from __future__ import annotations

import torch
from torch import nn

from .dense_units import DenseUnits
from .generator import Generator, set_to_zero


class DCSRN(Generator):
    """The network: a 3x3x3 convolution to 2 k channels, units of (batch normalisation, ELU, 3x3x3 convolution to k
    channels), each fed by all before, and a 3x3x3 convolution from all of them to the answer. Biases are in the last
    convolution alone.

    Args:
        growth: k, 24 as published.
        units: number of units, 4 as published.
        residual: whether the last convolution tells what to add to the start; as published it tells the answer itself.
        zero_last: start with a last convolution of zeros; of a residual network the first answer is then the start.
    """

    def __init__(self, growth: int = 24, units: int = 4, residual: bool = False, zero_last: bool = False) -> None:
        super().__init__()
        self.arguments = {"growth": growth, "units": units, "residual": residual, "zero_last": zero_last}
        self.receptive_radius = units + 2
        self.residual = residual
        self.head = nn.Conv3d(1, 2 * growth, 3, padding=1, bias=False)
        self.body = DenseUnits(2 * growth, growth, units)
        self.tail = nn.Conv3d(self.body.outputs, 1, 3, padding=1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        result: torch.Tensor = self.tail(self.body(self.head(start)))
        return start + result if self.residual else result
