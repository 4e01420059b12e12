r"""Shape-based interpolation of label maps between slices (Raya and Udupa, IEEE TMI 1990).

In each slice a label becomes its *signed distance*: how far in mm each voxel lies within its outline, negative outside.
Between slices k and k + 1 distances are interpolated in proportion, :math:`d = (1 - t) d_k + t d_{k+1}` at k + t, and
what is above zero has the label. Outlines thus move and change gradually, where interpolated voxels would blur.

Each connected part is interpolated for itself, so that one that ends is not drawn towards another that goes on. A part
that has no counterpart in the other slice ends halfway to it: a slice stands for the slab of one slice spacing around
it, as it does where areas times slice spacing are summed to a volume.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Voxels that touch at an edge or a corner belong to one part.
_TOUCHING = np.ones((3, 3), dtype=bool)
#: Farther than any outline, in mm.
_NOWHERE = -1e9


def interpolate_labels(
    data: Image, positions: NDArray[np.floating], axis: int, in_plane_spacing: tuple[float, float]
) -> Image:
    """Interpolate a label map between slices.

    Where several labels reach, the one with the largest distance within its outline wins; a voxel that has labels in
    both slices, though different ones, is never left to the background. A plane on a slice centre is that slice.

    Args:
        data: whole numbers, 0 for the background.
        positions: of the planes wanted, in slice coordinates; those outside the field of view become background.
        axis: the through-plane axis.
        in_plane_spacing: voxel size in mm along the other two axes.

    Returns:
        The label map on the planes.
    """
    slices = np.moveaxis(data, axis, 0)
    count = len(slices)
    planes = np.zeros((len(positions), *slices.shape[1:]), np.float32)
    inside = (positions >= -0.5) & (positions <= count - 0.5)
    at = np.clip(positions, 0, count - 1)
    lower = np.minimum(np.floor(at).astype(int), max(count - 2, 0))
    for first in np.unique(lower[inside]):
        of_pair = np.flatnonzero(inside & (lower == first))
        second = min(first + 1, count - 1)
        planes[of_pair] = _between(slices[first], slices[second], at[of_pair] - first, in_plane_spacing)
    return np.ascontiguousarray(np.moveaxis(planes, 0, axis))


def _between(below: Image, above: Image, shares: NDArray[np.floating], spacing: tuple[float, float]) -> Image:
    """The label maps at these shares of the way from one slice to the next, shape (shares, ni, nj)."""
    if np.array_equal(below, above):
        return np.repeat(below[None], len(shares), axis=0)
    best = np.zeros((len(shares), *below.shape), np.float32)
    labels = np.zeros_like(best)
    best[:, (below != 0) & (above != 0)] = _NOWHERE
    for label in np.union1d(below[below != 0], above[above != 0]):
        for box, distances in _parts(below == label, above == label, shares, spacing):
            held, winning = labels[:, *box], distances > best[:, *box]
            held[winning] = label
            np.maximum(best[:, *box], distances, out=best[:, *box])
    return labels


def _parts(
    below: Mask, above: Mask, shares: NDArray[np.floating], spacing: tuple[float, float]
) -> Iterator[tuple[tuple[slice, slice], Image]]:
    """The parts of a label that are connected when two slices are laid over one another.

    Yields:
        The box around a part, and its signed distance there at each of the shares.
    """
    numbers, _ = ndimage.label(below | above, _TOUCHING)
    weights = np.asarray(shares, dtype=np.float32)[:, None, None]
    for number, (rows, columns) in enumerate(ndimage.find_objects(numbers), start=1):
        box = (rows, columns)
        here = numbers[box] == number
        ends = [_distance_or_none(here & mask[box], spacing) for mask in (below, above)]
        first = ends[0] if ends[0] is not None else -_known(ends)
        last = ends[1] if ends[1] is not None else -_known(ends)
        distances = (1 - weights) * first + weights * last
        yield box, np.where(here, distances, np.float32(_NOWHERE))


def _known(ends: Sequence[Image | None]) -> Image:
    return next(end for end in ends if end is not None)


def _distance_or_none(mask: Mask, spacing: tuple[float, float]) -> Image | None:
    """The signed distance of a part in one slice; ``None`` where it is not in that slice."""
    return signed_distance(mask, spacing) if mask.any() else None


def signed_distance(mask: Mask, spacing: tuple[float, float]) -> Image:
    """How far each voxel's centre lies within the outline of a mask in mm, negative outside.

    The outline runs along the borders of voxels. Beyond the array there is nothing of the mask.
    """
    padded = np.pad(mask, 1)
    return np.where(padded, _to_border(padded, spacing), -_to_border(~padded, spacing))[1:-1, 1:-1].astype(np.float32)


def _to_border(mask: Mask, spacing: tuple[float, float]) -> NDArray[np.float64]:
    """The distance in mm from the centre of each voxel of a mask to the border of the nearest that is not."""
    nearest = ndimage.distance_transform_edt(mask, spacing, return_distances=False, return_indices=True)
    steps = np.abs(nearest - np.indices(mask.shape))
    return np.hypot(*(np.maximum(steps[axis] - 0.5, 0.0) * spacing[axis] for axis in range(2)))
