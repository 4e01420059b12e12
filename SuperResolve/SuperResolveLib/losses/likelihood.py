"""How well a predicted variance fits the errors that were made."""

from __future__ import annotations

import torch


def gaussian_likelihood(squared_errors: torch.Tensor, log_variances: torch.Tensor) -> torch.Tensor:
    r"""The mean of :math:`\log \sigma^2 + e^2 / \sigma^2`: twice the negative log-likelihood of errors e, less a
    constant (Nix and Weigend 1994; Kendall and Gal, NeurIPS 2017).

    Args:
        squared_errors: :math:`e^2`.
        log_variances: :math:`\log \sigma^2`, of the same shape; for even errors the least loss lies at
            :math:`\sigma^2 = e^2`.
    """
    return (log_variances + squared_errors * torch.exp(-log_variances)).mean()
