"""Synthetic anatomy: a volume that nobody was scanned for, to learn from where no collection may be used.

Its parts are those of MR scans: opaque structures of all sizes (:mod:`~.leaves`), folded layers (:mod:`~.folds`), thin
sheets (:mod:`~.sheets`) and tubes (:mod:`~.tubes`), the body's surface with air outside (:mod:`~.body`), cavities,
few tissues under a contrast of their own (:mod:`~.contrast`), texture, a bias field, and a resolution of its own
(:mod:`~.resolution`). How much there is of each is drawn for each volume, and no axis is preferred. A share of the
volumes are leaves alone, dense, sharp, and each of an intensity of its own: what there is most to learn from.
"""

from __future__ import annotations

import numpy as np

from ...data.volume import Volume
from .body import Body
from .canvas import Canvas
from .fields import FloatArray, SmoothField
from .folds import lay_folds
from .leaves import Leaves
from .resolution import with_noise, with_resolution
from .sheets import lay_sheets
from .tubes import lay_tubes

#: The bias field's largest standard deviation, and its scale as a fraction of the cube.
BIAS, BIAS_SCALE = 0.2, 0.3
#: Share of volumes that are leaves alone.
LEAVES_ALONE = 0.5
#: Percentiles of intensity that become 0 and 1.
RANGE = (0.5, 99.5)


def synthetic_anatomy(seed: int, size: int = 96) -> Volume:
    """A cube of synthetic anatomy with voxels of 1 mm and intensities from 0 to 1; the same for the same seed.

    Args:
        seed: of all that is random in it.
        size: voxels along a side, at least 16.
    """
    random = np.random.default_rng([seed, size])
    alone = random.uniform() < LEAVES_ALONE
    image = with_bias(random, _leaves_alone(random, size) if alone else _anatomy(random, size))
    image = scaled(image) if alone else with_noise(random, scaled(with_resolution(random, image)))
    return Volume(np.clip(image, 0, 1), np.eye(4))


def _leaves_alone(random: np.random.Generator, size: int) -> FloatArray:
    canvas = Canvas.blank(random, size, of_tissues=False)
    Leaves.on(canvas).lay_dense()
    return canvas.image


def _anatomy(random: np.random.Generator, size: int) -> FloatArray:
    canvas = Canvas.blank(random, size)
    leaves, body = Leaves.on(canvas), Body.drawn(canvas)
    leaves.lay_early()
    lay_folds(canvas, body)
    leaves.lay_late()
    lay_sheets(canvas)
    lay_tubes(canvas)
    if body:
        body.paint(canvas)
    leaves.lay_cavities()
    return canvas.image


def with_bias(random: np.random.Generator, image: FloatArray) -> FloatArray:
    """The image under a smooth bias field."""
    size = len(image)
    bias = np.exp(random.uniform(0, BIAS) * SmoothField.drawn(random, size, BIAS_SCALE * size).values)
    return np.asarray(image * bias, np.float32)


def scaled(image: FloatArray) -> FloatArray:
    """The image with the percentiles of ``RANGE`` at 0 and 1."""
    low, high = np.percentile(image, RANGE)
    return np.asarray((image - low) / max(high - low, 1e-6), np.float32)
