"""The discriminator of SOUP-GAN (Zhang et al. 2021, arXiv 2106.02599), after SRGAN's (Ledig et al., CVPR 2017,
arXiv 1609.04802), in 3-D.
"""

from __future__ import annotations

import torch
from torch import nn

from .mdcsrn_critic import filled_up

#: Feature channels over those of the first pair, a pair of convolutions each.
FACTORS = (1, 2, 4, 8)


class PatchDiscriminator(nn.Module):
    """Tells a logit of a patch, higher for what is real.

    Pairs of 3x3x3 convolutions of one, two, four and eight times the channels, the second of each pair with stride 2,
    each with leaky ReLU 0.2; then one number by a dense layer. The paper gives no layers: these are of our choosing.
    Without normalisation, a patch is judged whatever else is in its batch.

    Args:
        patch: planes, rows and columns of the patches; those of smaller ones are filled up with features of zeros.
        channels: of the first pair, by default 32: 32-64-128-256.
    """

    def __init__(self, patch: tuple[int, int, int], channels: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential()
        inputs = 1
        for factor in FACTORS:
            for stride in (1, 2):
                convolution = nn.Conv3d(inputs, factor * channels, 3, stride=stride, padding=1)
                self.features.extend([convolution, nn.LeakyReLU(0.2, inplace=True)])
                inputs = factor * channels
        planes, rows, columns = (-(-size // 2 ** len(FACTORS)) for size in patch)
        self.size = (planes, rows, columns)
        self.logit = nn.Linear(inputs * planes * rows * columns, 1)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Patches (batch, 1, planes, rows, columns) to a logit each, shape (batch,)."""
        logits: torch.Tensor = self.logit(filled_up(self.features(patches), self.size).flatten(1))
        return logits[:, 0]
