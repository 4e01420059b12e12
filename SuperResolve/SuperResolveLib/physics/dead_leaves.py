r"""Dead leaves: images of nobody with the statistics of natural ones (Matheron 1968; Lee et al., IJCV 2001).

Leaves, here warped ellipsoids, fall one after another, and each hides what lies below. If their radii r are drawn
from :math:`r^{-p}`, edges occur at all scales as they do in anatomy. A quarter of the leaves have rims, as grey matter
around white has; edges are as soft as partial volume makes them; a fractal texture lies over all, and a bias field as a
receive coil makes it. Outside of a large, rough ellipsoid there is air.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

Image = NDArray[np.float32]

#: Voxels of a volume along every axis, unless told, and leaves in as many voxels.
SIZE, LEAVES = 96, 3500
#: Smallest and largest radius of a leaf in voxels, and exponents of their power law.
RADII, EXPONENTS = (1.5, 32.0), (1.4, 2.6)
#: Share of the leaves that have a rim, and its thickness in voxels.
RIMMED, RIM = 0.25, (1.0, 3.0)
#: How soft edges are, in voxels.
SOFTNESS = (0.3, 1.0)


def dead_leaves(seed: int, size: int = SIZE) -> Image:
    """A cube of dead leaves.

    Args:
        seed: of all that is random in it.
        size: voxels along every axis.

    Returns:
        Intensities from 0 (air) to about 1, shape (size, size, size).
    """
    random = np.random.default_rng([seed, size])
    positions = _warped(size, random)
    image = np.full((size,) * 3, random.uniform(0.2, 0.8), np.float32)
    count = int(LEAVES * (size / SIZE) ** 3)
    radii = _radii(count, random)
    for radius in radii:
        _drop(image, positions, float(radius), random)
    image += random.uniform(0.0, 0.08) * _fractal(size, random)
    image *= 1 + random.uniform(0.0, 0.3) * _smooth(size, 3, random)
    return np.maximum(image * _inside(positions, random), np.float32(0))


def _radii(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Radii by a power law, from the largest: small leaves would else all be hidden."""
    exponent = 1 - random.uniform(*EXPONENTS)
    low, high = (bound**exponent for bound in RADII)
    radii = (low + (high - low) * random.random(count)) ** (1 / exponent)
    order = np.argsort(-radii + random.normal(0, 2.0, count))  # roughly: some small ones are hidden
    return np.asarray(radii[order])


def _drop(image: Image, positions: Image, radius: float, random: np.random.Generator) -> None:
    """Let a leaf fall somewhere."""
    size = image.shape[0]
    centre = random.uniform(-radius / 2, size + radius / 2, 3)
    axes = radius * random.uniform(0.4, 1.0, 3)
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    softness, tone = random.uniform(*SOFTNESS), random.random()
    rim = random.uniform(*RIM) if random.random() < RIMMED and radius > 4 else 0.0
    rim_tone = random.random()
    reach = radius + 6  # as far as the warp moves a leaf
    box = tuple(slice(max(0, int(c - reach)), min(size, int(c + reach) + 2)) for c in centre)
    if any(part.stop <= part.start for part in box):
        return
    part = positions[(slice(None), *box)]
    turned = np.tensordot(rotation.astype(np.float32), part - centre[:, None, None, None].astype(np.float32), 1)
    scaled = np.sqrt(sum((turned[axis] / np.float32(axes[axis])) ** 2 for axis in range(3)))
    depth = (1 - scaled) * np.float32(axes.min())
    cover = np.clip(depth / np.float32(softness) + 0.5, 0, 1)
    leaf = np.float32(tone)
    if rim:
        core = np.clip((depth - np.float32(rim)) / np.float32(softness) + 0.5, 0, 1)
        leaf = np.float32(rim_tone) + core * np.float32(tone - rim_tone)
    image[box] += cover * (leaf - image[box])


def _warped(size: int, random: np.random.Generator) -> Image:
    """Where voxels lie after a smooth warp, in voxels: shape (3, size, size, size)."""
    grid = np.stack(np.meshgrid(*[np.arange(size, dtype=np.float32)] * 3, indexing="ij"))
    for axis in range(3):
        grid[axis] += 2.0 * _smooth(size, 6, random) + 0.6 * _smooth(size, 14, random)
    return grid


def _smooth(size: int, knots: int, random: np.random.Generator) -> Image:
    """A smooth field of about unit variance through so many random knots along every axis."""
    coarse = random.normal(size=(knots,) * 3).astype(np.float32)
    field = zoom(coarse, size / knots, order=3, mode="nearest", grid_mode=True)
    return np.asarray(field[:size, :size, :size], np.float32)


def _fractal(size: int, random: np.random.Generator) -> Image:
    """Noise with as much variance in every octave."""
    field = np.zeros((size,) * 3, np.float32)
    for scale in (0.7, 1.4, 2.8, 5.6):
        octave = gaussian_filter(random.standard_normal(field.shape, np.float32), scale)
        field += octave / octave.std()
    return field / np.float32(2)


def _inside(positions: Image, random: np.random.Generator) -> Image:
    """1 inside of a large ellipsoid, 0 in the air around it; the ellipsoid may hold the whole cube."""
    size = positions.shape[1]
    axes = size * random.uniform(0.42, 0.9, 3)
    scaled = [
        (positions[axis] - np.float32(size * random.uniform(0.4, 0.6))) / np.float32(axes[axis]) for axis in range(3)
    ]
    depth = (1 - np.sqrt(sum(each**2 for each in scaled))) * np.float32(axes.min())
    return np.clip(depth + 0.5, 0, 1)
