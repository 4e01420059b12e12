r"""A critic's scores of what is real and what was generated.

:math:`L_{adv} = -H(\hat x) + H(x)` (Xuan et al. 2020, arXiv 2003.12627, Eq. 7), a bounded critic's estimate of the
Wasserstein distance: the critic maximises it, what generates :math:`\hat x` minimises it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch


def critic_loss(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    r"""What the critic minimises: :math:`-L_{adv} = H(\hat x) - H(x)`, means over scores of any shape."""
    return generated.mean() - real.mean()


def generated_loss(generated: torch.Tensor) -> torch.Tensor:
    r"""What the generating network minimises: :math:`-H(\hat x)`, the part of :math:`L_{adv}` that it can change."""
    return -generated.mean()


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor], real: torch.Tensor, generated: torch.Tensor, shares: torch.Tensor
) -> torch.Tensor:
    r"""How far the critic's slope is from 1: the mean of :math:`(|\nabla H(x)| - 1)^2` with
    :math:`x = t\,r + (1 - t)\,g` (Gulrajani et al., NeurIPS 2017, arXiv 1704.00028, Eq. 3).

    Args:
        critic: a score for each member of a batch, which does not depend on the other members.
        real: r, the batch first.
        generated: g, of the same shape.
        shares: t, a number from 0 to 1 for each member.
    """
    t = shares.reshape(-1, *[1] * (real.ndim - 1))
    between = (t * real + (1 - t) * generated).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1).square().mean()
