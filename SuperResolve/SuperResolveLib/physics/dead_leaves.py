r"""Synthetic anatomy: three-dimensional dead leaves, whose edges and scales are distributed as those of images are.

Opaque shapes of all sizes, the number of those of radius r falling as :math:`r^{-p}`, cover each other in random order
(Lee, Mumford and Huang, International Journal of Computer Vision 2001). Here they are ellipsoids in space that a smooth
displacement has warped; a quarter has a rim, as cortex or bone has, edges are soft, tissue has texture, and a smooth
bias field lies over all. Nobody's anatomy is in it, so that networks can be trained where no collection may be used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom
from scipy.spatial.transform import Rotation

from ..data.volume import Volume

FloatArray = NDArray[np.float32]

#: Leaves in a cube of 96 voxels; larger cubes have as many to a voxel.
LEAVES = 3500
#: Radii in voxels: of the smallest leaves, and of the largest as a fraction of the cube.
SMALLEST, LARGEST = 1.2, 0.3
#: Ends of the range from which the exponent of the power law of radii is drawn.
EXPONENTS = (1.4, 2.6)
RIMMED = 0.25
#: The displacement's standard deviation in voxels, and of how many random numbers along a side it is made.
WARP, WARP_KNOTS = 2.5, 7
#: Where the warped leaves are looked for beyond their own extent, in voxels.
WARP_REACH = 3 * WARP


def dead_leaves(seed: int, size: int = 96) -> Volume:
    """A cube of synthetic anatomy with voxels of 1 mm and intensities from 0 to 1; the same for the same seed.

    Args:
        seed: of all that is random in it.
        size: voxels along a side, at least 16.
    """
    random = np.random.default_rng([seed, size])
    grid = np.stack(np.meshgrid(*[np.arange(size, dtype=np.float32)] * 3, indexing="ij"))
    for axis in range(3):
        grid[axis] += np.clip(WARP * smooth_field(random, size, WARP_KNOTS), -WARP_REACH, WARP_REACH)
    texture = fractal_texture(random, size)
    canvas = np.full((size,) * 3, random.uniform(0.0, 1.0), np.float32)
    count = max(1, round(LEAVES * (size / 96) ** 3))
    for radius in radii(random, count, LARGEST * size):
        _lay(canvas, grid, texture, float(radius), random)
    canvas *= 1 + random.uniform(0.0, 0.2) * smooth_field(random, size, 4)
    low, high = np.percentile(canvas, (0.5, 99.5))
    return Volume(np.clip((canvas - low) / max(high - low, 1e-6), 0, 1).astype(np.float32), np.eye(4))


def radii(random: np.random.Generator, count: int, largest: float) -> NDArray[np.float64]:
    """Radii in voxels by the power law r^-p between ``SMALLEST`` and ``largest``, with p drawn first."""
    power = 1 - random.uniform(*EXPONENTS)
    ends = SMALLEST**power, largest**power
    return np.asarray((ends[0] + random.uniform(size=count) * (ends[1] - ends[0])) ** (1 / power))


def smooth_field(random: np.random.Generator, size: int, knots: int) -> FloatArray:
    """A smooth random field of standard deviation about 1, interpolated from ``knots`` random numbers along a side."""
    coarse = random.standard_normal((knots,) * 3)
    field = zoom(coarse, size / knots, order=3, mode="nearest", grid_mode=True)[:size, :size, :size]
    return np.asarray(field / max(float(field.std()), 1e-6), dtype=np.float32)


def fractal_texture(random: np.random.Generator, size: int) -> FloatArray:
    """A random field of standard deviation 1 whose amplitude falls with frequency f as f^-1.5."""
    spectrum = np.fft.rfftn(random.standard_normal((size,) * 3).astype(np.float32))
    squares = [np.fft.fftfreq(size) ** 2, np.fft.fftfreq(size) ** 2, np.fft.rfftfreq(size) ** 2]
    frequency = np.sqrt(squares[0][:, None, None] + squares[1][:, None] + squares[2])
    frequency[0, 0, 0] = np.inf
    texture = np.fft.irfftn(spectrum * frequency**-1.5, s=(size,) * 3, axes=(0, 1, 2))
    return np.asarray(texture / texture.std(), dtype=np.float32)


def _lay(canvas: FloatArray, grid: FloatArray, texture: FloatArray, radius: float, random: np.random.Generator) -> None:
    """Cover a part of the canvas with a leaf."""
    size = len(canvas)
    centre = random.uniform(-0.3 * radius, size + 0.3 * radius, 3)
    stretch = np.exp(random.normal(0.0, 0.35, 3))
    semi_axes = radius * stretch / np.prod(stretch) ** (1 / 3)
    turn = Rotation.random(random_state=random).as_matrix()
    intensity, edge, roughness = random.uniform(0, 1), random.uniform(0.4, 1.2), 0.05 * random.uniform() ** 2
    rim = random.uniform(0.08, 0.3) * radius if random.uniform() < RIMMED else 0.0
    rim_intensity = random.uniform(0, 1)

    extent = np.sqrt(turn**2 @ semi_axes**2) + 2 + WARP_REACH
    first = np.clip(np.floor(centre - extent), 0, size).astype(int)
    last = np.clip(np.ceil(centre + extent) + 1, 0, size).astype(int)
    if (first >= last).any():
        return
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    whitened = (turn / semi_axes).T.astype(np.float32)
    offsets = grid[(slice(None), *box)] - centre.astype(np.float32)[:, None, None, None]
    distance = np.sqrt(np.sum(np.tensordot(whitened, offsets, axes=1) ** 2, axis=0))
    inside = (1 - distance) * np.float32(radius)  # about the depth beneath the surface, in voxels
    covered = np.clip(0.5 + inside / edge, 0, 1)
    tissue = intensity + np.float32(roughness) * texture[box]
    if rim:
        tissue += (rim_intensity - intensity) * np.clip(0.5 + (rim - inside) / edge, 0, 1)
    canvas[box] += covered * (tissue - canvas[box])
