"""Folded layers close to one another: gyri and sulci, folia, or the coats of an organ."""

from __future__ import annotations

import numpy as np

from ..phantom.fields import random_field
from .body import Body, closed_surface
from .canvas import Canvas, filled, layer
from .fields import FloatArray, distance_to_zero

#: Share of volumes that have folds, and of these of several layers on one side of each fold instead of a cleft.
FOLDED, ONE_SIDED = 0.6, 0.3
#: Ends of the ranges drawn from: distance from fold to fold in voxels, and how irregular it is.
WAVELENGTHS, IRREGULARITY = (12.0, 34.0), (0.2, 0.7)
#: Thickness in voxels of the cleft between folds, of the layer along it, and how deep folds reach.
CLEFT, CORTEX, REACH = (0.3, 2.5), (1.2, 4.0), (6.0, 40.0)
#: Share of bodies that the folds fill; else semi-axes of the folded part as fractions of the cube, and its unevenness
#: in voxels.
FILLING, SEMI_AXES, UNEVENNESS = 0.7, (0.25, 0.6), 4.0


def lay_folds(canvas: Canvas, body: Body | None) -> None:
    """In some volumes, fill a part of the canvas, or what is within the body, with folded layers."""
    random = canvas.random
    if random.uniform() >= FOLDED:
        return
    filling = random.uniform() < FILLING
    within = body.within if body and filling else closed_surface(random, canvas.size, SEMI_AXES, UNEVENNESS)
    core, cortex, fluid = (canvas.tissue() for _ in range(3))
    canvas.paint(filled(within), core, canvas.roughness())
    fold = folds(random, canvas.size, random.uniform(*WAVELENGTHS), random.uniform(*IRREGULARITY))
    widths = random.uniform(*CLEFT), random.uniform(*CORTEX)
    if random.uniform() < ONE_SIDED:
        _paint_coats(canvas, fold, within, [widths[1], random.uniform(*CORTEX), widths[0]])
    else:
        _paint_gyri(canvas, fold, within, widths, (cortex, fluid))


def folds(random: np.random.Generator, size: int, wavelength: float, irregularity: float) -> FloatArray:
    """Signed distance in voxels to folds about half a wavelength apart: the zeros of a band-limited random field."""
    field = np.asarray(random_field((size,) * 3, wavelength, irregularity, random), np.float32)
    return distance_to_zero(field, np.sum(np.square(np.gradient(field)), axis=0))


def _paint_gyri(
    canvas: Canvas,
    fold: FloatArray,
    within: FloatArray,
    widths: tuple[float, float],
    intensities: tuple[float, float],
) -> None:
    """Clefts of fluid that the cortex follows on both sides and that end at a depth."""
    (cleft, thickness), (cortex, fluid) = widths, intensities
    ended = np.maximum(within - np.float32(canvas.random.uniform(*REACH)), 0)
    # The pial surface runs along the hull and into each cleft: a cortex lines both.
    pial = np.minimum(np.hypot(fold, ended) - np.float32(cleft / 2), within)
    canvas.paint(filled(within) * filled(thickness - pial), cortex, canvas.roughness())
    canvas.paint(filled(within) * layer(fold, -cleft / 2, cleft / 2) * filled(1 - ended), fluid)


def _paint_coats(canvas: Canvas, fold: FloatArray, within: FloatArray, widths: list[float]) -> None:
    """Layers on one side of each fold, each of its own tissue."""
    top = 0.0
    for width in widths:
        canvas.paint(filled(within) * layer(fold, top, top + width), canvas.tissue(), canvas.roughness())
        top += width
