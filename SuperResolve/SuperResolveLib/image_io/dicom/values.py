"""From stored DICOM voxels to intensities: inverted display, rescale slope and intercept, and padding.

With a stored value v that is displayed bright where low (MONOCHROME1), the inverted one is (lowest + highest storable
value) - v. The intensity is slope * v + intercept. Padding marks what the scanner did not see, as outside a CT's round
field of view; its edge is none of the anatomy's, so that it becomes the lowest intensity beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..acquisition_tags import numbers
from .format import PixelFormat
from .tags import shown

#: Range of plausible rescale slopes: quantitative maps in SI units, and far beyond any scanner's counts.
SMALLEST_SLOPE, LARGEST_SLOPE = 1e-15, 1e12
#: Single precision resolves this fraction of the intercept; a smaller slope would be lost beside it.
RESOLVED = 2.0**-22
#: Padding that no tag announces is one negative intensity, which holds for this part of the voxels at least, and lies
#: this part of the range of all others below them.
LEAST_PART, LEAST_DISTANCE = 0.001, 0.05
#: Padding that lies no farther below the lowest intensity, as a part of the range of all others, is left alone.
HARMLESS_DISTANCE = 0.01


@dataclass(frozen=True)
class Intensities:
    """How the stored values of one slice become intensities.

    Attributes:
        slope: rescale slope.
        intercept: rescale intercept.
        inverted: whether stored values are inverted first.
        padding: lowest and highest word that means padding; ``None`` if there is no such word.
    """

    slope: float
    intercept: float
    inverted: bool
    padding: tuple[int, int] | None

    @classmethod
    def of(cls, tags: Mapping[str, str], form: PixelFormat, path: Path) -> Intensities:
        """What the tags of a slice tell.

        CT's numbers are a measure of the tissue, however they are displayed, and never inverted.

        Raises:
            InputError: slope or intercept are no plausible numbers.
        """
        slope, intercept = (_number(tags, keyword, path) for keyword in ("RescaleSlope", "RescaleIntercept"))
        if not SMALLEST_SLOPE <= abs(slope) <= LARGEST_SLOPE or abs(intercept) * RESOLVED > abs(slope):
            raise InputError(
                f"{path} has an implausible rescaling: a slope of {slope:.4g} and an intercept of {intercept:.4g}; "
                "repair its header"
            )
        inverted = form.inverted and tags["Modality"].strip().upper() != "CT"
        return cls(slope, intercept, inverted, _padding(tags, form))

    @property
    def is_identity(self) -> bool:
        """Whether intensities are the stored values."""
        return self.slope == 1 and self.intercept == 0

    def kind(self, form: PixelFormat) -> np.dtype[Any]:
        """The narrowest integer type, no narrower than the words, that holds all intensities; else single precision."""
        if self.is_identity:
            return form.word
        if self.slope != int(self.slope) or self.intercept != int(self.intercept):
            return np.dtype(np.float32)
        ends = [self.slope * limit + self.intercept for limit in form.limits]
        sign = "i" if min(ends) < 0 else "u"
        for size in (1, 2, 4):
            limits = np.iinfo(f"{sign}{size}")
            if size >= form.word.itemsize and limits.min <= min(ends) and max(ends) <= limits.max:
                return np.dtype(f"{sign}{size}")
        return np.dtype(np.float32)

    def apply(self, words: NDArray[Any], form: PixelFormat) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Intensities of the words of a slice, and where they are padding."""
        padded = None
        if self.padding is not None:
            padded = (words >= self.padding[0]) & (words <= self.padding[1])
        values = form.values(words)
        if self.inverted:
            values = (sum(form.limits) - values.astype(np.int64)).astype(form.word)
        if not self.is_identity:
            values = values * np.float64(self.slope) + self.intercept
        return values, padded if padded is not None and padded.any() else None


def without_padding(
    voxels: NDArray[Any], padded: NDArray[np.bool_] | None, source: Path
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The voxels with padding set to the lowest of all others, in place, and warnings if there was any.

    Args:
        voxels: intensities.
        padded: where tags announce padding.
        source: the file or folder, for messages.

    Raises:
        InputError: all voxels are padding.
    """
    warnings: tuple[str, ...] = ()
    if padded is not None and padded.any():
        warnings += _set_to_lowest(voxels, padded, source)
    unannounced = _unannounced(voxels)
    if unannounced is not None:
        warnings += _set_to_lowest(voxels, unannounced, source)
    return voxels, warnings


def _set_to_lowest(voxels: NDArray[Any], padded: NDArray[np.bool_], source: Path) -> tuple[str, ...]:
    lowest, highest = _extremes(voxels, ~padded, source)
    values = voxels[padded]
    beside = float(values.max()) < lowest - HARMLESS_DISTANCE * (highest - lowest) or float(values.min()) > highest
    if not beside:  # it makes no edge, or the tag names an intensity of tissue
        return ()
    was = f"{values.min():.5g}" if values.min() == values.max() else f"{values.min():.5g} to {values.max():.5g}"
    voxels[padded] = lowest
    return (f"{values.size} voxels of padding ({was}) were set to {lowest:.5g}, the lowest intensity of the others",)


def _unannounced(voxels: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where voxels hold padding that no tag announces, if they do."""
    lowest = voxels.min()
    if not lowest < 0:
        return None
    at_lowest: NDArray[np.bool_] = voxels == lowest
    count = np.count_nonzero(at_lowest)
    if not LEAST_PART * voxels.size <= count < voxels.size:
        return None
    highest = voxels.max()
    least = float(lowest) + LEAST_DISTANCE * (float(highest) - float(lowest))
    planes = zip(voxels, at_lowest, strict=True)
    return at_lowest if all(np.where(at, highest, plane).min() > least for plane, at in planes) else None


def _extremes(voxels: NDArray[Any], where: NDArray[np.bool_], source: Path) -> tuple[float, float]:
    others = voxels[where]
    if others.size == 0:
        raise InputError(f"{source} holds nothing but padding, as its tag PixelPaddingValue tells: give another series")
    return float(others.min()), float(others.max())


def _number(tags: Mapping[str, str], keyword: str, path: Path) -> float:
    """Rescale slope or intercept, which default to 1 and 0."""
    if not tags[keyword]:
        return 1.0 if keyword == "RescaleSlope" else 0.0
    found = numbers(tags[keyword])
    if len(found) != 1 or not np.isfinite(found[0]):
        raise InputError(f"in {path}, {keyword} is not a number ({shown(tags[keyword])}): repair its header")
    return found[0]


def _padding(tags: Mapping[str, str], form: PixelFormat) -> tuple[int, int] | None:
    """The words that mean padding; tags may hold them with or without a sign."""
    ends = []
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        told = numbers(tags[keyword])
        if len(told) == 1 and np.isfinite(told[0]) and abs(told[0]) < 2**32:
            word = int(told[0]) % 2**form.allocated
            ends.append(word - 2**form.allocated if form.signed and word >= 2 ** (form.allocated - 1) else word)
    return (min(ends), max(ends)) if ends and tags["PixelPaddingValue"] else None
