r"""How differently two volumes look to a network that was trained to see: the perceptual loss in 3-D.

:math:`L_{per} = \frac{1}{3} \sum_{v} \frac{1}{n_v} \sum_{p} \frac{1}{h w c} \|\phi(x_p) - \phi(\hat x_p)\|^2`
(Zhang et al. 2021, arXiv 2106.02599, Sec. 2.4), where v are the axial, coronal and sagittal directions, p the
:math:`n_v` planes across v, and :math:`\phi` the features of a plane, of c channels of h x w.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from .pixel import squared_error

#: Takes grey images of shape (batch, 1, rows, columns), of intensities of about 0 to 1, to features of any shape.
Extractor = Callable[[torch.Tensor], torch.Tensor]


def perceptual_loss(
    extractor: Extractor,
    truth: torch.Tensor,
    prediction: torch.Tensor,
    planes: int | None = None,
    random: torch.Generator | None = None,
) -> torch.Tensor:
    """The mean squared difference of features over planes across each of the three directions.

    The mean over planes drawn at random is that over all planes in expectation.

    Args:
        extractor: of features, as :class:`~SuperResolveLib.losses.features.FeatureExtractor`.
        truth: of shape (batch, 1, planes, rows, columns), intensities of about 0 to 1; no gradient flows to it.
        prediction: of the same shape.
        planes: how many of a direction's planes are drawn, without repetition, from the whole batch; ``None`` for all.
        random: what they are drawn from, on any device; ``None`` for torch's default generator.
    """
    losses = []
    for axis in (2, 3, 4):
        true, predicted = across(truth.detach(), axis), across(prediction, axis)
        if planes is not None and planes < len(true):
            device = "cpu" if random is None else random.device
            chosen = torch.randperm(len(true), generator=random, device=device)[:planes].to(true.device)
            true, predicted = true[chosen], predicted[chosen]
        with torch.no_grad():
            features = extractor(true)
        losses.append(squared_error(extractor(predicted), features))
    return torch.stack(losses).mean()


def across(volumes: torch.Tensor, axis: int) -> torch.Tensor:
    """All planes across one axis of volumes of shape (batch, 1, ...): images of shape (batch * planes, 1, h, w)."""
    return volumes.movedim(axis, 1).flatten(0, 1)
