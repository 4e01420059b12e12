r"""Muon: gradient steps whose matrices have all singular values alike (Jordan et al., 2024).

Adam's steps for a convolution's weights are nearly of low rank, so that a few directions learn and the others wait.
Muon makes the momentum's matrix orthogonal before it steps; scaled to the size of Adam's steps (Liu et al., "Muon is
scalable for LLM training", arXiv 2502.16982) it needs about half of Adam's iterations here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch

#: Coefficients of the odd polynomial that drives singular values towards 1 fast, and how often it is applied.
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)
_STEPS = 5
#: Root-mean-square of a step per unit of learning rate; Adam's lie between 0.2 and 0.4 (Liu et al., Sec. 2.2).
_SIZE = 0.4


class Muon(torch.optim.Optimizer):
    r"""Momentum, made orthogonal: :math:`W \leftarrow W - 0.4\,\eta \sqrt{\max(m, n)}\,\mathrm{orth}(G + \mu M)`.

    :math:`M \leftarrow \mu M + G` is the momentum of the gradient G, and W is seen as an m x n matrix, a row an output.

    Args:
        parameters: weights of two dimensions or more, outputs first.
        learning_rate: :math:`\eta`, on the scale of Adam's.
        momentum: :math:`\mu`.
    """

    def __init__(self, parameters: Iterable[torch.Tensor], learning_rate: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": learning_rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, weight.grad, group["lr"], group["momentum"])

    def _update(self, weight: torch.Tensor, gradient: torch.Tensor, learning_rate: float, momentum: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        average = state["momentum"].mul_(momentum).add_(gradient)
        direction = gradient.add(average, alpha=momentum).flatten(1)
        size = _SIZE * math.sqrt(max(direction.shape))
        weight.add_(orthogonal(direction).reshape(weight.shape), alpha=-learning_rate * size)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    r"""Near :math:`U V^T` of a matrix :math:`U S V^T`: singular values of about 0.7 to 1.2, by Newton-Schulz steps.

    :math:`X \leftarrow a X + (b X X^T + c (X X^T)^2) X`, from X = matrix / its norm; the smallest singular values
    stay smaller.
    """
    a, b, c = _POLYNOMIAL
    tall = matrix.shape[0] > matrix.shape[1]
    result = matrix.T if tall else matrix
    result = result / (result.norm() + 1e-12)
    for _ in range(_STEPS):
        gram = result @ result.T
        result = a * result + (b * gram + c * gram @ gram) @ result
    return result.T if tall else result
