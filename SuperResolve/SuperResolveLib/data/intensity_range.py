"""The intensities that are 0 and 1 for a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Percentiles of a scan's intensities that become 0 and 1: what few voxels have, such as bright vessels, lies beyond.
PERCENTILES = (1.0, 99.5)


def intensity_range(data: NDArray[np.float32], percentiles: tuple[float, float] = PERCENTILES) -> tuple[float, float]:
    """The intensity that is 0, and how much of the image's is 1; of images that are the same almost everywhere, all of
    their range, and of constant ones 1.
    """
    low, high = (float(value) for value in np.percentile(data, percentiles))
    return low, high - low if high > low else float(np.ptp(data)) or 1.0
