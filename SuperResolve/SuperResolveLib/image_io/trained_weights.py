r"""Whether the weights of a network were learned, or drawn at random and never trained.

The singular values of an m x n matrix of independent entries of standard deviation :math:`\sigma` lie below
:math:`\sigma (\sqrt m + \sqrt n)`, whatever the entries' distribution (Marchenko and Pastur 1967; Bai and Yin 1993),
and those of a matrix with orthogonal rows or columns below that, too. Training adds directions that stand out (Martin
and Mahoney, JMLR 2021). So the largest singular value of a convolution's weights, as a matrix of its outputs by its
inputs and taps, is compared with that edge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

#: How many times as large as the edge it must be.
LEAST_OUTLIER = 1.2


def outlier(weights: NDArray[np.floating]) -> float:
    """The largest singular value of a convolution's weights, relative to the edge of random ones.

    Args:
        weights: of shape (outputs, inputs, rows, columns).
    """
    matrix = weights.reshape(len(weights), -1).astype(np.float64)
    matrix -= matrix.mean()
    outputs, inputs = matrix.shape
    edge = matrix.std() * (math.sqrt(outputs) + math.sqrt(inputs))
    gram = matrix @ matrix.T if outputs < inputs else matrix.T @ matrix
    return math.sqrt(max(float(np.linalg.eigvalsh(gram)[-1]), 0.0)) / edge if edge > 0 else 0.0


def first_untrained(tensors: Mapping[str, NDArray[np.floating]]) -> str | None:
    """The first of a network's convolutions that looks as if it had never been trained; ``None`` where none does."""
    convolutions = ((name, tensor) for name, tensor in tensors.items() if tensor.ndim == 4)
    return next((name for name, tensor in convolutions if outlier(tensor) < LEAST_OUTLIER), None)
