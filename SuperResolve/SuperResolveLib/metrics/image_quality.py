r"""How close a result comes to the truth: PSNR, SSIM, RMSE and HFEN inside a head mask.

Both are compared on the truth's grid, found by affine: a result on other voxels is brought there by cubic
interpolation, and only voxels inside its field of view count.

    RMSE  root-mean-square difference over the mask, in the intensity unit of the volumes
    PSNR  20 log10(R / RMSE), where R is the range (maximum - minimum) of the truth over the mask
    SSIM  structural similarity (Wang et al. 2004) in 3-D, Gaussian window of 1.5 voxels, same R, averaged over the mask
    HFEN  ‖LoG(result) - LoG(truth)‖ / ‖LoG(truth)‖ over the mask; LoG: Laplacian of Gaussian of 1.5 voxels, 15 wide
          (Ravishankar and Bresler 2011)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..data.volume import Volume
from ..errors import InputError

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

#: Grids whose corners agree to this many voxels are the same.
SAME_GRID = 1e-3
#: Voxels around the mask that the windows of SSIM and LoG reach.
_MARGIN = 8
_SSIM_WINDOW = 11
#: Steps of the head mask's closing, in voxels.
_CLOSING = 4


@dataclass(frozen=True)
class Comparison:
    """How a result compares with the truth.

    Attributes:
        psnr: in dB; infinite where nothing differs.
        ssim: mean structural similarity, at most 1.
        rmse: in the intensity unit of the volumes.
        hfen: 0 where all detail is there, about 1 where none is.
        voxels: how many voxels were compared.
        resampled: whether the result had to be brought to the truth's grid.
    """

    psnr: float
    ssim: float
    rmse: float
    hfen: float
    voxels: int
    resampled: bool


def compare(truth: Volume, result: Volume, mask: Literal["auto"] | Volume | Mask | None = "auto") -> Comparison:
    """PSNR, SSIM, RMSE and HFEN of a result, on the truth's grid.

    Args:
        truth: what the result should be.
        result: on any grid that overlaps the truth's.
        mask: where to compare. ``"auto"`` finds the head in the truth (:func:`head_mask`), ``None`` takes all voxels; a
            volume (non-zero inside) may lie on another grid; an array has the truth's shape.

    Raises:
        InputError: the two do not overlap, the mask is empty or of the wrong shape, the truth is constant inside it, or
            there are fewer voxels along an axis than SSIM's window has.
    """
    chosen = _mask_on(truth, mask)
    if not chosen.any():
        raise InputError("the mask is empty: give one that covers the head, or --mask none")
    resampled = not same_grid(truth, result)
    chosen = chosen & inside_field_of_view(truth, result)
    if not chosen.any():
        raise InputError("the result does not overlap the part to compare: check that it belongs to this truth")
    moved = resample(result, truth) if resampled else result.data
    # Beyond the result's field of view there is nothing to compare: equal there, the windows see no difference.
    moved = np.where(inside_field_of_view(truth, result), moved, truth.data) if resampled else moved
    crop = _bounding_box(chosen)
    return _compare(truth.data[crop], moved[crop], chosen[crop], resampled)


def _compare(truth: Image, result: Image, mask: Mask, resampled: bool) -> Comparison:
    from skimage.metrics import structural_similarity

    if min(truth.shape) < _SSIM_WINDOW:
        raise InputError(f"SSIM needs at least {_SSIM_WINDOW} voxels along each axis, but there are {min(truth.shape)}")
    inside = truth[mask].astype(np.float64)
    data_range = float(np.ptp(inside))
    if data_range == 0:
        raise InputError("the truth is constant inside the mask, so nothing can be compared: choose another mask")
    rmse = float(np.sqrt(np.mean((result[mask] - inside) ** 2)))
    _, similarity = structural_similarity(
        truth, result, data_range=data_range, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    detail = _laplacian_of_gaussian(truth)[mask]
    return Comparison(
        psnr=float(20 * np.log10(data_range / rmse)) if rmse > 0 else float("inf"),
        ssim=float(np.mean(similarity[mask], dtype=np.float64)),
        rmse=rmse,
        hfen=float(np.linalg.norm(_laplacian_of_gaussian(result)[mask] - detail) / np.linalg.norm(detail)),
        voxels=int(mask.sum()),
        resampled=resampled,
    )


def head_mask(volume: Volume) -> Mask:
    """Where the head is, fluid and bone included.

    The smoothed volume above the midpoint between background (1st percentile) and Otsu's threshold, since fluid is
    darker than Otsu's; that closed over sulci and skull; of it the largest component, with its holes filled.
    Intensities above the 99th percentile count as that, so that a few bright vessels do not raise the threshold.
    """
    from skimage.filters import threshold_otsu

    smooth = ndimage.gaussian_filter(volume.data, 1.0)
    background, brightest = np.percentile(smooth, (1, 99))
    smooth = np.minimum(smooth, brightest)
    parts, count = ndimage.label(_closed(smooth > (background + threshold_otsu(smooth)) / 2))
    if count == 0:
        return np.zeros(volume.shape, dtype=bool)
    largest = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return np.asarray(ndimage.binary_fill_holes(largest), dtype=bool)


def _closed(mask: Mask) -> Mask:
    """The mask without gaps up to twice ``_CLOSING`` voxels wide; what lies beyond the image counts as gap."""
    padded = ndimage.binary_closing(np.pad(mask, _CLOSING), iterations=_CLOSING)
    inner = slice(_CLOSING, -_CLOSING)
    return np.asarray(padded[inner, inner, inner], dtype=bool)


def same_grid(a: Volume, b: Volume) -> bool:
    """Whether voxel (i, j, k) lies at the same place in both, to a thousandth of a voxel, and both are as large."""
    if a.shape != b.shape:
        return False
    corners = np.array([[i, j, k, 1] for i in (0, a.shape[0]) for j in (0, a.shape[1]) for k in (0, a.shape[2])], float)
    moved = corners @ _voxel_to_voxel(a, b).T
    return bool(np.abs(moved - corners).max() < SAME_GRID)


def inside_field_of_view(grid: Volume, other: Volume) -> Mask:
    """Which voxels of ``grid`` are centred inside ``other``'s field of view: half a voxel beyond its outer centres."""
    matrix = _voxel_to_voxel(grid, other)
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    inside = np.ones(grid.shape, dtype=bool)
    for row, size in zip(matrix[:3], other.shape, strict=True):
        position = row[0] * i + row[1] * j + row[2] * k + row[3]
        inside &= (position > -0.5 - SAME_GRID) & (position < size - 0.5 + SAME_GRID)
    return inside


