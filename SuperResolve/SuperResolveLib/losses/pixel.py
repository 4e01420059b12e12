"""How far an image is from the truth, pixel by pixel."""

from __future__ import annotations

import torch
from torch.nn import functional


def absolute_error(prediction: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    r"""L1: the mean of :math:`|\hat x - x|` over all elements of two tensors of one shape."""
    return functional.l1_loss(prediction, truth)


def squared_error(prediction: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    r"""L2: the mean of :math:`(\hat x - x)^2` over all elements of two tensors of one shape."""
    return functional.mse_loss(prediction, truth)
