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

#: Pixels of through-plane image in flight at once: bounds memory.
PIXELS_AT_ONCE = 2**17
TILE_WIDTH = 256


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
            does not show.
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
        for left in range(0, width, tile_width):
            right = min(left + tile_width, width)
            seen = slice(max(0, left - halo), min(width, right + halo))
            tile = torch.as_tensor(np.ascontiguousarray(volume[chunk, :, seen]), device=device)
            with torch.inference_mode():  # entered anew: a generator's caller runs between
                planes = torch.einsum("pf,b...fw->b...pw", reading, network(tile))
            inner = slice(left - seen.start, right - seen.start)
            result[..., left:right] = planes[..., inner].cpu().numpy()
        progress(chunk.stop / images, "applying the network")
        yield chunk, result
