"""Applying the network to through-plane images, some at a time and in tiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ...networks.planes_and_errors import PlanesAndErrors
from ...networks.slice_to_planes import SliceToPlanes
from ...physics.fine_grid import FineGrid
from ...progress import ProgressCallback

#: Pixels of through-plane image in flight at once: bounds memory, and what they become fits a processor's cache.
PIXELS_AT_ONCE = 2**16
TILE_WIDTH = 512
#: What is nowhere brighter than this is air; the scan's range, from the 1st to the 99.5th percentile, is 1.
AIR = 0.05


def apply(
    network: SliceToPlanes | PlanesAndErrors,
    fine_grid: FineGrid,
    volume: NDArray[np.float32],
    positions: NDArray[np.floating],
    device: torch.device,
    progress: ProgressCallback,
    pixels_at_once: int = PIXELS_AT_ONCE,
    tile_width: int = TILE_WIDTH,
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Through-plane images of one orientation to the planes of the answer.

    Args:
        network: from slices to the fine grid; a tile is seen with its receptive radius on both sides, so that tiling
            does not show. Columns of air left and right of all that is imaged get its linear inverse alone.
        fine_grid: the scan's.
        volume: shape (images, slices, width), each image super-resolved along its rows.
        positions: of the planes, in slice coordinates.
        device: where to compute.
        progress: called with the fraction done.
        pixels_at_once: how many pixels are in flight; the result does not depend on it.
        tile_width: how wide the tiles are; the result does not depend on it.

    Yields:
        Which images, and their planes, shape (images, planes, width); of a network with several maps, (images, maps,
        planes, width).
    """
    network.eval()
    halo = network.receptive_radius
    images, slices, width = volume.shape
    reading = torch.as_tensor(fine_grid.reading(slices, positions), dtype=torch.float32, device=device)
    batch = max(1, pixels_at_once // (slices * min(width, tile_width + 2 * halo)))
    for first in range(0, images, batch):
        chunk = slice(first, min(first + batch, images))
        result = np.empty((chunk.stop - first, *network.maps, len(positions), width), dtype=np.float32)
        content = _content(volume[chunk]) if isinstance(network, SliceToPlanes) else slice(0, width)
        for columns in _tiles(content, width, tile_width):
            seen = slice(max(0, columns.start - halo), min(width, columns.stop + halo))
            tile = torch.as_tensor(np.ascontiguousarray(volume[chunk, :, seen]), device=device)
            with torch.inference_mode():  # entered anew: a generator's caller runs between
                fine = _fine_planes(network, tile, columns, content)
                planes = torch.einsum("pf,b...fw->b...pw", reading, fine)
            inner = slice(columns.start - seen.start, columns.stop - seen.start)
            result[..., columns] = planes[..., inner].cpu().numpy()
        progress(chunk.stop / images, "applying the network")
        yield chunk, result


def _fine_planes(
    network: SliceToPlanes | PlanesAndErrors, tile: torch.Tensor, columns: slice, content: slice
) -> torch.Tensor:
    """What the network makes of a tile that shows these columns; of air, what its inverse makes of it."""
    is_content = content.start <= columns.start and columns.stop <= content.stop
    if isinstance(network, SliceToPlanes) and not is_content:
        return network.without_backbone(tile)
    planes: torch.Tensor = network(tile)
    return planes


def _content(images: NDArray[np.float32]) -> slice:
    """The columns from the first to the last in which some image, of shape (images, slices, width), is not air."""
    held = np.flatnonzero((np.abs(images) > AIR).any(axis=(0, 1)))
    return slice(int(held[0]), int(held[-1]) + 1) if held.size else slice(0, 0)


def _tiles(content: slice, width: int, tile_width: int) -> Iterator[slice]:
    """Columns, some at a time; none of the tiles is partly content and partly not."""
    for start, stop in ((0, content.start), (content.start, content.stop), (content.stop, width)):
        for left in range(start, stop, tile_width):
            yield slice(left, min(left + tile_width, stop))
