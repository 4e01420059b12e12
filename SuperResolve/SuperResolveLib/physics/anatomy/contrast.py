"""The contrast of a volume: which tissue is bright and which dark, as the weighting of a scan decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Shares of volumes: contrasts that are not monotone, as FLAIR's, where fluid is dark and oedema bright; of others,
#: those that are inverted.
NOT_MONOTONE, INVERTED = 0.3, 0.5
KNOTS = 6
#: The darkest tissue; only air is darker.
DARKEST = 0.06


def tone_curve(random: np.random.Generator) -> NDArray[np.float64]:
    """Intensities from ``DARKEST`` to 1 at ``KNOTS`` equal steps of what tells tissues apart, by a random curve."""
    if random.uniform() < NOT_MONOTONE:
        curve = random.uniform(0, 1, KNOTS)
    else:
        curve = np.cumsum(random.gamma(0.7, size=KNOTS))
        curve = curve[::-1] if random.uniform() < INVERTED else curve
    low, high = curve.min(), curve.max()
    return np.asarray(DARKEST + (1 - DARKEST) * (curve - low) / max(high - low, 1e-6))
