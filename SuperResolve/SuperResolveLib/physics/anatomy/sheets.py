"""Thin curved sheets: membranes, fasciae, cartilage, cortical bone, sulci."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas, filled, layer
from .fields import FloatArray, SmoothField

#: Ends of the ranges drawn from: how many sheets, their thickness and the scale of their curvature in voxels.
SHEETS, THICKNESS, SCALES = (0, 9), (0.7, 3.0), (7.0, 28.0)


def lay_sheets(canvas: Canvas) -> None:
    """Lay a few sheets through the canvas, each as far as a region reaches."""
    random = canvas.random
    for _ in range(random.integers(*SHEETS)):
        thickness = float(np.exp(random.uniform(*np.log(THICKNESS))))
        share = sheet(random, canvas.size, random.uniform(*SCALES), thickness)
        canvas.paint(share, canvas.tissue(), canvas.roughness())


def sheet(random: np.random.Generator, size: int, scale: float, thickness: float) -> FloatArray:
    """The share of each voxel that a sheet fills: a level set of a smooth field, where another field is positive.

    Args:
        random: random numbers.
        size: voxels along a side.
        scale: of both fields, in voxels (:class:`~.fields.SmoothField`).
        thickness: in voxels; with its edge the sheet thins out over two more.
    """
    surface = SmoothField.drawn(random, size, scale).distance(random.normal(0, 0.5))
    within = SmoothField.drawn(random, size, scale).values
    return layer(surface, -thickness / 2, thickness / 2) * filled(within * np.float32(scale), 2.0)
