"""How good a network is on volumes that it does not learn from, beside interpolation and Tikhonov's inverse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from ..networks.generator import Generator
from ..physics.degradation_range import DegradationRange
from ..physics.degraded_column import Start
from ..training.collection import Collection
from ..training.collection_pairs import ValidationPair, usable_axes, validation_pair
from .tiles import apply_in_tiles
from .trainable import Metric

Image = NDArray[np.float32]

#: Scans that are looked at, at most.
MOST_SCANS = 6


class Scoring:
    """Mean metrics over validation volumes.

    The middle of each volume is degraded along one axis, the first along i, the second along j, and so on, with the
    middle of the ratios and widths that are to be learned.

    Args:
        collection: the validation volumes.
        degradations: what is learned.
        metrics: of an image and its truth, by name.
        device: where the network is applied.
        start: what the network is given.
        consistent: whether answers are made consistent with the slices before they are judged.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        metrics: Mapping[str, Metric],
        device: torch.device,
        start: Start,
        consistent: bool = False,
    ) -> None:
        self._collection = collection
        self._degradations = degradations
        self._metrics = metrics
        self._device = device
        self._start = start
        self._consistent = consistent

    @cached_property
    def _cases(self) -> list[ValidationPair]:
        count = min(len(self._collection), MOST_SCANS)
        middle = middle_of(self._degradations)
        return [validation_pair(self._collection.volume(index), middle, self._axis(index)) for index in range(count)]

    def _axis(self, index: int) -> int:
        item = self._collection.items[index]
        usable = usable_axes(item.shape, item.spacing, self._degradations)
        return usable[index % len(usable)]

    @cached_property
    def _references(self) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        for name in ("spline", "tikhonov"):
            means = self._mean([getattr(case, name).numpy()[0] for case in self._cases])
            scores |= {f"{metric}_{name}": value for metric, value in means.items()}
        return scores

    def of(self, network: Generator) -> Mapping[str, float]:
        """The network's ``psnr`` and ``ssim``, and with ``_spline`` and ``_tikhonov`` after the name those of both."""
        if not self._cases:
            return {}
        network = network.eval().at_scale(middle_of(self._degradations).ratios[0])
        answers = [self._answer(network, case) for case in self._cases]
        if self._consistent:
            answers = [
                case.pairs.made_consistent(torch.from_numpy(answer)[None]).numpy()[0]
                for case, answer in zip(self._cases, answers, strict=True)
            ]
        return {**self._mean(answers), **self._references}

    def _answer(self, network: Generator, case: ValidationPair) -> Image:
        """The network's answer on the voxels of the truth."""
        start: Image = getattr(case, self._start).numpy()[0]
        return apply_in_tiles(network, start, network.receptive_radius, self._device)

    def _mean(self, answers: Sequence[Image]) -> dict[str, float]:
        pairs = [(answer, case.truth.numpy()[0]) for answer, case in zip(answers, self._cases, strict=True)]
        return {
            name: float(np.mean([metric(image, truth) for image, truth in pairs]))
            for name, metric in self._metrics.items()
        }


def middle_of(degradations: DegradationRange) -> DegradationRange:
    """The middle of a range as one that is fixed: without noise, and with a Gaussian profile where one is drawn."""
    ratio = math.sqrt(math.prod(degradations.ratios))
    if degradations.whole:
        ratio = float(round(ratio))
    width = sum(degradations.fwhm_ratios) / 2
    return replace(
        degradations,
        ratios=(ratio, ratio),
        fwhm_ratios=(width, width),
        noise=(0.0, 0.0),
        exponents=(2.0, 2.0),
        profile=None if degradations.profile == "pulse" else degradations.profile,
    )
