"""How different a result looks from the truth, by a distance between images that is handed in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..progress import ProgressCallback, silent
from .image_quality import Aligned

Planes = NDArray[np.float32]

#: How many planes the distance is handed at once.
_TOGETHER = 4


def perceptual_distance(
    images: Aligned,
    distance: Callable[[Planes, Planes], NDArray[np.float64]],
    progress: ProgressCallback = silent,
) -> float:
    """The distance over all planes across each of the three directions: the mean of the three directions' means.

    Intensities are taken from the truth's range within the mask to 0 to 1. The planes are those of the box around the
    mask, with what lies in its corners.

    Args:
        images: the two.
        distance: of two stacks of planes, shape (planes, rows, columns), of intensities of about 0 to 1: that of each
            pair.
        progress: receives how far the run is.
    """
    lowest, highest = images.truth_range
    scaled = [((image - lowest) / (highest - lowest)).astype(np.float32) for image in images.boxed]
    total, done = sum(scaled[0].shape), 0
    means = []
    for axis in range(3):
        truth, result = (np.moveaxis(image, axis, 0) for image in scaled)
        found = []
        for first in range(0, len(truth), _TOGETHER):
            progress(done / total, "comparing features")
            part = slice(first, first + _TOGETHER)
            found.append(distance(truth[part], result[part]))
            done += len(found[-1])
        means.append(float(np.mean(np.concatenate(found))))
    return float(np.mean(means))
