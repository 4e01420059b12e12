r"""A critic's scores of what is real and what was generated.

:math:`L_{adv} = -H(\hat x) + H(x)` (Xuan et al. 2020, arXiv 2003.12627, Eq. 7), a bounded critic's estimate of the
Wasserstein distance: the critic maximises it, what generates :math:`\hat x` minimises it.
"""

from __future__ import annotations

import torch


def critic_loss(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    r"""What the critic minimises: :math:`-L_{adv} = H(\hat x) - H(x)`, means over scores of any shape."""
    return generated.mean() - real.mean()


def generated_loss(generated: torch.Tensor) -> torch.Tensor:
    r"""What the generating network minimises: :math:`-H(\hat x)`, the part of :math:`L_{adv}` that it can change."""
    return -generated.mean()
