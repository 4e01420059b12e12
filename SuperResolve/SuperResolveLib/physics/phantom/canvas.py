"""The image into which a phantom is painted, with voxel coordinates and the random fields that tissues share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fields import Axes, Field, random_field, voxel_centres

#: Where the middle of the volume lies, in RAS mm; the origin is near the anterior commissure.
CENTRE = (0.0, -9.0, 12.0)

# Intensities of a T1-weighted image.
AIR, BONE, FLUID, MUSCLE, SKIN, MARROW, FAT, BLOOD = 3.0, 9.0, 20.0, 52.0, 62.0, 70.0, 125.0, 90.0
GREY, DEEP_GREY, PALLIDUM, WHITE = 68.0, 80.0, 93.0, 104.0


@dataclass(frozen=True)
class Canvas:
    """The image into which tissues are painted.

    Attributes:
        at: x, y, z of the voxels in mm.
        mirrored: the same with |x| in place of x, for what the head has on both sides.
        spacing: voxel size in mm.
        image: intensities; air at first.
        slow: random field of wavelength 45 mm.
        curly: two random fields of wavelength 14 mm.
        random: random numbers for further fields.
    """

    at: Axes
    mirrored: Axes
    spacing: float
    image: NDArray[np.float32]
    slow: Field
    curly: tuple[Field, Field]
    random: np.random.Generator

    @classmethod
    def blank(cls, affine: NDArray[np.float64], shape: tuple[int, int, int], random: np.random.Generator) -> Canvas:
        """A canvas with nothing but air."""
        x, y, z = voxel_centres(affine, shape)
        spacing = float(affine[0, 0])
        slow, a, b = (random_field(shape, mm / spacing, 0.3, random) for mm in (45.0, 14.0, 14.0))
        return cls((x, y, z), (np.abs(x), y, z), spacing, np.full(shape, AIR, np.float32), slow, (a, b), random)

    def paint(self, distance: Field, value: float | Field, softness: float = 1.0) -> None:
        """Give the voxels of a shape an intensity, mixed with what is there at an edge ``softness`` voxels wide."""
        share = np.clip(distance * np.float32(1 / (softness * self.spacing)) + np.float32(0.5), 0, 1)
        self.image[...] += share * (np.asarray(value, dtype=np.float32) - self.image)
