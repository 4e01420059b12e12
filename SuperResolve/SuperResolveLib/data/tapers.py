"""Windows in one dimension that fade data out towards its ends.

They equal those of ``scipy.signal.windows``, whose import takes longer than everything else that a run imports.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

FloatArray = NDArray[np.float64]


def tukey(count: int, fraction: float) -> FloatArray:
    """The Tukey window: 1 in the middle, half a cosine towards both ends.

    Args:
        count: number of samples.
        fraction: of the window that fades, both ends together; above 0, at most 1.

    Returns:
        Shape (count,).
    """
    if count < 2:
        return np.ones(count)
    from_end = np.minimum(np.arange(count), np.arange(count)[::-1])
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(2 * from_end / (fraction * (count - 1)), 1.0)))


def slepian(count: int, bandwidth: float, tapers: int) -> FloatArray:
    r"""Slepian sequences: of all orthonormal ones, those with the most energy at frequencies up to W.

    They are the eigenvectors with the largest eigenvalues of the tridiagonal matrix with

    .. math:: \left(\frac{n - 1 - 2t}{2}\right)^2 \cos 2\pi W \text{ on and } \frac{t (n - t)}{2} \text{ beside}

    the diagonal (D. Slepian, *Bell System Technical Journal* 57, 1978, eq. 14).

    Args:
        count: n, number of samples, more than ``tapers``.
        bandwidth: n W, time-bandwidth product.
        tapers: number of sequences.

    Returns:
        Shape (tapers, count), the most concentrated first; their signs have no meaning.
    """
    t = np.arange(count)
    diagonal = ((count - 1 - 2 * t) / 2) ** 2 * np.cos(2 * np.pi * bandwidth / count)
    beside = t[1:] * (count - t[1:]) / 2
    vectors = eigh_tridiagonal(diagonal, beside, select="i", select_range=(count - tapers, count - 1))[1]
    return np.asarray(vectors[:, ::-1].T)
