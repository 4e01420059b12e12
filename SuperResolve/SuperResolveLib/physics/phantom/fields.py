"""The building blocks of a procedural phantom: voxel coordinates, random fields and signed distances.

Lengths are in mm unless stated. Signed distances are positive inside. Random fields are statistically isotropic, with
mean 0 and standard deviation 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Field = NDArray[np.floating[Any]]
Point = tuple[float, float, float]
Axes = tuple[Field, Field, Field]


def voxel_centres(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> Axes:
    """x, y, z in mm of the voxels of an axis-aligned grid, with shapes (ni, 1, 1), (1, nj, 1) and (1, 1, nk)."""
    x, y, z = np.ix_(*(affine[d, d] * np.arange(n) + affine[d, 3] for d, n in enumerate(shape)))
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def random_field(shape: tuple[int, ...], wavelength: float, bandwidth: float, random: np.random.Generator) -> Field:
    """A periodic Gaussian random field of about one wavelength.

    Its amplitude spectrum is a Gaussian ring of radius 1 / ``wavelength`` (in voxels) and standard deviation
    ``bandwidth`` / ``wavelength``; a small ``bandwidth`` gives regular waves, a large one irregular waves.
    """
    frequency = _frequency(shape) * wavelength
    return _shaped(shape, np.exp(-(((frequency - 1) / bandwidth) ** 2) / 2), random)


def fractal_field(shape: tuple[int, ...], exponent: float, longest: float, random: np.random.Generator) -> Field:
    """A periodic Gaussian random field of amplitude frequency^-exponent below wavelengths of ``longest`` voxels."""
    frequency = np.maximum(_frequency(shape), 1 / longest)
    return _shaped(shape, frequency**-exponent, random)


def _frequency(shape: tuple[int, ...]) -> Field:
    """Frequency in cycles per voxel on the half-spectrum of a real image."""
    lines = [np.fft.fftfreq(n) for n in shape[:-1]] + [np.fft.rfftfreq(shape[-1])]
    return np.sqrt(sum(line**2 for line in np.ix_(*lines))).astype(np.float32)


def _shaped(shape: tuple[int, ...], amplitude: Field, random: np.random.Generator) -> Field:
    """A random field with that amplitude spectrum, scaled to standard deviation 1."""
    amplitude.flat[0] = 0
    white = fft.rfftn(random.standard_normal(shape, dtype=np.float32))
    field = fft.irfftn(white * amplitude, s=shape)
    return np.asarray(field / field.std(), dtype=np.float32)


def looked_up(field: Field, spacing: float, points: Field) -> Field:
    """A periodic field with voxels of ``spacing`` mm, at points in mm, shape (3, points), by cubic splines."""
    return np.asarray(ndimage.map_coordinates(field, points / np.float32(spacing), mode="grid-wrap"), dtype=np.float32)


def ellipsoid(at: Axes, centre: Point, radii: Point) -> Field:
    """Signed distance to an ellipsoid, exact near its surface."""
    offsets = [axis - np.float32(c) for axis, c in zip(at, centre, strict=True)]
    reach = np.sqrt(sum((o / r) ** 2 for o, r in zip(offsets, radii, strict=True)))
    slope = np.sqrt(sum((o / r**2) ** 2 for o, r in zip(offsets, radii, strict=True)))
    return np.asarray(reach * (1 - reach) / np.maximum(slope, 1e-6), dtype=np.float32)


def tube(at: Axes, path: Sequence[tuple[float, float, float, float]]) -> Field:
    """Signed distance to a tube through points (x, y, z, radius), its radius interpolated between them."""
    distances = [_segment(at, np.array(a), np.array(b)) for a, b in pairwise(path)]
    return np.asarray(np.maximum.reduce(distances), dtype=np.float32)


def _segment(at: Axes, start: NDArray[np.float64], end: NDArray[np.float64]) -> Field:
    """Signed distance to a tube between two points (x, y, z, radius)."""
    along = end[:3] - start[:3]
    offsets = [axis - c for axis, c in zip(at, start[:3].astype(np.float32), strict=True)]
    share = sum(o * np.float32(a) for o, a in zip(offsets, along / (along @ along), strict=True))
    share = np.clip(share, 0, 1)
    squared = sum((o - share * np.float32(a)) ** 2 for o, a in zip(offsets, along, strict=True))
    return np.asarray(start[3] + share * np.float32(end[3] - start[3]) - np.sqrt(squared), dtype=np.float32)


def union(a: Field, b: Field, blend: float) -> Field:
    """Signed distance to the union of two shapes, with the crease between them rounded over ``blend`` mm."""
    share = np.clip(0.5 + (a - b) / (2 * blend), 0, 1)
    return np.asarray(b + (a - b) * share + blend * share * (1 - share), dtype=np.float32)


def sheet(height: Field, past_edge: Field, width: float) -> Field:
    """Signed distance to a sheet of thickness ``width`` mm.

    Args:
        height: distance from the middle of the sheet in mm.
        past_edge: distance beyond the edge of the sheet in mm; negative within it.
        width: thickness in mm.
    """
    return np.asarray(np.float32(width / 2) - np.hypot(height, np.maximum(past_edge, 0)), dtype=np.float32)
