"""A three-dimensional network applied to a whole volume, in tiles that cannot be told from one piece.

A tile is seen with a *halo*: so many voxels more on every side, which are cut off after. Where the tile lies at a face
of the volume there is no halo, so that the network pads there with what it pads the volume with. A halo as wide as the
network's receptive radius changes nothing but rounding; it is widened to where the network's stride lets a start begin,
and as many times as wide along the through-plane axis as the network sees farther there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise, product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..networks.generator import Generator
from ..physics.slabs import Part
from ..progress import ProgressCallback, silent

Image = NDArray[np.float32]
Shape = tuple[int, int, int]
#: What the network is given: of rows and columns of the volume, all planes, shape (planes, rows, columns).
StartOf = Callable[[slice, slice], Image]

#: Voxels that the network sees at once. Each of its feature channels then takes 4 MiB.
VOXELS_AT_ONCE = 2**20
#: A tile is at least so wide, however wide its halo is.
NARROWEST = 16
#: The error of tiles that cannot be told from rounding, relative to the intensity range.
NOT_SEEN = 1e-5
#: The widest halo that is used: beyond it, nearly all that is computed would be halo.
WIDEST_HALO = 24
#: The widest of the halo's measured error is found against this many times the widest halo.
BEYOND = 1.5
#: Width of the tile on which a halo is measured.
MEASURED = 8


def answers_in_tiles(
    network: Generator,
    start_of: StartOf,
    shape: Shape,
    halo: int,
    device: torch.device,
    progress: ProgressCallback,
    voxels_at_once: int = VOXELS_AT_ONCE,
) -> Iterator[tuple[Part, Image]]:
    """The network's answer, tile by tile.

    Beside the tile at work, the start of its rows and columns is in memory, and nothing of the volume's size.

    Args:
        network: takes and gives (batch, 1, planes, rows, columns), on ``device``, in eval mode.
        start_of: what it is given of rows and columns of the volume.
        shape: of the volume: planes, rows, columns.
        halo: how many voxels beyond a tile the network is to see in plane.
        device: where to compute.
        progress: called with the fraction done.
        voxels_at_once: how many voxels the network sees at once, at most; more where a halo on both sides of
            :data:`NARROWEST` voxels takes more.

    Yields:
        Which part of the volume, and the answer there.
    """
    stride = network.stride
    if network.across is not None:
        halos: Shape = (network.across,) * 3
        widths = shape[0], max(1, voxels_at_once // (shape[0] * shape[2]) - 2 * network.across), shape[2]
    else:
        halos = _halos(network, halo)
        widths = _widths(shape, halos, voxels_at_once)
    planes, rows, columns = (_tiles(size, width) for size, width in zip(shape, widths, strict=True))
    done, total = 0, len(planes) * len(rows) * len(columns)
    for row, column in product(rows, columns):
        seen_rows, seen_columns = (
            _with_halo(part, halo, size, stride)
            for part, halo, size in zip((row, column), halos[1:], shape[1:], strict=True)
        )
        start = start_of(seen_rows, seen_columns)
        for plane in planes:
            seen_planes = _with_halo(plane, halos[0], shape[0], stride)
            with told_by_convolutions(network, done / total, progress):
                answer = _answer(network, start[seen_planes], device)
            inner = (_within(plane, seen_planes), _within(row, seen_rows), _within(column, seen_columns))
            yield (plane, row, column), answer[inner]
            done += 1
            progress(done / total, "applying the network")


def apply_in_tiles(
    network: Generator,
    start: Image,
    halo: int,
    device: torch.device,
    progress: ProgressCallback = silent,
    voxels_at_once: int = VOXELS_AT_ONCE,
) -> Image:
    """The network's answer to a whole ``start``, both (planes, rows, columns); see :func:`answers_in_tiles`."""
    shape = start.shape[0], start.shape[1], start.shape[2]
    answer = np.empty(shape, np.float32)

    def start_of(rows: slice, columns: slice) -> Image:
        return start[:, rows, columns]

    for part, tile in answers_in_tiles(network, start_of, shape, halo, device, progress, voxels_at_once):
        answer[part] = tile
    return answer


