"""The body: a smooth closed surface with air beyond it, and beneath it skin, fat, and in some the layers of a skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .canvas import AIR, Canvas, filled, layer
from .fields import FloatArray, SmoothField

#: Shares of volumes that show the body's surface, and of these with fat, and with a skull.
WITH_SURFACE, WITH_FAT, WITH_SKULL = 0.55, 0.8, 0.5
#: Ends of the ranges drawn from: semi-axes as fractions of the cube; unevenness of the surface in voxels.
SEMI_AXES, UNEVENNESS = (0.42, 0.75), (0.0, 4.0)
#: Thickness in voxels of the layers beneath the surface.
SKIN, FAT, MUSCLE, TABLE, MARROW, FLUID = (0.8, 2.5), (1.0, 8.0), (0.5, 4.0), (0.8, 2.5), (0.5, 3.5), (0.5, 3.5)
#: Intensities of cortical bone.
BONE = (0.0, 0.1)


@dataclass(frozen=True, eq=False)
class Body:
    """A body on a canvas.

    Attributes:
        depth: beneath its surface in voxels, negative outside.
        layers: (thickness in voxels, intensity) of what lies beneath it, outermost first.
    """

    depth: FloatArray
    layers: tuple[tuple[float, float], ...]

    @classmethod
    def drawn(cls, canvas: Canvas) -> Body | None:
        """A random body, or ``None`` where the volume lies all within one."""
        random = canvas.random
        if random.uniform() >= WITH_SURFACE:
            return None
        depth = closed_surface(random, canvas.size, SEMI_AXES, random.uniform(*UNEVENNESS))
        layers = [(random.uniform(*SKIN), canvas.tissue())]
        if random.uniform() < WITH_FAT:
            layers.append((random.uniform(*FAT), float(canvas.contrast.max() * random.uniform(0.6, 1))))
        if random.uniform() < WITH_SKULL:
            tables = [(random.uniform(*TABLE), random.uniform(*BONE)) for _ in range(2)]
            marrow, fluid = ((random.uniform(*ends), canvas.tissue()) for ends in (MARROW, FLUID))
            layers += [(random.uniform(*MUSCLE), canvas.tissue()), tables[0], marrow, tables[1], fluid]
        return cls(depth, tuple(layers))

    @property
    def within(self) -> FloatArray:
        """Depth beneath the lowest layer in voxels, negative above it."""
        return self.depth - np.float32(sum(thickness for thickness, _ in self.layers))

    def paint(self, canvas: Canvas) -> None:
        """Paint its layers, and air outside."""
        top = 0.0
        for thickness, intensity in self.layers:
            canvas.paint(layer(self.depth, top, top + thickness), intensity, canvas.roughness())
            top += thickness
        canvas.paint(1 - filled(self.depth), AIR)


def closed_surface(
    random: np.random.Generator, size: int, semi_axes: tuple[float, float], unevenness: float
) -> FloatArray:
    """Depth in voxels beneath an uneven ellipsoid about the middle of the volume, negative outside; to first order.

    Args:
        random: random numbers.
        size: voxels along a side.
        semi_axes: ends of the range they are drawn from, as fractions of the side.
        unevenness: standard deviation of the surface from the ellipsoid, in voxels.
    """
    turn = Rotation.random(random_state=random).as_matrix()
    half = random.uniform(*semi_axes, 3) * size
    centre = (size - 1) / 2 + random.uniform(-0.1, 0.1, 3) * size
    lines = [np.arange(size) - c for c in centre]
    whitened = [
        (lines[0] * a)[:, None, None].astype(np.float32)
        + (lines[1] * b)[:, None].astype(np.float32)
        + (lines[2] * c).astype(np.float32)
        for a, b, c in (turn / half).T
    ]
    reach = np.sqrt(sum(x**2 for x in whitened))
    slope = np.sqrt(sum((x / np.float32(h)) ** 2 for x, h in zip(whitened, half, strict=True)))
    depth = reach * (1 - reach) / np.maximum(slope, 1e-6)
    depth += np.float32(unevenness) * SmoothField.drawn(random, size, 0.15 * size).values
    return np.asarray(depth, np.float32)
