"""Smooth random fields, whose level sets are the curved surfaces of synthetic anatomy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Standard deviations of a kernel beyond the volume in which knots still reach into it.
REACH = 3
#: The fraction of its root mean square that is added to a field's slope, lest surfaces swell where it is flat.
LEAST_SLOPE = 0.3


@dataclass(frozen=True, eq=False)
class SmoothField:
    """A Gaussian random field of mean 0 and standard deviation 1, correlated as exp(-r^2 / (4 scale^2)).

    It is white noise on a lattice of knots ``scale`` voxels apart, convolved with a Gaussian of that standard
    deviation: a product along each axis, so that its gradient, too, is known in closed form.

    Attributes:
        knots: white noise, shape (m, m, m).
        kernels: along each axis the weight of each knot in each voxel, shape (size, m).
        slopes: their derivatives.
    """

    knots: FloatArray
    kernels: tuple[FloatArray, FloatArray, FloatArray]
    slopes: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def drawn(cls, random: np.random.Generator, size: int, scale: float) -> SmoothField:
        """A random field on a cube of ``size`` voxels along a side, with ``scale`` in voxels."""
        count = int(np.ceil(size / scale)) + 2 * REACH + 2
        knots = random.standard_normal((count,) * 3, dtype=np.float32)
        kernels, slopes = [], []
        for first in random.uniform(-REACH - 1, -REACH, 3):
            offset = np.arange(size)[:, None] / scale - (first + np.arange(count))
            kernel = np.exp(-(offset**2) / 2) / np.pi**0.25
            kernels.append(kernel.astype(np.float32))
            slopes.append((-offset / scale * kernel).astype(np.float32))
        return cls(knots, tuple(kernels), tuple(slopes))

    @cached_property
    def values(self) -> FloatArray:
        """The field, shape (size, size, size)."""
        return self._product(*self.kernels)

    def distance(self, level: float = 0) -> FloatArray:
        """Signed distance in voxels to a level set, positive where the field is higher; to first order."""
        (a, b, c), (da, db, dc) = self.kernels, self.slopes
        squared = self._product(da, b, c) ** 2 + self._product(a, db, c) ** 2 + self._product(a, b, dc) ** 2
        return distance_to_zero(self.values - np.float32(level), squared)

    def _product(self, a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
        planes = np.tensordot(a, self.knots, axes=1)
        return np.asarray(np.matmul(np.matmul(b, planes), c.T), np.float32)


def distance_to_zero(height: FloatArray, squared_slope: FloatArray) -> FloatArray:
    """Signed distance in voxels to where a field is 0, to first order: the field over its slope.

    Args:
        height: the field.
        squared_slope: the square of the length of its gradient.
    """
    least = np.float32(LEAST_SLOPE**2) * squared_slope.mean()
    return np.asarray(height / np.sqrt(squared_slope + least), np.float32)


def displaced(random: np.random.Generator, size: int, warps: tuple[tuple[float, float], ...]) -> FloatArray:
    """Voxel indices that smooth random fields have moved, shape (3, size, size, size).

    Args:
        random: random numbers.
        size: voxels along a side.
        warps: of each displacement its standard deviation along each axis and the scale of its field, both in voxels.
    """
    grid = np.stack(np.meshgrid(*[np.arange(size, dtype=np.float32)] * 3, indexing="ij"))
    for along in grid:
        for amplitude, scale in warps:
            along += np.float32(amplitude) * SmoothField.drawn(random, size, scale).values
    return grid
