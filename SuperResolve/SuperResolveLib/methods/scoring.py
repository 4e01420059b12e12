"""How good a network is on volumes that it does not learn from, beside interpolation and Tikhonov's inverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ..networks.generator import Generator
from ..physics.acquisition import along
from ..physics.degradation_range import DegradationRange
from ..training.collection import Collection
from .tiles import apply_in_tiles
from .trainable import Metric

Image = NDArray[np.float32]

#: Scans that are looked at, at most, and voxels of each along every axis.
MOST_SCANS, BLOCK = 6, 96


@dataclass(frozen=True)
class Case:
    """A block of a validation volume, through-plane axis first: its truth, and what is made of its slices."""

    truth: Image
    starts: Mapping[str, Image]


class Scoring:
    """Mean metrics over validation volumes.

    Each volume is degraded along one axis, the first along i, the second along j, and so on, with the middle of the
    ratios and widths that are to be learned.

    Args:
        collection: the validation volumes.
        degradations: what is learned.
        metrics: of an image and its truth, by name.
        device: where the network is applied.
        start: what the network is given.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        metrics: Mapping[str, Metric],
        device: torch.device,
        start: Literal["tikhonov", "spline", "cubic"],
    ) -> None:
        self._collection = collection
        self._degradations = degradations
        self._metrics = metrics
        self._device = device
        self._start = start

    @cached_property
    def _cases(self) -> list[Case]:
        count = min(len(self._collection.items), MOST_SCANS)
        return [self._case(index) for index in range(count)]

    @cached_property
    def _references(self) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        for name in ("spline", "tikhonov"):
            means = self._mean([case.starts[name] for case in self._cases])
            scores |= {f"{metric}_{name}": value for metric, value in means.items()}
        return scores

    def of(self, network: Generator) -> Mapping[str, float]:
        """The network's ``psnr`` and ``ssim``, and with ``_spline`` and ``_tikhonov`` after the name those of both."""
        if not self._cases:
            return {}
        network.eval()

        halo = network.receptive_radius
        answers = [apply_in_tiles(network, case.starts[self._start], halo, self._device) for case in self._cases]
        return {**self._mean(answers), **self._references}

    def _mean(self, answers: Sequence[Image]) -> dict[str, float]:
        pairs = [(answer, case.truth) for answer, case in zip(answers, self._cases, strict=True)]
        return {
            name: float(np.mean([metric(image, truth) for image, truth in pairs]))
            for name, metric in self._metrics.items()
        }

    def _case(self, index: int) -> Case:
        volume = self._collection.volume(index)
        axis = index % 3
        voxel = volume.spacing[axis]
        middle = self._degradations.middle(voxel)
        whole = normalised(np.moveaxis(volume.data, axis, 0))
        block = whole[(slice(None), *(_central(size) for size in whole.shape[1:]))]
        slices = int((len(block) - 1) * voxel / middle.slice_spacing) + 1
        patch = middle.patch(slices, len(block), voxel)
        seen = along(patch.matrix, block, 0)
        shown = _central(len(block))
        starts = {"tikhonov": patch.tikhonov(1e-3), "spline": patch.spline(), "cubic": patch.cubic()}
        return Case(block[shown], {name: along(inverse[shown], seen, 0) for name, inverse in starts.items()})


def normalised(volume: Image) -> Image:
    """The volume with its 1st percentile at 0 and its 99.5th at 1."""
    low, high = np.percentile(volume, (1.0, 99.5))
    return ((volume - low) / max(high - low, 1e-12)).astype(np.float32)


def _central(size: int) -> slice:
    first = max(0, (size - BLOCK) // 2)
    return slice(first, first + min(size, BLOCK))
