"""How far one Gaussian is from another."""

from __future__ import annotations

import torch


def gaussian_divergence(
    mean: torch.Tensor, log_variance: torch.Tensor, other_mean: torch.Tensor, other_log_variance: torch.Tensor
) -> torch.Tensor:
    r"""The Kullback-Leibler divergence of a diagonal Gaussian from another, which is not symmetric.

    :math:`KL(N_n, N_m) = \sum_d \ln(s_m / s_n) + (s_n^2 + (m_n - m_m)^2) / (2 s_m^2) - 1/2`
    (Xuan et al. 2020, arXiv 2003.12627, Eqs. 5 and 8; n is the first, m the other).

    Args:
        mean: of the first, shape (batch, dimensions).
        log_variance: of the first, the same shape.
        other_mean: of the other, the same shape.
        other_log_variance: of the other, the same shape.

    Returns:
        The divergence of each member of the batch, shape (batch,).
    """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 * torch.exp(-other_log_variance)
    return 0.5 * (torch.exp(log_ratio) + distance - 1 - log_ratio).sum(dim=1)


def divergence_from_standard(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """The divergence of a diagonal Gaussian from N(0, 1), arguments and shape as of :func:`gaussian_divergence`."""
    zero = torch.zeros_like(mean)
    return gaussian_divergence(mean, log_variance, zero, zero)
