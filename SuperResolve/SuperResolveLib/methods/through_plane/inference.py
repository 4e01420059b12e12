"""Applying a network to through-plane images, some at a time and in tiles, whichever library computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...physics.fine_grid import FineGrid
from ...progress import ProgressCallback

Image = NDArray[np.float32]

#: Pixels of through-plane image in flight at once: bounds memory, and what they become fits a processor's cache.
PIXELS_AT_ONCE = 2**16
TILE_WIDTH = 512
#: What is nowhere brighter than this is air; the scan's range, from the 1st to the 99.5th percentile, is 1.
AIR = 0.05


class Network(Protocol):
    """A network from slices to their fine grid, arrays in and out."""

    @property
    def maps(self) -> tuple[int, ...]:
        """Shape of the maps that it makes of an image; empty for planes alone."""

    @property
    def receptive_radius(self) -> int:
        """How many columns away a fine plane's pixel sees."""

    @property
    def skips_air(self) -> bool:
        """Whether air gets its linear inverse alone."""

    def planes(self, images: Image, reading: Image, columns: slice, is_air: bool) -> Image:
        """Planes that are read off what it makes of images.

        Args:
            images: shape (images, slices, width).
            reading: from the fine grid to planes, shape (planes, fine planes).
            columns: of which planes are wanted.
            is_air: whether these are air, and air is skipped.

        Returns:
            Shape (images, planes, columns); of a network with several maps, (images, maps, planes, columns).
        """


def apply(
    network: Network,
    fine_grid: FineGrid,
    volume: Image,
    positions: NDArray[np.floating],
    progress: ProgressCallback,
    pixels_at_once: int = PIXELS_AT_ONCE,
    tile_width: int = TILE_WIDTH,
) -> Iterator[tuple[slice, Image]]:
    """Through-plane images of one orientation to the planes of the answer.

    Args:
        network: from slices to the fine grid; a tile is seen with its receptive radius on both sides, so that tiling
            does not show. Columns of air left and right of all that is imaged get its linear inverse alone.
        fine_grid: the scan's.
        volume: shape (images, slices, width), each image super-resolved along its rows.
        positions: of the planes, in slice coordinates.
        progress: called with the fraction done.
        pixels_at_once: how many pixels are in flight; the result does not depend on it.
        tile_width: how wide the tiles are; the result does not depend on it.

    Yields:
        Which images, and their planes, shape (images, planes, width); of a network with several maps, (images, maps,
        planes, width).
    """
    halo = network.receptive_radius
    images, slices, width = volume.shape
    reading = fine_grid.reading(slices, positions).astype(np.float32)
    batch = max(1, pixels_at_once // (slices * min(width, tile_width + 2 * halo)))
    for first in range(0, images, batch):
        chunk = slice(first, min(first + batch, images))
        result = np.empty((chunk.stop - first, *network.maps, len(positions), width), dtype=np.float32)
        content = _content(volume[chunk]) if network.skips_air else slice(0, width)
        for columns in _tiles(content, width, tile_width):
            is_air = columns.stop <= content.start or content.stop <= columns.start
            beyond = 0 if is_air else halo
            seen = slice(max(0, columns.start - beyond), min(width, columns.stop + beyond))
            tile = np.ascontiguousarray(volume[chunk, :, seen])
            inner = slice(columns.start - seen.start, columns.stop - seen.start)
            result[..., columns] = network.planes(tile, reading, inner, is_air)
        progress(chunk.stop / images, "applying the network")
        yield chunk, result


def _content(images: Image) -> slice:
    """The columns from the first to the last in which some image, of shape (images, slices, width), is not air."""
    held = np.flatnonzero((np.abs(images) > AIR).any(axis=(0, 1)))
    return slice(int(held[0]), int(held[-1]) + 1) if held.size else slice(0, 0)


def _tiles(content: slice, width: int, tile_width: int) -> Iterator[slice]:
    """Columns, some at a time; none of the tiles is partly content and partly not."""
    for start, stop in ((0, content.start), (content.start, content.stop), (content.stop, width)):
        for left in range(start, stop, tile_width):
            yield slice(left, min(left + tile_width, stop))
