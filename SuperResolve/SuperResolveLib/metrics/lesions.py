"""Whether bright lesions keep their contrast, and whether any appear or vanish.

A *lesion* is found by rule, not by a reader: a compact region much brighter than the brain around it. The rule also
finds vessels, sinuses and choroid plexus where contrast agent has made them bright; they are as good a test of whether
a small bright thing keeps its contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..data.volume import Volume
from .image_quality import Image, Mask, head_mask

#: Distance from the surface of the head or brain from which lesions are looked for, in mm.
DEPTH = 8.0
#: Smoothing before thresholding, in mm: above what single noisy voxels reach.
SMOOTHING = 1.0
#: How much brighter than the median inside, in robust standard deviations, and how large a lesion is, in mm3.
BRIGHTER, SMALLEST = 3.0, 30.0
#: Another volume lacks a lesion where it shows less than this share of the brightness that makes one.
LACKING = 0.5
#: The shell around a lesion with which it is compared: from and to this far from its edge, in mm.
SHELL = (2.0, 5.0)


@dataclass(frozen=True)
class Lesion:
    """A bright compact region: where it is, and the shell around it that holds no other."""

    inside: Mask
    shell: Mask

    def contrast(self, image: Image) -> float:
        """The mean inside minus the mean of the shell."""
        return float(image[self.inside].mean() - image[self.shell].mean())


@dataclass(frozen=True)
class Search:
    """By which rule lesions are found, fixed by one volume so that others are searched alike.

    Attributes:
        inner: where lesions are looked for.
        typical: the median there after smoothing.
        excess: by how much a lesion is brighter than that.
    """

    inner: Mask
    typical: float
    excess: float

    @classmethod
    def of(cls, truth: Volume) -> Search:
        """The rule for a volume and whatever should look like it."""
        depth = ndimage.distance_transform_edt(np.pad(head_mask(truth), 1), sampling=truth.spacing)[1:-1, 1:-1, 1:-1]
        inner = depth > DEPTH
        inside = _smoothed(truth)[inner]
        typical = float(np.median(inside))
        return cls(inner, typical, BRIGHTER * 1.4826 * float(np.median(np.abs(inside - typical))))

    def regions(self, volume: Volume) -> list[Mask]:
        """Bright compact regions, the largest first: what stays after an opening that takes away thin vessels."""
        bright = self._bright(volume)
        labels, count = ndimage.label(ndimage.binary_opening(bright))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * float(np.prod(volume.spacing))
        return [labels == 1 + index for index in np.argsort(-sizes) if sizes[index] >= SMALLEST]

    def lesions(self, volume: Volume) -> list[Lesion]:
        """The regions with their shells."""
        bright = self._bright(volume)
        return [
            Lesion(region, shell) for region in self.regions(volume) if (shell := _shell(region, bright, volume)).any()
        ]

    def lacking(self, regions: Sequence[Mask], volume: Volume) -> int:
        """How many of the regions ``volume`` does not show."""
        smooth = _smoothed(volume)
        return sum(float(smooth[region].mean()) - self.typical < LACKING * self.excess for region in regions)

    def _bright(self, volume: Volume) -> Mask:
        return np.asarray((_smoothed(volume) > self.typical + self.excess) & self.inner)


def _shell(region: Mask, bright: Mask, volume: Volume) -> Mask:
    """Around a region, without what is bright itself."""
    away = ndimage.distance_transform_edt(~region, sampling=volume.spacing)
    return np.asarray((away >= SHELL[0]) & (away <= SHELL[1]) & ~bright)


def _smoothed(volume: Volume) -> Image:
    sigma = [SMOOTHING / size for size in volume.spacing]
    return np.asarray(ndimage.gaussian_filter(volume.data, sigma), dtype=np.float32)
