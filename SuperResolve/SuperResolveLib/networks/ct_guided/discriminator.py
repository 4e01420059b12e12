"""How real an image looks, patch by patch and at several scales."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class MultiScaleDiscriminator(nn.Module):
    """4x4 convolutions with stride 2 and leaky ReLU 0.2 that double the channels, then a 1x1 one, at several scales
    (Huang et al., ECCV 2018, arXiv 1804.04732; Wang et al., CVPR 2018).

    Each scale has an image of half the size, a mean over 3x3 pixels, and weights of its own. There is no normalisation.
    Weights are drawn from a normal distribution of deviation 0.02.

    Args:
        channels: of the first convolution.
        layers: number of convolutions with stride 2.
        scales: how many; those at which nothing of an image would be left are left out.
    """

    def __init__(self, channels: int = 64, layers: int = 4, scales: int = 3) -> None:
        super().__init__()
        self._fewest = 2**layers
        self.scales = nn.ModuleList(_of_one_scale(channels, layers) for _ in range(scales))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images (batch, 1, rows, columns) to the logits of each scale, higher for what is real."""
        logits: list[torch.Tensor] = []
        for scale in self.scales:
            if logits and min(images.shape[2:]) < self._fewest:
                break
            logits.append(scale(images))
            images = functional.avg_pool2d(images, 3, 2, 1, count_include_pad=False)
        return logits


def _of_one_scale(channels: int, layers: int) -> nn.Sequential:
    body: list[nn.Module] = []
    inputs = 1
    for number in range(layers):
        outputs = channels * 2**number
        body += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        inputs = outputs
    body.append(nn.Conv2d(inputs, 1, 1))
    for layer in body:
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*body)
