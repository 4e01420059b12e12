r"""Dead leaves: opaque shapes of all sizes that cover each other.

The number of those of radius r falls as :math:`r^{-p}`, by which edges and scales are distributed as those of images
are (Lee, Mumford and Huang, International Journal of Computer Vision 2001). Here they are ellipsoids in a space that a
smooth displacement has warped, and some have a rim, as bone has cortex and organs have a capsule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .canvas import AIR, Box, Canvas, filled
from .fields import FloatArray, displaced

Ends = tuple[float, float]

#: Ends of the ranges drawn from: leaves in a cube of 96 voxels (larger cubes have as many to a voxel), the radius of
#: the smallest leaves in voxels, that of the largest as a fraction of the cube, and the exponent of the power law.
LEAVES, SMALLEST, LARGEST, EXPONENTS = (100, 2500), (1.2, 4.0), (0.2, 0.45), (1.4, 2.6)
#: How many times over they cover the cube at most: what lies beneath is not seen.
COVERED = (0.3, 4.0)
#: Leaves on top of all tissue, as deep nuclei and lesions are, and the largest of them as a fraction of the cube.
LATE_LEAVES, LARGEST_LATE = (0, 60), 0.12
#: How far from what is around to a tissue of its own a leaf's intensity lies.
CONTRAST = (0.15, 1.0)
#: Shares of leaves that have a rim, and of rims whose thickness grows with the leaf.
RIMMED, GROWING = 0.35, 0.5
#: How far centres may lie outside the cube, in radii; standard deviation of the logarithms of the axes' ratios.
OUTSIDE, ELONGATION = 0.3, 0.4
#: Widths of edges in voxels.
EDGES = (0.5, 2.0)
#: The same where there are leaves alone: how many, the smallest and largest radius, contrast and edges.
DENSE, DENSE_RADII, FULL, SHARP = 3500, (1.2, 0.3), (1.0, 1.0), (0.4, 1.2)
#: Thickness of a rim that grows with the leaf, as a fraction of its radius, and of others in voxels.
THICK_RIM, THIN_RIM = (0.08, 0.3), (0.7, 2.5)
#: Shares of volumes that have air cavities, and how many of which radii in voxels.
CAVITIES, CAVITY_COUNT, CAVITY_RADII = 0.4, (1, 8), (1.5, 10.0)
#: The part of the cube in which the cavities of a volume lie.
CROWDING = 0.25
#: Standard deviation and scale of the displacements in voxels: a gentle one of whole parts, and one of their outlines.
WARPS = ((5.0, 26.0), (1.8, 12.0))
#: By how much the displacement can stretch a small leaf, and how far in voxels it can move a part of a large one.
STRETCH, REACH = 2.8, 30.0


@dataclass(frozen=True)
class Leaf:
    """An ellipsoid.

    Attributes:
        centre: voxel index, between voxels and slightly outside, too.
        semi_axes: their lengths in voxels.
        turn: rotation from its axes to the volume's, shape (3, 3).
        rim: thickness of its rim in voxels, 0 for none.
    """

    centre: NDArray[np.float64]
    semi_axes: NDArray[np.float64]
    turn: NDArray[np.float64]
    rim: float

    def nearest(self, size: int) -> tuple[int, int, int]:
        """The voxel next to its centre in a volume of that size."""
        i, j, k = np.clip(np.rint(self.centre), 0, size - 1).astype(int).tolist()
        return i, j, k

    def box(self, size: int) -> Box:
        """The voxels that it can reach in a volume of that size."""
        extent = np.sqrt(self.turn**2 @ self.semi_axes**2) + 1
        extent = np.minimum(STRETCH * extent, extent + REACH)
        first = np.clip(np.floor(self.centre - extent), 0, size).astype(int)
        last = np.clip(np.ceil(self.centre + extent) + 1, 0, size).astype(int)
        i, j, k = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
        return i, j, k

    def depth(self, grid: FloatArray, box: Box) -> FloatArray:
        """About the depth in voxels beneath its surface, in a box of warped voxel indices."""
        whitened = (self.turn / self.semi_axes).T.astype(np.float32)
        nearest = self.nearest(grid.shape[-1])
        centre = grid[(slice(None), *nearest)] + (self.centre - nearest).astype(np.float32)
        offsets = grid[(slice(None), *box)] - centre[:, None, None, None]
        distance = np.sqrt(np.square(whitened @ offsets.reshape(3, -1)).sum(axis=0)).reshape(offsets.shape[1:])
        return np.asarray((1 - distance) * np.float32(np.prod(self.semi_axes) ** (1 / 3)), np.float32)


@dataclass(frozen=True)
class Leaves:
    """What lays leaves on a canvas, all in one warped space.

    Attributes:
        canvas: where to.
        grid: warped voxel indices, shape (3, size, size, size).
    """

    canvas: Canvas
    grid: FloatArray

    @classmethod
    def on(cls, canvas: Canvas) -> Leaves:
        """On a canvas, in a space warped at random."""
        return cls(canvas, displaced(canvas.random, canvas.size, WARPS))

    def lay_early(self) -> None:
        """Cover the canvas with leaves."""
        random = self.canvas.random
        smallest, largest = random.uniform(*SMALLEST), random.uniform(*LARGEST) * self.canvas.size
        drawn = radii(random, self._count(LEAVES), smallest, max(largest, 2 * smallest))
        covered = np.cumsum(4 / 3 * np.pi * drawn**3) / self.canvas.size**3
        self._lay(drawn[: 1 + np.searchsorted(covered, random.uniform(*COVERED))])

    def lay_dense(self) -> None:
        """Cover the canvas with sharp leaves down to the smallest, each of a tissue of its own."""
        smallest, largest = DENSE_RADII
        drawn = radii(self.canvas.random, self._count((DENSE, DENSE)), smallest, largest * self.canvas.size)
        self._lay(drawn, FULL, SHARP)

    def lay_late(self) -> None:
        """Lay a few leaves on what is there."""
        random = self.canvas.random
        self._lay(radii(random, self._count(LATE_LEAVES), SMALLEST[0], LARGEST_LATE * self.canvas.size))

    def _count(self, ends: tuple[int, int]) -> int:
        return round(self.canvas.random.uniform(*ends) * (self.canvas.size / 96) ** 3)

    def _lay(self, drawn: NDArray[np.float64], contrasts: Ends = CONTRAST, edges: Ends = EDGES) -> None:
        for leaf in leaves(self.canvas.random, drawn, self.canvas.size):
            around = float(self.canvas.image[leaf.nearest(self.canvas.size)])
            contrast = self.canvas.random.uniform(*contrasts)
            self._paint(leaf, around + contrast * (self.canvas.tissue() - around), self.canvas.roughness(), edges)

    def lay_cavities(self) -> None:
        """In some volumes, cavities that hold air, next to each other and lined."""
        random, size = self.canvas.random, self.canvas.size
        if random.uniform() >= CAVITIES:
            return
        drawn = random.uniform(*CAVITY_RADII, random.integers(*CAVITY_COUNT))
        middle = random.uniform(0, size, 3)
        for leaf in leaves(random, drawn, size):
            self._paint(replace(leaf, centre=middle + CROWDING * (leaf.centre - size / 2)), AIR, 0)

    def _paint(self, leaf: Leaf, intensity: float, roughness: float, edges: Ends = EDGES) -> None:
        box, edge = leaf.box(self.canvas.size), self.canvas.random.uniform(*edges)
        if any(along.start >= along.stop for along in box):
            return
        depth = leaf.depth(self.grid, box)
        if leaf.rim:
            rim = filled(leaf.rim - depth, edge)
            self.canvas.paint(filled(depth, edge), intensity + (self.canvas.tissue() - intensity) * rim, roughness, box)
        else:
            self.canvas.paint(filled(depth, edge), intensity, roughness, box)


def radii(random: np.random.Generator, count: int, smallest: float, largest: float) -> NDArray[np.float64]:
    """Radii by the power law r^-p between two ends, with p drawn first."""
    power = 1 - random.uniform(*EXPONENTS)
    ends = smallest**power, largest**power
    return np.asarray((ends[0] + random.uniform(size=count) * (ends[1] - ends[0])) ** (1 / power))


def leaves(random: np.random.Generator, drawn: NDArray[np.float64], size: int) -> list[Leaf]:
    """Leaves of those radii, of any place, shape and direction."""
    count = len(drawn)
    if count == 0:
        return []
    beyond = OUTSIDE * drawn[:, None]
    centres = random.uniform(-beyond, size - 1 + beyond, (count, 3))
    stretch = np.exp(random.normal(0.0, ELONGATION, (count, 3)))
    semi_axes = drawn[:, None] * stretch / np.prod(stretch, axis=1, keepdims=True) ** (1 / 3)
    turns = Rotation.random(count, random_state=random).as_matrix()
    rims = np.where(
        random.uniform(size=count) < GROWING,
        random.uniform(*THICK_RIM, count) * drawn,
        random.uniform(*THIN_RIM, count),
    )
    rims *= random.uniform(size=count) < RIMMED
    return [Leaf(*each) for each in zip(centres, semi_axes, turns, rims.tolist(), strict=True)]
