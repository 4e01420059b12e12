"""Densely connected units of 3-D convolutions (after Huang et al., CVPR 2017, arXiv 1608.06993), of which DCSRN and
mDCSRN are made.
"""

from __future__ import annotations

import torch
from torch import nn


class DenseUnits(nn.Module):
    r"""Units in a row, each fed by all before it: :math:`x_{i+1} = [x_i, C_i(\mathrm{ELU}(\mathrm{BN}(x_i)))]`, with
    3x3x3 convolutions C of ``growth`` channels without bias.

    Args:
        inputs: channels in.
        growth: channels that each unit adds.
        units: number of units.

    Attributes:
        outputs: channels out: those that came in, then those of each unit.
    """

    def __init__(self, inputs: int, growth: int, units: int) -> None:
        super().__init__()
        self.units = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm3d(inputs + before * growth),
                nn.ELU(inplace=True),
                nn.Conv3d(inputs + before * growth, growth, 3, padding=1, bias=False),
            )
            for before in range(units)
        )
        self.outputs = inputs + units * growth

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (batch, inputs, planes, rows, columns) to (batch, outputs, planes, rows, columns)."""
        for unit in self.units:
            features = torch.cat([features, unit(features)], dim=1)
        return features
