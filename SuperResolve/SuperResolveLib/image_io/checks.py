"""Checks that the readers of all formats share; each refuses with a message of one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AXIS_NAMES
from ..errors import InputError

#: Range of plausible voxel sizes in mm: from MR microscopy to a sparse localiser.
SMALLEST_STEP, LARGEST_STEP = 0.01, 30.0
#: Upper bounds in mm of any scanner's field of view and of any patient coordinate.
LONGEST_EXTENT, FARTHEST_POINT = 2500.0, 10_000.0
#: Largest cosine between two axes that counts as a right angle: 0.3 degrees, more than headers are rounded.
LARGEST_SHEAR = 0.005
#: Larger intensities, and ones smaller than its inverse, have squares and sums that single precision cannot hold.
LARGEST_INTENSITY = 1e15


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into an InputError of one sentence, and hide its warnings.

    Raises:
        InputError: in place of any other exception; an InputError passes unchanged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except Exception as error:  # a damaged header makes readers fail in almost any way, also with a MemoryError
        raise InputError(
            f"{path} cannot be read{_reason(error)}: check that it is complete and of the type that its ending says"
        ) from error


def check_shape(shape: Sequence[int], path: Path) -> tuple[int, int, int]:
    """The three sizes of a stored image; further axes are dropped if they have a single voxel.

    Raises:
        InputError: the image does not have three dimensions of more than one voxel each.
    """
    sizes = list(shape)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    sizes_text = " x ".join(map(str, shape))
    if len(sizes) > 3:
        raise InputError(
            f"{path} is {len(sizes)}-D ({sizes_text}): give one 3-D volume of it, as one time point or echo"
        )
    if min(sizes, default=0) < 1:
        raise InputError(f"{path} has no voxels ({sizes_text}): check that it was written completely")
    if len(sizes) < 3 or min(sizes) == 1:
        raise InputError(f"{path} is a 2-D image ({sizes_text}): give a stack of slices")
    ni, nj, nk = sizes
    return ni, nj, nk


def check_scalar(components: int, complex_valued: bool, path: Path) -> None:
    """Refuse images whose voxels are colours, vectors or complex numbers.

    Raises:
        InputError: a voxel holds more than one real number.
    """
    if complex_valued:
        raise InputError(f"{path} holds complex numbers: give its magnitude")
    if components != 1:
        raise InputError(f"{path} holds {components} values a voxel (colour or vectors): give a scalar image")


def check_affine(affine: NDArray[np.float64], shape: Sequence[int], path: Path) -> NDArray[np.float64]:
    """The affine in double precision, if it describes a rectangular grid of plausible size.

    Args:
        affine: voxel index to RAS mm, shape (4, 4).
        shape: number of voxels along each axis.
        path: the file, for messages.

    Raises:
        InputError: the affine is not finite, singular, sheared, or of a size or position that no scan has.
    """
    affine = np.asarray(affine, dtype=np.float64)
    if not np.isfinite(affine).all():
        raise InputError(f"the affine of {path} has entries that are not finite: repair the file's header")
    columns = affine[:3, :3]
    with np.errstate(over="ignore"):
        steps = np.linalg.norm(columns, axis=0)
    if steps.min() > 0:
        _check_size(steps, shape, path)
    if steps.min() == 0 or abs(np.linalg.det(columns / steps)) < 1e-6:
        raise InputError(f"the affine of {path} is singular, its voxels fill no volume: repair the file's header")
    _check_position(affine[:3, 3], path)
    _check_right_angles(columns, path)
    return affine


def _check_size(steps: NDArray[np.float64], shape: Sequence[int], path: Path) -> None:
    """Refuse voxel sizes (mm) and extents that no scan has."""
    for name, step, size in zip(AXIS_NAMES, steps, shape, strict=True):
        if not SMALLEST_STEP <= step <= LARGEST_STEP:
            raise InputError(
                f"the geometry of {path} is implausible: a step of {step:.4g} mm along axis {name}, where scans have "
                f"{SMALLEST_STEP:g} to {LARGEST_STEP:g} mm; repair the file's header"
            )
        if step * size > LONGEST_EXTENT:
            raise InputError(
                f"the geometry of {path} is implausible: {step * size:.4g} mm long along axis {name}; "
                "repair the file's header"
            )


def _check_position(origin: NDArray[np.float64], path: Path) -> None:
    """Refuse a first voxel that is too far from the origin of patient coordinates."""
    away = float(np.abs(origin).max())
    if away > FARTHEST_POINT:
        raise InputError(
            f"the geometry of {path} is implausible: its first voxel is {away:.3g} mm from the origin; "
            "repair the file's header"
        )


def _check_right_angles(columns: NDArray[np.float64], path: Path) -> None:
    """Refuse axes, the columns of the affine, that are not orthogonal."""
    steps = np.linalg.norm(columns, axis=0)
    for a, b in combinations(range(3), 2):
        cosine = float(columns[:, a] @ columns[:, b] / (steps[a] * steps[b]))
        if abs(cosine) > LARGEST_SHEAR:
            raise InputError(
                f"the affine of {path} is sheared: axes {AXIS_NAMES[a]} and {AXIS_NAMES[b]} are "
                f"{np.degrees(np.arccos(cosine)):.1f} degrees apart instead of 90, as from gantry tilt; "
                "resample it to a rectangular grid first"
            )


def single_precision(
    voxels: NDArray[Any], path: Path, fill_nonfinite: float | None = None
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Convert voxels to float32, all finite and of a size that can be computed with.

    Args:
        voxels: intensities of any real type.
        path: the file, for messages.
        fill_nonfinite: replaces voxels that are NaN or infinite.

    Returns:
        The voxels, and a warning if some were replaced.

    Raises:
        InputError: voxels are NaN or infinite and ``fill_nonfinite`` is ``None``; or the largest is too large or too
            small for sums and squares in float32.
    """
    warnings: tuple[str, ...] = ()
    if voxels.dtype.kind == "f" and not (finite := np.isfinite(voxels)).all():
        count = int(finite.size - np.count_nonzero(finite))
        if fill_nonfinite is None:
            i, j, k = (int(index) for index in np.argwhere(~finite)[0])
            raise InputError(
                f"{path} has {count} voxel{'s' * (count > 1)} not finite (NaN or infinite), the first at (i, j, k) = "
                f"({i}, {j}, {k}): replace them first, as slice-profile-sr --fill-nonfinite VALUE does"
            )
        voxels = np.where(finite, voxels, fill_nonfinite)
        warnings = (f"{count} voxels that were not finite were replaced by {fill_nonfinite:g}",)
    largest = max(abs(float(voxels.max())), abs(float(voxels.min())))
    if largest > LARGEST_INTENSITY or 0 < largest < 1 / LARGEST_INTENSITY:
        raise InputError(
            f"the intensities of {path} are up to {largest:.3g}, too near the limits of single precision: "
            "rescale it first"
        )
    return np.ascontiguousarray(voxels, dtype=np.float32), warnings


def _reason(error: Exception) -> str:
    """A library's error message in brackets; empty for ITK, whose RuntimeErrors mean nothing to users."""
    text = str(error).split(" from object ")[0].strip()
    return "" if isinstance(error, RuntimeError) or not text else f" ({' '.join(text.split())})"
