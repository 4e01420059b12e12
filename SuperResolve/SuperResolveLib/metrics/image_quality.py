r"""Image quality of a result compared with the truth: RMSE, PSNR, SSIM and HFEN.

Both are compared on the truth's voxels, inside a mask. A result on another grid is interpolated there by cubic splines,
and only voxels inside its field of view count.

    RMSE  root-mean-square difference, in the intensity unit of the volumes
    PSNR  20 log10(R / RMSE) in dB, where R is the range (maximum - minimum) of the truth
    SSIM  mean structural similarity (Wang et al., IEEE TIP 2004) in 3-D, with a Gaussian window of standard deviation
          1.5 voxels and the same R
    HFEN  high-frequency error norm, ‖LoG(result) - LoG(truth)‖ / ‖LoG(truth)‖, where LoG is a Laplacian of Gaussian
          filter of standard deviation 1.5 voxels, 15 voxels wide (Ravishankar and Bresler, IEEE TMI 2011)
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

#: Grids whose corners differ by less than this, in voxels, count as equal.
SAME_GRID = 1e-3
#: A comparison of less of the mask, or of volumes that correlate less, gives a warning. Different heads correlate by up
#: to 0.4, a scan at ratio 8 and its truth by more than 0.8.
LEAST_OVERLAP, LEAST_CORRELATION = 0.5, 0.6
#: How far the windows of SSIM and LoG reach beyond the mask, in voxels.
_MARGIN = 8
#: Width of SSIM's window in voxels.
_SSIM_WINDOW = 11
#: Radius of the closing of the head mask, in voxels.
_CLOSING = 4


@dataclass(frozen=True)
class Comparison:
    """How a result compares with the truth.

    Attributes:
        psnr: in dB; infinite if the two are equal.
        ssim: mean structural similarity, at most 1.
        rmse: in the intensity unit of the volumes.
        hfen: 0 if all detail is restored, about 1 if none is.
        voxels: number of voxels that were compared.
        resampled: whether the result was interpolated to the truth's grid.
        overlap: share of the mask that lies in the result's field of view.
        correlation: Pearson's, of the intensities of the two inside the mask; 0 if the result is constant there.
    """

    psnr: float
    ssim: float
    rmse: float
    hfen: float
    voxels: int
    resampled: bool
    overlap: float
    correlation: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the two may not belong together, a sentence each."""
        warnings = []
        if self.overlap < LEAST_OVERLAP:
            warnings.append(
                f"the result covers {self.overlap:.0%} of the part to compare: the figures are of that part only"
            )
        if self.correlation < LEAST_CORRELATION:
            warnings.append(
                f"the two hardly correlate ({self.correlation:.2f}, where restorations of one scan reach 0.9): they "
                "seem to show different anatomy, contrasts or positions, so that the figures tell little"
            )
        return tuple(warnings)


def compare(truth: Volume, result: Volume, mask: Literal["auto"] | Volume | Mask | None = "auto") -> Comparison:
    """Compare a result with the truth; arguments and errors as of :func:`aligned` and :func:`compare_aligned`."""
    return compare_aligned(aligned(truth, result, mask))


@dataclass(frozen=True, eq=False)
class Aligned:
    """A truth and a result on the same voxels: a box around the part to compare, enlarged by the reach of windows.

    Attributes:
        truth, result: the two images.
        mask: where they are to be compared.
        resampled: whether the result was interpolated.
        wanted: how many voxels were to be compared, before those outside the result's field of view were left out.
    """

    truth: Image
    result: Image
    mask: Mask
    resampled: bool
    wanted: int

    @property
    def truth_range(self) -> tuple[float, float]:
        """The truth's lowest and highest intensity within the mask.

        Raises:
            InputError: they are the same.
        """
        inside = self.truth[self.mask]
        lowest, highest = float(inside.min()), float(inside.max())
        if lowest == highest:
            raise InputError("the truth is constant inside the mask, so nothing can be compared: choose another mask")
        return lowest, highest

    @property
    def boxed(self) -> tuple[Image, Image]:
        """The two images in the mask's bounding box."""
        (box,) = ndimage.find_objects(self.mask.astype(np.int8))
        return self.truth[box], self.result[box]


def aligned(truth: Volume, result: Volume, mask: Literal["auto"] | Volume | Mask | None = "auto") -> Aligned:
    """Bring a result to the truth's voxels, and find where the two are to be compared.

    Args:
        truth: what the result should be.
        result: the result, on any grid that overlaps the truth's.
        mask: where to compare: ``"auto"`` for the head, which is found in the truth (:func:`head_mask`); ``None`` for
            all voxels; a volume that is not zero inside, on any grid; or an array of the truth's shape.

    Raises:
        InputError: the two do not overlap, or the mask is empty or of the wrong shape.
    """
    inside = _mask_on(truth, mask)
    if not inside.any():
        raise InputError("the mask is empty: give one that covers the head, or --mask none")
    resampled = not same_grid(truth, result)
    in_view = inside_field_of_view(truth, result)
    wanted = int(inside.sum())
    inside = inside & in_view
    if not inside.any():
        raise InputError("the result does not overlap the part to compare: check that it belongs to this truth")
    data = result.data
    if resampled:
        # Windows that reach beyond the result's field of view must find no difference there.
        data = np.where(in_view, resample(result, truth), truth.data)
    crop = _bounding_box(inside)
    return Aligned(truth.data[crop], data[crop], inside[crop], resampled, wanted)


