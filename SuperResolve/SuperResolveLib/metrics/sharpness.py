r"""How much of the truth's fine detail along each axis a result has: a measure that needs no network.

:math:`S_a = \frac{q_a(\hat x)}{q_a(x)}, \quad q_a(x) = \frac{\sum_{f > 1 / 2s} E_a(f)}{\sum_{f > 0} E_a(f)}`, where
:math:`E_a(f)` is the power at f cycles a voxel along axis a, summed over all lines of voxels along it, each with its
mean taken off and faded out by a Hann window, and s is a ratio of slice spacing to voxel: :math:`1 / 2s` is the highest
frequency that slices s voxels apart can hold.

Beside PSNR and SSIM, which a smooth result does best in, it tells whether there is detail; not whether it is true.

- It is 1 for the truth itself, and for what differs from it by a factor or a constant.
- Blur along the axis that weakens each frequency more than those below it makes it smaller.
  Of detail that runs obliquely it takes along the other axes, too, less.
- Noise and invented detail make it larger, also beyond 1; a result without the truth's noise falls short of 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AXIS_NAMES

#: What slices can hold that are two voxels apart: the ratio unless told.
USUAL_RATIO = 2.0


def sharpness(
    truth: NDArray[np.floating], result: NDArray[np.floating], ratio: float = USUAL_RATIO
) -> dict[str, float]:
    """How sharp the result is along each axis, relative to the truth, by the axis's name.

    Args:
        truth: an image.
        result: an image of the same shape.
        ratio: of slice spacing to voxel, above whose Nyquist frequency counts what is compared; at least 1.5.

    Returns:
        Not a number along an axis without detail in the truth.
    """
    found: dict[str, float] = {}
    for axis, name in enumerate(AXIS_NAMES):
        wanted = fine_share(truth, axis, ratio)
        found[name] = fine_share(result, axis, ratio) / wanted if wanted > 0 else float("nan")
    return found


def fine_share(image: NDArray[np.floating], axis: int, ratio: float) -> float:
    """The share of the power along an axis above the Nyquist frequency of slices ``ratio`` voxels apart, 0 to 1."""
    lines = np.moveaxis(image, axis, -1).astype(np.float64)
    size = lines.shape[-1]
    window = np.hanning(size + 2)[1:-1]
    lines -= lines[..., :1]  # exactly 0 where a line is constant
    # The mean under the window: what is left has no power at frequency 0.
    lines -= (lines @ window / window.sum())[..., None]
    power = (np.abs(np.fft.rfft(lines * window)) ** 2).sum(axis=(0, 1))[1:]
    fine = np.fft.rfftfreq(size)[1:] > 1 / (2 * ratio)
    return float(power[fine].sum() / power.sum()) if power.sum() > 0 else 0.0
