"""How good a network that starts from slices is on volumes that it does not learn from."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ...networks.generator import Generator
from ...physics.acquisition import along
from ...physics.degradation_range import DegradationRange
from ...training.collection import Collection
from ...training.collection_pairs import ValidationPair
from ..scoring import Image, Scoring
from ..tiles import apply_in_tiles
from ..trainable import Metric
from .acquired import reading_of


class OfSlices(Scoring):
    """Scores of networks that make planes of slices; arguments as of :class:`~SuperResolveLib.methods.scoring.Scoring`.

    Its answers are made consistent where ``consistent``.
    """

    def __init__(
        self,
        collection: Collection,
        degradations: DegradationRange,
        metrics: Mapping[str, Metric],
        device: torch.device,
        consistent: bool,
    ) -> None:
        super().__init__(collection, degradations, metrics, device, "spline", consistent)

    def _answer(self, network: Generator, case: ValidationPair) -> Image:
        slices = case.pairs.slices.numpy()[0].repeat(network.factor, axis=0)
        planes = apply_in_tiles(network, slices, network.receptive_radius, self._device)
        reading = reading_of(case.pairs.column, network.factor, network.lead)
        return along(reading[case.pairs.window[0].numpy()], planes, 0)