def compare_aligned(images: Aligned) -> Comparison:
    """Compare two images on the same voxels.

    Raises:
        InputError: the truth is constant inside the mask, or there are fewer voxels along an axis than in SSIM's
            window.
    """
    truth, result, mask = images.truth, images.result, images.mask
    if min(truth.shape) < _SSIM_WINDOW:
        raise InputError(f"SSIM needs at least {_SSIM_WINDOW} voxels along each axis, but there are {min(truth.shape)}")
    inside = truth[mask].astype(np.float64)
    lowest, highest = images.truth_range
    data_range = highest - lowest
    rmse = float(np.sqrt(np.mean((result[mask] - inside) ** 2)))
    similarity = _similarity(truth, result, data_range)
    detail = _laplacian_of_gaussian(truth)[mask]
    return Comparison(
        psnr=float(20 * np.log10(data_range / rmse)) if rmse > 0 else float("inf"),
        ssim=float(np.mean(similarity[mask], dtype=np.float64)),
        rmse=rmse,
        hfen=float(np.linalg.norm(_laplacian_of_gaussian(result)[mask] - detail) / np.linalg.norm(detail)),
        voxels=int(mask.sum()),
        resampled=images.resampled,
        overlap=int(mask.sum()) / images.wanted,
        correlation=_correlation(inside, result[mask].astype(np.float64)),
    )


def psnr(image: Image, truth: Image) -> float:
    """The PSNR of an image on the truth's voxels, all of them, in dB; infinite if the two are equal."""
    error = float(np.sqrt(np.mean(np.square(image - truth, dtype=np.float64))))
    return float(20 * np.log10(float(np.ptp(truth)) / error)) if error > 0 else float("inf")


def ssim(image: Image, truth: Image) -> float:
    """The mean structural similarity of an image on the truth's voxels, all of them."""
    return float(np.mean(_similarity(truth, image, float(np.ptp(truth))), dtype=np.float64))


def _similarity(truth: Image, result: Image, data_range: float) -> Image:
    """The structural similarity at every voxel."""
    from skimage.metrics import structural_similarity

    _, similarity = structural_similarity(
        truth, result, data_range=data_range, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return np.asarray(similarity)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's correlation; 0 where one of the two does not vary."""
    spread = a.std() * b.std()
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 0 else 0.0


def head_mask(volume: Volume) -> Mask:
    """Find the head, including fluid and bone.

    The volume is smoothed and thresholded halfway between the background (1st percentile) and Otsu's threshold, since
    fluid is darker than the latter. Gaps such as sulci and skull are closed, the largest connected component is kept,
    and its holes are filled. Intensities are clipped at the 99th percentile, so that a few bright vessels do not raise
    Otsu's threshold.
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
    """The mask with gaps of up to twice ``_CLOSING`` voxels closed; beyond the image there is nothing."""
    padded = ndimage.binary_closing(np.pad(mask, _CLOSING), iterations=_CLOSING)
    inner = slice(_CLOSING, -_CLOSING)
    return np.asarray(padded[inner, inner, inner], dtype=bool)


def same_grid(a: Volume, b: Volume) -> bool:
    """Whether two volumes have the same shape and their voxels the same positions, to a thousandth of a voxel."""
    if a.shape != b.shape:
        return False
    corners = np.array([[i, j, k, 1] for i in (0, a.shape[0]) for j in (0, a.shape[1]) for k in (0, a.shape[2])], float)
    moved = corners @ _voxel_to_voxel(a, b).T
    return bool(np.abs(moved - corners).max() < SAME_GRID)


def inside_field_of_view(grid: Volume, other: Volume) -> Mask:
    """Which voxels of ``grid`` have their centre in the field of view of ``other``, up to its voxels' outer edges."""
    matrix = _voxel_to_voxel(grid, other)
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    inside = np.ones(grid.shape, dtype=bool)
    for row, size in zip(matrix[:3], other.shape, strict=True):
        position = row[0] * i + row[1] * j + row[2] * k + row[3]
        inside &= (position > -0.5 - SAME_GRID) & (position < size - 0.5 + SAME_GRID)
    return inside


def resample(volume: Volume, grid: Volume, order: Literal[0, 3] = 3) -> Image:
    """Interpolate a volume on the voxels of ``grid`` by splines of that order; its edge is repeated beyond it."""
    matrix = _voxel_to_voxel(grid, volume)
    return np.asarray(
        ndimage.affine_transform(volume.data, matrix, output_shape=grid.shape, order=order, mode="nearest"),
        dtype=np.float32,
    )


def _voxel_to_voxel(a: Volume, b: Volume) -> NDArray[np.float64]:
    """The affine from voxel indices of ``a`` to voxel indices of ``b``, shape (4, 4)."""
    return np.asarray(np.linalg.solve(b.affine, a.affine))


def _mask_on(truth: Volume, mask: Literal["auto"] | Volume | Mask | None) -> Mask:
    """The mask on the voxels of the truth; the forms of ``mask`` are those of :func:`compare`."""
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
    """The box around a mask, enlarged by the reach of the windows as far as the image goes."""
    (box,) = ndimage.find_objects(mask.astype(np.int8))
    i, j, k = (slice(max(0, side.start - _MARGIN), side.stop + _MARGIN) for side in box)
    return i, j, k


def _laplacian_of_gaussian(image: Image) -> Image:
    return np.asarray(ndimage.gaussian_laplace(image, 1.5, truncate=7 / 1.5), dtype=np.float32)
