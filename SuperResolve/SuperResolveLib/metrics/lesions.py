"""Bright lesions: whether a result keeps their contrast, and whether any appear or vanish.

A *lesion* is here a compact region that is much brighter than the brain around it, found by a rule and not by a human
reader. The rule also finds vessels, sinuses and choroid plexus that a contrast agent has made bright; they test equally
well whether small bright structures keep their contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..data.volume import Volume
from .image_quality import Image, Mask, head_mask

#: Smallest depth below the surface of the head at which lesions are searched for, in mm.
DEPTH = 8.0
#: Standard deviation of the smoothing before the threshold, in mm, so that single noisy voxels stay below it.
SMOOTHING = 1.0
#: Least brightness of a lesion above the median, in robust standard deviations, and its least volume in mm3.
BRIGHTER, SMALLEST = 3.0, 30.0
#: A volume lacks a lesion if it exceeds the median there by less than this fraction of what the threshold does.
LACKING = 0.5
#: The shell around a lesion with which it is compared: its distances from the edge of the lesion, in mm.
SHELL = (2.0, 5.0)


@dataclass(frozen=True)
class Lesion:
    """A bright compact region.

    Attributes:
        inside: the voxels of the region.
        shell: the voxels around it that are not bright themselves.
    """

    inside: Mask
    shell: Mask

    def contrast(self, image: Image) -> float:
        """The mean intensity of the region minus that of its shell."""
        return float(image[self.inside].mean() - image[self.shell].mean())


@dataclass(frozen=True)
class Search:
    """The rule by which lesions are found; it is derived from one volume and then applied to others.

    Attributes:
        inner: where lesions are searched for.
        typical: the median intensity there after smoothing.
        excess: the least difference of a lesion's intensity from ``typical``.
    """

    inner: Mask
    typical: float
    excess: float

    @classmethod
    def of(cls, truth: Volume) -> Search:
        """Derive the rule from a volume, for this and for results that should resemble it."""
        depth = ndimage.distance_transform_edt(np.pad(head_mask(truth), 1), sampling=truth.spacing)[1:-1, 1:-1, 1:-1]
        inner = depth > DEPTH
        inside = _smoothed(truth)[inner]
        typical = float(np.median(inside))
        return cls(inner, typical, BRIGHTER * 1.4826 * float(np.median(np.abs(inside - typical))))

    def regions(self, volume: Volume) -> list[Mask]:
        """Bright compact regions, the largest first; an opening removes thin vessels."""
        bright = self._bright(volume)
        labels, count = ndimage.label(ndimage.binary_opening(bright))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * float(np.prod(volume.spacing))
        return [labels == 1 + index for index in np.argsort(-sizes) if sizes[index] >= SMALLEST]

    def lesions(self, volume: Volume) -> list[Lesion]:
        """The regions with their shells, without those whose shell is empty."""
        bright = self._bright(volume)
        return [
            Lesion(region, shell) for region in self.regions(volume) if (shell := _shell(region, bright, volume)).any()
        ]

    def lacking(self, regions: Sequence[Mask], volume: Volume) -> int:
        """The number of regions that a volume lacks."""
        smooth = _smoothed(volume)
        return sum(float(smooth[region].mean()) - self.typical < LACKING * self.excess for region in regions)

    def _bright(self, volume: Volume) -> Mask:
        return np.asarray((_smoothed(volume) > self.typical + self.excess) & self.inner)


def _shell(region: Mask, bright: Mask, volume: Volume) -> Mask:
    """The voxels around a region that are not bright."""
    away = ndimage.distance_transform_edt(~region, sampling=volume.spacing)
    return np.asarray((away >= SHELL[0]) & (away <= SHELL[1]) & ~bright)


def _smoothed(volume: Volume) -> Image:
    sigma = [SMOOTHING / size for size in volume.spacing]
    return np.asarray(ndimage.gaussian_filter(volume.data, sigma), dtype=np.float32)
