"""How well a discriminator tells what is real from what was generated."""

from __future__ import annotations

import torch
from torch.nn import functional


def cross_entropy(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    r"""The discriminator's :math:`-E[\log D(r)] - E[\log(1 - D(g))]` with D the logistic function of its logits
    (Goodfellow et al., NeurIPS 2014, eq. 1).

    :math:`-\log D = \mathrm{softplus}(-l)` and :math:`-\log(1 - D) = \mathrm{softplus}(l)` of a logit l, which neither
    overflows nor loses digits.

    Args:
        real: logits of what is real, of any shape.
        generated: logits of what was generated, of any shape.
    """
    return functional.softplus(-real).mean() + functional.softplus(generated).mean()
