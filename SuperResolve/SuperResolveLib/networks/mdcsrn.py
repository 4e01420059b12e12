"""mDCSRN: densely connected 3-D blocks in a row, all of which the answer is made from (Chen et al., MICCAI 2018,
arXiv 1803.01417).
"""

from __future__ import annotations

import torch
from torch import nn

from .dense_units import DenseUnits
from .generator import Generator, set_to_zero


class MDCSRN(Generator):
    """The network: a 3x3x3 convolution to 2 k channels, and blocks of densely connected units. What the first
    convolution and every block told is kept; a 1x1x1 convolution compresses all of it to 2 k channels before each
    further block, another one reconstructs the answer from all of it. Biases are in the last convolution alone.

    Args:
        growth: k, 16 as published.
        blocks: number of blocks, 4 as published.
        units: units of each, 4 as published.
        residual: whether the last convolution tells what to add to the start; as published it tells the answer itself.
        zero_last: start with a last convolution of zeros; of a residual network the first answer is then the start.
    """

    def __init__(
        self, growth: int = 16, blocks: int = 4, units: int = 4, residual: bool = False, zero_last: bool = False
    ) -> None:
        super().__init__()
        self.arguments = {
            "growth": growth,
            "blocks": blocks,
            "units": units,
            "residual": residual,
            "zero_last": zero_last,
        }
        self.receptive_radius = blocks * units + 1
        self.residual = residual
        width = 2 * growth
        self.head = nn.Conv3d(1, width, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList(DenseUnits(width, growth, units) for _ in range(blocks))
        block_outputs = width + units * growth
        self.compressors = nn.ModuleList(
            nn.Conv3d(width + before * block_outputs, width, 1, bias=False) for before in range(1, blocks)
        )
        self.tail = nn.Conv3d(width + blocks * block_outputs, 1, 1)
        if zero_last:
            set_to_zero(self.tail)

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        """The start, shape (batch, 1, planes, rows, columns), to the answer of the same shape."""
        features = self.head(start)
        kept = features
        for number, block in enumerate(self.blocks):
            if number:
                features = self.compressors[number - 1](kept)
            kept = torch.cat([kept, block(features)], dim=1)
        result: torch.Tensor = self.tail(kept)
        return start + result if self.residual else result
