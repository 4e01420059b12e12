"""How well a discriminator tells what is real from what was generated, and what the generator makes of that."""

from __future__ import annotations

import torch
from torch.nn import functional


def cross_entropy(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    r"""The discriminator's :math:`-E[\log D(r)] - E[\log(1 - D(g))]` with D the logistic function of its logits
    (Goodfellow et al., NeurIPS 2014, eq. 1; Zhang et al. 2021, arXiv 2106.02599, Eq. 5).

    :math:`-\log D = \mathrm{softplus}(-l)` and :math:`-\log(1 - D) = \mathrm{softplus}(l)` of a logit l, which neither
    overflows nor loses digits.

    Args:
        real: logits of what is real, of any shape.
        generated: logits of what was generated, of any shape.
    """
    return functional.softplus(-real).mean() + functional.softplus(generated).mean()


def non_saturating(generated: torch.Tensor) -> torch.Tensor:
    r"""What the generator minimises: :math:`-E[\log D(g)]`, the mean of :math:`\mathrm{softplus}(-l)` over logits l of
    any shape.

    Its gradient is largest where the discriminator is sure, where that of :math:`E[\log(1 - D(g))]` vanishes
    (Goodfellow et al., NeurIPS 2014, Sec. 3).
    """
    return functional.softplus(-generated).mean()
