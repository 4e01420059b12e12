r"""What networks that translate between two domains of images minimise (Wang et al., MICCAI 2023, Eqs. 1-7).

The adversarial loss of a domain with discriminator D, real images r and generated ones g is

.. math:: L_{adv} = E[\log D(r)] + E[\log(1 - D(g))],

which D raises and what makes r and g lowers, summed over those of D's scales that images of both sizes have. Of MR, r
itself was made: it is the super-resolving network's answer, and the gradient through :math:`\log D(r)` is how CT
teaches this network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .adversarial import cross_entropy
from .perceptual import Extractor
from .pixel import squared_error

Logits = Sequence[torch.Tensor]


def adversarial_loss(real: Logits, generated: Logits) -> torch.Tensor:
    """:math:`L_{adv}` of the logits of each scale, of any shapes; D minimises its negative."""
    losses = [-cross_entropy(first, second) for first, second in zip(real, generated, strict=False)]
    return torch.stack(losses).sum()


def fooling_loss(real: Logits, generated: Logits) -> torch.Tensor:
    r""":math:`-E[\log D(g)] - E[\log(1 - D(r))]`, whose gradient is largest where D is sure; it has the minima that
    :func:`adversarial_loss` has for what makes r and g (as Goodfellow et al., NeurIPS 2014, Sec. 3). Arguments alike.
    """
    losses = [cross_entropy(second, first) for first, second in zip(real, generated, strict=False)]
    return torch.stack(losses).sum()


def content_distance(
    extractor: Extractor, source: torch.Tensor, translation: torch.Tensor, instance_norm: bool
) -> torch.Tensor:
    r"""The mean of :math:`(\Phi(a) - \Phi(b))^2` of images and their translations (Eq. 4).

    Args:
        extractor: Phi, of images from 0 to 1.
        source: images of shape (batch, 1, rows, columns), from -1 to 1.
        translation: of the same shape and range.
        instance_norm: whether each channel of features has mean 0 and deviation 1 before (Huang et al., ECCV 2018),
            so that a domain's brightness and contrast count less.
    """
    of_source, of_translation = (extractor((images + 1) / 2) for images in (source, translation))
    if instance_norm:
        of_source, of_translation = _normalised(of_source), _normalised(of_translation)
    return squared_error(of_translation, of_source)


def _normalised(features: torch.Tensor) -> torch.Tensor:
    mean = features.mean(dim=(2, 3), keepdim=True)
    variance = features.var(dim=(2, 3), keepdim=True, unbiased=False)
    return (features - mean) * torch.rsqrt(variance + 1e-5)
