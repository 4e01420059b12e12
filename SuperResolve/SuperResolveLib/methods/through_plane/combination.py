"""Making one volume of the results of several orientations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfftn, rfftn
from scipy.ndimage import gaussian_filter

from ..method import Combination

#: Exponent of the weights and width of their smoothing (Delbracio and Sapiro, CVPR 2015, Sec. 3).
EXPONENT = 11.0
SMOOTHING = 2.0


def combine(results: Sequence[NDArray[np.float32]], how: Combination) -> NDArray[np.float32]:
    """The mean of the results, or their Fourier burst accumulation."""
    if how == "fba" and len(results) > 1:
        return fourier_burst_accumulation(results)
    if len(results) == 1:
        return results[0]
    mean = results[0] / np.float32(len(results))
    for result in results[1:]:  # one by one: large volumes need not be stacked for it
        mean += result / np.float32(len(results))
    return mean


def fourier_burst_accumulation(results: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    r"""At every frequency, the mean weighted towards the result with the largest amplitude there.

    :math:`\hat u(f) = \sum_i w_i(f) \hat v_i(f)`, :math:`w_i = |\hat v_i|^p / \sum_j |\hat v_j|^p` with smoothed
    amplitudes (Delbracio and Sapiro, CVPR 2015; for orientations, Zhao et al., IEEE TMI 2020, Sec. III-D).
    """
    spectra = [rfftn(result) for result in results]
    amplitudes = np.stack(
        [gaussian_filter(np.abs(spectrum), SMOOTHING, mode=("wrap", "wrap", "mirror")) for spectrum in spectra]
    )
    amplitudes /= amplitudes.max(axis=0, keepdims=True) + 1e-30
    weights = amplitudes**EXPONENT
    weights /= weights.sum(axis=0, keepdims=True) + 1e-30
    total = sum(weight * spectrum for weight, spectrum in zip(weights, spectra, strict=True))
    return irfftn(total, s=results[0].shape).astype(np.float32)
