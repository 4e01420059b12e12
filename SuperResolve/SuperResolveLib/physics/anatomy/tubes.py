"""Thin curved tubes, some of which branch: vessels and nerves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas, filled
from .fields import FloatArray

#: Ends of the ranges drawn from: how many tubes a cube of 96 voxels has, and their radii in voxels.
TUBES, RADII = (0, 24), (0.5, 2.5)
#: Share of volumes in which tubes are alike in intensity, as vessels full of contrast agent are.
ALIKE = 0.6
#: Voxels from one point of a path to the next, and the points over which a path turns.
STEP, TURNING = 0.5, (20.0, 120.0)
#: Chance of a branch for each point of a path, and its radius as a fraction of its parent's.
BRANCHING, BRANCH = 0.008, (0.5, 0.9)
GENERATIONS = 3

Path = NDArray[np.float64]


def lay_tubes(canvas: Canvas) -> None:
    """Lay tubes through the canvas, many thin ones and few thick ones."""
    random, size = canvas.random, canvas.size
    common = canvas.tissue() if random.uniform() < ALIKE else None
    for _ in range(round(random.uniform(*TUBES) * (size / 96) ** 2)):
        radius = float(np.exp(random.uniform(*np.log(RADII))))
        length = int(random.integers(40, 3 * size))
        points = tree(random, random.uniform(0, size, 3), random.standard_normal(3), radius, length)
        canvas.paint(filled(tube_depth(points, size)), canvas.tissue() if common is None else common)


def tree(
    random: np.random.Generator,
    start: NDArray[np.float64],
    direction: NDArray[np.float64],
    radius: float,
    length: int,
    generation: int = 1,
) -> Path:
    """Points (i, j, k, radius) of a path and its branches, ``STEP`` voxels apart.

    Its direction is a random walk on the sphere, so that the path is smooth and prefers no axis.

    Args:
        random: random numbers.
        start: where it begins, a voxel index.
        direction: in which, of any length.
        radius: in voxels; a path thins out along its way, though never below the least of ``RADII``.
        length: how many points it has.
        generation: 1 for a path that is no branch.
    """
    turns = np.cumsum(random.standard_normal((length, 3)), axis=0) / np.sqrt(random.uniform(*TURNING))
    headings = direction / np.linalg.norm(direction) + turns
    headings /= np.linalg.norm(headings, axis=1, keepdims=True)
    points = start + STEP * np.cumsum(headings, axis=0)
    radii = np.maximum(radius * np.linspace(1, random.uniform(0.5, 1), length), RADII[0])
    paths = [np.column_stack([points, radii])]
    if generation < GENERATIONS and length > 2:
        for at in np.flatnonzero(random.uniform(size=length) < BRANCHING):
            away = headings[at] + 0.8 * random.standard_normal(3)
            thinner = radii[at] * random.uniform(*BRANCH)
            paths.append(tree(random, points[at], away, thinner, int(length - at) // 2 + 1, generation + 1))
    return np.concatenate(paths)


def tube_depth(points: Path, size: int) -> FloatArray:
    """How deep each voxel is beneath the surface of the tube through points (i, j, k, radius); -1 where it is far."""
    depth = np.full((size,) * 3, -1, np.float32)
    reach = int(np.ceil(points[:, 3].max() + 1))
    points = points[((points[:, :3] > -reach) & (points[:, :3] < size - 1 + reach)).all(axis=1)]
    cube = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.rint(points[:, :3]).astype(int)
    voxels = nearest[:, None] + cube
    beneath = points[:, None, 3] - np.linalg.norm(voxels - points[:, None, :3], axis=-1)
    inside = (beneath > -1) & ((voxels >= 0) & (voxels < size)).all(axis=-1)
    i, j, k = voxels[inside].T
    np.maximum.at(depth, (i, j, k), beneath[inside].astype(np.float32))
    return depth