def resample(volume: Volume, grid: Volume, order: Literal[0, 3] = 3) -> Image:
    """``volume`` on the voxels of ``grid`` by spline interpolation; beyond its field of view, its edge repeated."""
    matrix = _voxel_to_voxel(grid, volume)
    return np.asarray(
        ndimage.affine_transform(volume.data, matrix, output_shape=grid.shape, order=order, mode="nearest"),
        dtype=np.float32,
    )


def _voxel_to_voxel(a: Volume, b: Volume) -> NDArray[np.float64]:
    """The 4x4 matrix that takes voxel indices of ``a`` to those of ``b``."""
    return np.asarray(np.linalg.solve(b.affine, a.affine))


def _mask_on(truth: Volume, mask: Literal["auto"] | Volume | Mask | None) -> Mask:
    if mask is None:
        return np.ones(truth.shape, dtype=bool)
    if isinstance(mask, str):
        return head_mask(truth)
    if isinstance(mask, Volume):
        inside = mask.on_grid((mask.data != 0).astype(np.float32), mask.affine)
        return (resample(inside, truth, order=0) > 0.5) & inside_field_of_view(truth, mask)
    if mask.shape != truth.shape:
        raise InputError(f"the mask has shape {mask.shape}, the truth {truth.shape}: give a mask on the truth's voxels")
    return np.asarray(mask != 0)


def _bounding_box(mask: Mask) -> tuple[slice, slice, slice]:
    """The box around a mask, with room for the windows where there is."""
    (box,) = ndimage.find_objects(mask.astype(np.int8))
    i, j, k = (slice(max(0, side.start - _MARGIN), side.stop + _MARGIN) for side in box)
    return i, j, k


def _laplacian_of_gaussian(image: Image) -> Image:
    return np.asarray(ndimage.gaussian_laplace(image, 1.5, truncate=7 / 1.5), dtype=np.float32)
