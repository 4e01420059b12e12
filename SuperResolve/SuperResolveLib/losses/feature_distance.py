r"""How differently two images look to a network, at all its scales: the distance behind LPIPS.

:math:`d(x, y) = \sum_l \frac{1}{h_l w_l} \sum_{hw} \sum_c w_{lc} (\hat x_{lchw} - \hat y_{lchw})^2`, where
:math:`\hat x_l` are the features after layer l, each pixel's vector of channels scaled to length 1 (Zhang et al., CVPR
2018, arXiv 1801.03924, Eq. 1). With weights :math:`w` that were fitted to what people judge it is LPIPS, with ones it
is an uncalibrated distance.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

#: Keeps features that vanish from being divided by 0.
_TINY = 1e-10


def feature_distance(
    features: Sequence[torch.Tensor], others: Sequence[torch.Tensor], weights: Sequence[torch.Tensor] | None = None
) -> torch.Tensor:
    """The distance of each image of a batch from its other, shape (batch,).

    Args:
        features: of the images, after each of some layers, each of shape (batch, channels, h, w).
        others: the same of the other images.
        weights: of the channels of each layer, shape (channels,); ``None`` for ones.
    """
    total = torch.zeros(len(features[0]), device=features[0].device)
    for number, (first, second) in enumerate(zip(features, others, strict=True)):
        difference = (_directions(first) - _directions(second)).square()
        if weights is not None:
            difference = difference * weights[number].reshape(1, -1, 1, 1)
        total = total + difference.sum(dim=1).mean(dim=(1, 2))
    return total


def _directions(features: torch.Tensor) -> torch.Tensor:
    """Each pixel's vector of channels, scaled to length 1."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + _TINY)
