"""The image into which synthetic anatomy is painted, with the tissues that it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..phantom.fields import fractal_field
from .contrast import tone_curve
from .fields import FloatArray

Box = tuple[slice, slice, slice]

EVERYWHERE: Box = (slice(None), slice(None), slice(None))
AIR = 0.0
#: Ends of the ranges drawn from: how many tissues there are, and how far one spreads about its intensity.
TISSUES, SPREAD = (3, 9), (0.0, 0.1)
#: Tissues where every structure is one of its own.
MANY = 256
#: The amplitude of tissue's texture falls with frequency f as f^-TEXTURE; the largest standard deviation of it.
TEXTURE, ROUGHEST = 1.5, 0.08


@dataclass(frozen=True)
class Canvas:
    """The image into which tissues are painted.

    Attributes:
        image: intensities, shape (size, size, size).
        texture: random field of standard deviation 1 that shows faintly in all tissue.
        tissues: what tells one tissue from another, from 0 to 1: as scans have, few to a volume.
        spread: standard deviation of a tissue from one structure to another.
        contrast: the intensities that tissues at equal distances from 0 to 1 have, as a scanner's weighting decides.
        random: random numbers for all that is painted.
    """

    image: FloatArray
    texture: FloatArray
    tissues: NDArray[np.float64]
    spread: float
    contrast: NDArray[np.float64]
    random: np.random.Generator

    @classmethod
    def blank(cls, random: np.random.Generator, size: int, of_tissues: bool = True) -> Canvas:
        """A canvas of one tissue, of few that there are; else every structure has an intensity of its own."""
        texture = fractal_field((size,) * 3, TEXTURE, size, random).astype(np.float32)
        count = int(random.integers(*TISSUES)) if of_tissues else MANY
        tissues = (np.arange(count) + random.uniform(0, 1, count)) / count
        spread, contrast = random.uniform(*SPREAD), tone_curve(random)
        if not of_tissues:
            spread, contrast = 0.0, np.array([0.0, 1.0])
        image = np.zeros((size,) * 3, np.float32)
        canvas = cls(image, texture, tissues, spread, contrast, random)
        canvas.paint(np.float32(1), canvas.tissue(), canvas.roughness())
        return canvas

    @property
    def size(self) -> int:
        """Voxels along a side."""
        return len(self.image)

    def tissue(self) -> float:
        """The intensity of a structure: a tissue of the volume, drawn at random."""
        drawn = self.random.choice(self.tissues) + self.spread * self.random.standard_normal()
        return float(np.interp(drawn, np.linspace(0, 1, len(self.contrast)), self.contrast))

    def roughness(self) -> float:
        """How much of the texture shows in a structure: in most hardly any."""
        return float(ROUGHEST * self.random.uniform() ** 2)

    def paint(
        self, share: FloatArray | np.float32, intensity: float | FloatArray, roughness: float = 0, box: Box = EVERYWHERE
    ) -> None:
        """Mix a tissue into a box of voxels.

        Args:
            share: the part of each voxel that it fills, from 0 to 1.
            intensity: its intensity.
            roughness: amplitude of the texture in it.
            box: which voxels.
        """
        image = self.image[box]
        tissue = np.asarray(intensity, np.float32) + np.float32(roughness) * self.texture[box]
        image += share * (tissue - image)


def filled(depth: FloatArray, edge: float = 1.0) -> FloatArray:
    """The share of a voxel that a structure fills, by how deep the voxel's centre is beneath its surface.

    Args:
        depth: in voxels, negative outside.
        edge: width of the ramp in voxels; 1 is a voxel that a plane cuts.
    """
    return np.asarray(np.clip(depth * np.float32(1 / edge) + np.float32(0.5), 0, 1), np.float32)


def layer(depth: FloatArray, top: float | FloatArray, bottom: float | FloatArray, edge: float = 1.0) -> FloatArray:
    """The share of a voxel between two depths in voxels; exact for layers thinner than a voxel, too."""
    return filled(np.asarray(depth - top, np.float32), edge) - filled(np.asarray(depth - bottom, np.float32), edge)
