"""Small pictures of a scan beside its result, through plane."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...data.geometry import SliceGeometry, slice_geometry
from ...data.volume import Volume
from ...image_io.volumes import read_volume
from .task import Task

#: The longer side of a section in pixels, and how many lie between the two sections.
SIDE, BETWEEN = 150, 4


def thumbnail(task: Task, folder: Path) -> bytes:
    """A PNG with a through-plane section of the scan, and to its right one of the result, in one grey window.

    Raises:
        InputError: one of them cannot be read.
    """
    from matplotlib.image import imsave

    options = task.options
    scan = read_volume(task.scan.path, task.scan.series, options.fill_nonfinite)
    geometry = slice_geometry(scan, options.axis)
    sections = [_section(scan, geometry)]
    low, high = (float(value) for value in np.percentile(sections[0], (1, 99.5)))
    del scan
    sections.append(_section(read_volume(task.volumes(folder).volume), geometry))
    height = max(section.shape[0] for section in sections)
    padded = [np.pad(each, ((0, height - each.shape[0]), (0, 0)), constant_values=high) for each in sections]
    between = np.full((height, BETWEEN), high, np.float32)
    picture = BytesIO()
    image = np.hstack([padded[0], between, padded[1]])
    imsave(picture, image, cmap="gray", format="png", vmin=low, vmax=max(high, low + 1e-6))
    return picture.getvalue()


def _section(volume: Volume, geometry: SliceGeometry) -> NDArray[np.float32]:
    """The middle plane across the first in-plane axis, the through-plane axis upwards, on square pixels."""
    across, along = geometry.in_plane_axes
    image = np.take(volume.data, volume.shape[across] // 2, axis=across)
    image = image if geometry.axis < along else image.T  # rows along the through-plane axis
    lengths = [image.shape[0] * volume.spacing[geometry.axis], image.shape[1] * volume.spacing[along]]
    rows, columns = (
        _nearest(size, max(1, round(SIDE * length / max(lengths))))
        for size, length in zip(image.shape, lengths, strict=True)
    )
    return np.ascontiguousarray(image[np.ix_(rows[::-1], columns)])


def _nearest(size: int, pixels: int) -> NDArray[np.intp]:
    """Which of so many voxels each of the pixels over them shows."""
    return ((np.arange(pixels) + 0.5) * size / pixels).astype(np.intp)