def measured_halo(
    network: Generator, device: torch.device, probe: Image | None = None, widest: int = WIDEST_HALO, seed: int = 0
) -> tuple[int, float]:
    """The halo for a network's card, and the largest error that tiles with it make.

    A network that sees no farther than ``widest`` voxels gets its ``receptive_radius``, whose error is 0. The field of
    a larger one is theirs on paper; most of what it gathers is near. Of that, a tile in the middle of the probe is
    computed with wider and wider halos, and compared with what a halo 1.5 times as wide as the widest gives. One that
    sees whole images is not cut where its field would be missed.

    Args:
        network: with ``receptive_radius``, on ``device``, in eval mode.
        device: where to compute.
        probe: what the network may be given, scaled to about 0 to 1, shape (planes, rows, columns); noise at all scales
            where there is none at hand.
        widest: the widest halo that may be used.
        seed: of the noise.

    Returns:
        The narrowest halo whose error is below :data:`NOT_SEEN`, or else the one with the smallest error; and the error
        relative to the intensity range.
    """
    if network.across is not None:
        return network.across, 0.0
    radius = network.receptive_radius
    if radius <= widest:
        return radius, 0.0
    reference = min(radius, round(BEYOND * widest))
    planes, rows, columns = (MEASURED + 2 * wide for wide in _halos(network, reference))
    volume = _noise((planes, rows, columns), seed) if probe is None else probe
    middle = [slice((size - MEASURED) // 2, (size + MEASURED) // 2) for size in volume.shape]
    tile = [slice(max(0, part.start), part.stop) for part in middle]

    def seen_with(halo: int) -> Image:
        halos = _halos(network, halo)
        seen = [
            _with_halo(part, halo, size, network.stride)
            for part, halo, size in zip(tile, halos, volume.shape, strict=True)
        ]
        answer = _answer(network, volume[seen[0], seen[1], seen[2]], device)
        inner = [_within(part, whole) for part, whole in zip(tile, seen, strict=True)]
        return answer[inner[0], inner[1], inner[2]]

    truth, errors = seen_with(reference), dict[int, float]()
    for halo in range(2, widest + 1, 2):
        errors[halo] = float(np.abs(seen_with(halo) - truth).max())
        if errors[halo] < NOT_SEEN:
            break
    best = min(errors, key=lambda halo: errors[halo])
    return best, errors[best]


@contextmanager
def told_by_convolutions(network: nn.Module, fraction: float, progress: ProgressCallback) -> Iterator[None]:
    """Have every convolution tell how far the run is, so that it can be cancelled where a tile takes minutes."""

    def tell(*_: object) -> None:
        progress(fraction, "applying the network")

    kinds = (nn.Conv2d, nn.Conv3d)
    handles = [each.register_forward_pre_hook(tell) for each in network.modules() if isinstance(each, kinds)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _answer(network: nn.Module, start: Image, device: torch.device) -> Image:
    with torch.inference_mode():  # entered anew for each tile: a generator's caller runs between
        image = torch.as_tensor(np.ascontiguousarray(start), device=device)
        answer: Image = network(image[None, None])[0, 0].cpu().numpy()
    return answer


def _halos(network: Generator, halo: int) -> Shape:
    """How wide a halo is along each axis."""
    return halo * network.fold, halo, halo


def _widths(shape: Shape, halos: Shape, voxels: int) -> Shape:
    """How wide tiles are along each axis, without their halo, so that about ``voxels`` are seen at once.

    Short axes are left whole, which needs no halo there; along the others what is seen is as wide as it is high.
    """
    widths, left = [*shape], float(voxels)
    for rank, axis in enumerate(sorted(range(3), key=lambda axis: shape[axis])):
        edge = left ** (1 / (3 - rank))
        if shape[axis] <= max(edge, 2 * halos[axis] + NARROWEST):
            left = max(1.0, left / shape[axis])
        else:
            widths[axis] = max(int(edge) - 2 * halos[axis], NARROWEST)
            left = max(1.0, left / (widths[axis] + 2 * halos[axis]))
    return widths[0], widths[1], widths[2]


def _tiles(size: int, width: int) -> list[slice]:
    """As few parts of at most that width as cover so many voxels, as even as can be."""
    count = -(-size // width)
    edges = [size * number // count for number in range(count + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _with_halo(part: slice, halo: int, size: int, stride: int) -> slice:
    """The part with its halo, widened to multiples of the stride, in so many voxels."""
    first, last = (part.start - halo) // stride * stride, -(-(part.stop + halo) // stride) * stride
    return slice(max(0, first), min(size, last))


def _within(part: slice, whole: slice) -> slice:
    """Where a part lies in what holds it."""
    return slice(part.start - whole.start, part.stop - whole.start)


def _noise(shape: Shape, seed: int) -> Image:
    """Noise from 0 to 1 at several scales, as rough as an image."""
    random = np.random.default_rng(seed)
    total = np.zeros(shape)
    for scale in (1, 2, 4, 8):
        coarse = random.random([-(-size // scale) for size in shape]) * scale
        for axis, size in enumerate(shape):
            coarse = coarse.repeat(scale, axis).take(np.arange(size), axis)
        total += coarse
    return ((total - total.min()) / np.ptp(total)).astype(np.float32)
