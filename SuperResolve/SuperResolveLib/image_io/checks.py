"""What every format's reader refuses, in one sentence each."""

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

#: Distances between voxels in mm that a scan can have: from MR microscopy to a sparse localiser.
SMALLEST_STEP, LARGEST_STEP = 0.01, 30.0
#: No scanner's field of view, and no patient coordinate, is longer than this (mm).
LONGEST_EXTENT, FARTHEST_POINT = 2500.0, 10_000.0
#: How far from a right angle two axes may be, as the cosine between them: 0.3 degrees, beyond any rounding of headers.
LARGEST_SHEAR = 0.005


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Around a library's reader: whatever it raises on a damaged file becomes one sentence, what it warns of nothing.

    Raises:
        InputError: instead of any other exception; one from within passes unchanged.
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
    """The three spatial sizes of a stored image, trailing axes of one voxel dropped.

    Raises:
        InputError: more or fewer dimensions than three.
    """
    sizes = list(shape)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    told = " x ".join(map(str, shape))
    if len(sizes) > 3:
        raise InputError(f"{path} is {len(sizes)}-D ({told}): give one 3-D volume of it, as one time point or echo")
    if min(sizes, default=0) < 1:
        raise InputError(f"{path} has no voxels ({told}): check that it was written completely")
    if len(sizes) < 3 or min(sizes) == 1:
        raise InputError(f"{path} is a 2-D image ({told}): give a stack of slices")
    ni, nj, nk = sizes
    return ni, nj, nk


def check_scalar(components: int, complex_valued: bool, path: Path) -> None:
    """Refuse colour, vectors and complex numbers.

    Raises:
        InputError: a voxel holds more than one real number.
    """
    if complex_valued:
        raise InputError(f"{path} holds complex numbers: give its magnitude")
    if components != 1:
        raise InputError(f"{path} holds {components} values a voxel (colour or vectors): give a scalar image")


def check_affine(affine: NDArray[np.float64], shape: Sequence[int], path: Path) -> NDArray[np.float64]:
    """The affine in double precision, if it describes a rectangular grid of plausible size.

    Raises:
        InputError: it is not finite, singular, sheared, or of a size that no scan has.
    """
    affine = np.asarray(affine, dtype=np.float64)
    if not np.isfinite(affine).all():
        raise InputError(f"the affine of {path} has entries that are not finite: repair the file's header")
    columns = affine[:3, :3]
    steps = np.linalg.norm(columns, axis=0)
    if steps.min() == 0 or abs(np.linalg.det(columns / steps)) < 1e-6:
        raise InputError(f"the affine of {path} is singular, its voxels fill no volume: repair the file's header")
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
    away = float(np.abs(affine[:3, 3]).max())
    if away > FARTHEST_POINT:
        raise InputError(
            f"the geometry of {path} is implausible: its first voxel is {away:.3g} mm from the origin; "
            "repair the file's header"
        )
    for a, b in combinations(range(3), 2):
        cosine = float(columns[:, a] @ columns[:, b] / (steps[a] * steps[b]))
        if abs(cosine) > LARGEST_SHEAR:
            raise InputError(
                f"the affine of {path} is sheared: axes {AXIS_NAMES[a]} and {AXIS_NAMES[b]} are "
                f"{np.degrees(np.arccos(cosine)):.1f} degrees apart instead of 90, as from gantry tilt; "
                "resample it to a rectangular grid first"
            )
    return affine


def single_precision(
    voxels: NDArray[Any], path: Path, fill_nonfinite: float | None = None
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The voxels as float32, all finite, and a warning if some were replaced.

    Raises:
        InputError: voxels are NaN or infinite and there is nothing to replace them with, or too large for float32.
    """
    finite = np.isfinite(voxels)
    count = int(finite.size - np.count_nonzero(finite))
    if count and fill_nonfinite is None:
        i, j, k = (int(index) for index in np.argwhere(~finite)[0])
        raise InputError(
            f"{path} has {count} voxel{'s' * (count > 1)} not finite (NaN or infinite), the first at (i, j, k) = "
            f"({i}, {j}, {k}): replace them first, as slice-profile-sr --fill-nonfinite VALUE does"
        )
    if fill_nonfinite is not None and count:
        voxels = np.where(finite, voxels, fill_nonfinite)
    with np.errstate(over="ignore"):
        largest = max(abs(float(voxels.max())), abs(float(voxels.min())))
    if largest > float(np.finfo(np.float32).max):
        raise InputError(f"{path} has intensities up to {largest:.3g}, beyond single precision: rescale it first")
    told = (f"{count} voxels that were not finite were replaced by {fill_nonfinite:g}",) if count else ()
    return np.ascontiguousarray(voxels, dtype=np.float32), told


def _reason(error: Exception) -> str:
    """What a library says went wrong, in brackets; nothing from ITK, whose RuntimeErrors tell of its inside."""
    text = str(error).split(" from object ")[0].strip()
    return "" if isinstance(error, RuntimeError) or not text else f" ({' '.join(text.split())})"
