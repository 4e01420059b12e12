"""The middles of heads cut into blocks, and which of these a split by patches holds out."""

from __future__ import annotations

import zlib
from itertools import product

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.metrics.image_quality import Mask

#: Blocks along each side, and one of how many is held out. Of 96 voxels a block has 32 along a side, as the patches of
#: the published split.
A_SIDE, ONE_OF = 3, 4
Part = tuple[slice, slice, slice]


def blocks_to_learn_from(middle: Volume, name: str, seed: int, split: bool) -> list[Volume]:
    """The blocks of a head: all of them, or where ``split`` those that are not held out."""
    parts, held_out = _parts(middle), _held_out(name, seed)
    return [_block(middle, part) for part, out in zip(parts, held_out, strict=True) if not (split and out)]


def held_out_mask(middle: Volume, name: str, seed: int) -> Mask:
    """The voxels of a head in blocks that are held out."""
    mask = np.zeros(middle.shape, dtype=bool)
    for part, out in zip(_parts(middle), _held_out(name, seed), strict=True):
        mask[part] = out
    return mask


def _parts(middle: Volume) -> list[Part]:
    edges = [[size * number // A_SIDE for number in range(A_SIDE + 1)] for size in middle.shape]
    sides = [[slice(along[n], along[n + 1]) for n in range(A_SIDE)] for along in edges]
    return [(i, j, k) for i, j, k in product(*sides)]


def _held_out(name: str, seed: int) -> NDArray[np.bool_]:
    """Which blocks are, drawn for every head by itself."""
    count = A_SIDE**3
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return random.permutation(count) < count // ONE_OF


def _block(middle: Volume, part: Part) -> Volume:
    affine = middle.affine.copy()
    affine[:3, 3] = (middle.affine @ [*(side.start for side in part), 1])[:3]
    return middle.on_grid(np.ascontiguousarray(middle.data[part]), affine)
