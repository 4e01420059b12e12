"""The parts of the head phantom other than the brain: soft tissue, orbits, skull and air; and the texture of all."""

from __future__ import annotations

import numpy as np

from .canvas import AIR, BONE, FAT, FLUID, MARROW, MUSCLE, SKIN, Canvas
from .fields import Field, ellipsoid, fractal_field, tube, union


def paint_head(canvas: Canvas, cavity: Field) -> None:
    """Paint soft tissue, orbits, the skull around the brain's cavity and air, then fill the cavity with fluid."""
    surface = _surface(canvas)
    _paint_soft_tissue(canvas, surface)
    _paint_orbits(canvas)
    _paint_skull(canvas, np.minimum(cavity, surface - 3))
    _paint_air(canvas)
    canvas.paint(cavity, FLUID)


def _surface(canvas: Canvas) -> Field:
    """Signed distance to the skin."""
    at, mirrored = canvas.at, canvas.mirrored
    skull = ellipsoid(at, (0, -12, 14), (79, 98, 80))
    face = ellipsoid(at, (0, 36, -42), (60, 50, 62))
    neck = tube(at, [(0, -38, -30, 60), (0, -40, -160, 58)])
    nose = tube(at, [(0, 84, -28, 6), (0, 94, -50, 9)])
    ears = ellipsoid(mirrored, (68, -28, -30), (9, 15, 26))
    return union(union(union(union(skull, face, 14), neck, 16), nose, 8), ears, 4) + 0.3 * canvas.slow


def _paint_soft_tissue(canvas: Canvas, surface: Field) -> None:
    """Skin, a layer of fat, and muscle between sheets of fat."""
    canvas.paint(surface, SKIN)
    canvas.paint(surface - 1.6, FAT)
    canvas.paint(surface - 4.6 - 0.8 * canvas.slow, MUSCLE)
    fascia = 0.6 - 2.2 * np.abs(canvas.curly[0]) + np.clip(canvas.curly[1], -1, 0.6) - np.maximum(6 - surface, 0)
    canvas.paint(fascia, 0.85 * FAT)


def _paint_orbits(canvas: Canvas) -> None:
    """Fat, eye muscles, optic nerves and eyes."""
    at = canvas.mirrored
    canvas.paint(ellipsoid(at, (29, 52, -33), (17, 27, 17)), FAT)
    for x, z in ((29, -21), (29, -45), (41, -33), (18, -33)):
        canvas.paint(tube(at, [(14, 16, -30, 1), (0.5 * (x + 20), 38, 0.5 * (z - 31), 2.6), (x, 60, z, 1.2)]), MUSCLE)
    canvas.paint(tube(at, [(31, 56, -33, 2), (22, 36, -31, 2), (10, 12, -24, 2)]), 0.9 * MARROW)
    eye = ellipsoid(at, (31, 67, -33), (12, 12, 12))
    canvas.paint(eye, MUSCLE)
    canvas.paint(eye - 1.3, FLUID + 5)
    canvas.paint(ellipsoid(at, (31, 75, -33), (4.5, 2.2, 4.5)), SKIN)


def _paint_skull(canvas: Canvas, cavity: Field) -> None:
    """Bone around the cavity, with marrow between its tables."""
    thickness = 6.5 + 0.6 * canvas.slow
    canvas.paint(cavity + thickness, BONE)
    marrow = thickness / 2 - 1.6 - np.abs(cavity + thickness / 2)
    canvas.paint(marrow - 0.5 * np.maximum(canvas.curly[0], 0), MARROW + 12 * canvas.curly[1])


def _paint_air(canvas: Canvas) -> None:
    """Sinuses, nasal cavity with turbinates, mastoid cells, airway."""
    at, both = canvas.at, canvas.mirrored
    wobble = 0.8 * canvas.curly[0]
    sinuses = np.maximum.reduce(
        [
            ellipsoid(both, (10, 77, -8), (8, 3.5, 9)),
            ellipsoid(at, (0, 22, -36), (13, 14, 9)),
            ellipsoid(both, (29, 52, -64), (13, 15, 14)),
            ellipsoid(both, (8, 40, -34), (5, 16, 7)) - 2 * np.abs(canvas.curly[1]),
        ]
    )
    canvas.paint(sinuses + wobble + 1.8, SKIN)
    canvas.paint(sinuses + wobble + 0.8, BONE)
    canvas.paint(sinuses + wobble, AIR)
    nose = ellipsoid(both, (7, 58, -58), (7, 28, 17))
    canvas.paint(nose + 1.5, SKIN)
    canvas.paint(nose - 3.2 * np.abs(np.sin(at[2] / 4.5 + both[0] / 3)) + 0.8, AIR)
    canvas.paint(tube(at, [(0, 30, -62, 6), (0, 12, -74, 8), (0, 6, -130, 9)]), AIR)
    mastoid = ellipsoid(both, (54, -36, -44), (11, 15, 16))
    canvas.paint(mastoid, BONE)
    canvas.paint(np.minimum(mastoid - 1.5, 2.2 * canvas.curly[0]), AIR)


def paint_texture(canvas: Canvas) -> None:
    """Multiply tissue by a texture that reaches from the voxel to centimetres, and by a mild bias field."""
    texture = fractal_field(canvas.image.shape, 1.0, 6 / canvas.spacing, canvas.random)
    x, y, z = canvas.at
    bias = 0.03 * canvas.slow + 0.0006 * y + 0.0005 * x - 0.08 * ((z - 12) / 90) ** 2
    canvas.image[...] *= (1 + 0.03 * texture) * (1 + bias)
    np.maximum(canvas.image, 0, out=canvas.image)
