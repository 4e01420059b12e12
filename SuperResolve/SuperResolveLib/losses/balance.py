r"""Weights of losses by what they do rather than by what they are: so that their gradients are in wanted proportions.

A loss's size depends on the unit of intensities and on its own scale; how far it moves a network is told by its
gradient. With the first of the wanted :math:`p_i` as reference, :math:`w_i = p_i \|\nabla L_1\| / \|\nabla L_i\|`, so
that :math:`w_i \|\nabla L_i\|` stand to each other as the :math:`p_i` and :math:`w_1 = p_1`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch


def gradient_norms(
    losses: Mapping[str, torch.Tensor], with_respect_to: torch.Tensor | Sequence[torch.Tensor]
) -> dict[str, float]:
    """The Euclidean norm of each loss's gradient; the graph is kept, and no ``.grad`` is written.

    Args:
        losses: scalars by name.
        with_respect_to: the network's output, or its parameters, all as one vector; what a loss does not reach counts
            as zero.
    """
    variables = [with_respect_to] if isinstance(with_respect_to, torch.Tensor) else list(with_respect_to)
    norms = {}
    for name, loss in losses.items():
        gradients = torch.autograd.grad(loss, variables, retain_graph=True, allow_unused=True)
        norms[name] = math.sqrt(sum(float(each.double().square().sum()) for each in gradients if each is not None))
    return norms


def balanced_weights(norms: Mapping[str, float], proportions: Mapping[str, float]) -> dict[str, float]:
    """Weights under which the gradients stand in the wanted proportions; the first loss's weight is its proportion.

    Args:
        norms: of the gradients, by the names of ``proportions`` (:func:`gradient_norms`, or their means over batches).
        proportions: what is wanted, such as ``{"perceptual": 1, "adversarial": 0.01, "squared_error": 0.001}``.

    Raises:
        ValueError: a gradient vanishes or is not finite, so that no weight brings it to its proportion.
    """
    for name in proportions:
        if not (math.isfinite(norms[name]) and norms[name] > 0):
            raise ValueError(f"the gradient of the loss {name} has norm {norms[name]:g}, which no weight can balance")
    reference = norms[next(iter(proportions))]
    return {name: proportion * reference / norms[name] for name, proportion in proportions.items()}


def balance(
    losses: Mapping[str, torch.Tensor],
    with_respect_to: torch.Tensor | Sequence[torch.Tensor],
    proportions: Mapping[str, float],
) -> dict[str, float]:
    """:func:`balanced_weights` by the gradients of these losses; arguments and errors as of the two functions."""
    return balanced_weights(gradient_norms(losses, with_respect_to), proportions)
