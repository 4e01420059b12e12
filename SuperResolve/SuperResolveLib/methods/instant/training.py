r"""Regression on through-plane images: :math:`\min_\theta E\,\|C(G_{\theta,t}(y)) - x\|^2 / \|T y - x\|^2`.

x is an image of whole columns of a volume along one axis, :math:`y = A x + n` with A the acquisition with a ratio,
phase and profile drawn anew for every batch, n noise, C the closed-form data consistency, and t what the network is
told of A and n. The image is seen between its slices and their fine grid, as in use; the squared error is that of the
planes read off it, relative to that of Tikhonov's inverse T of the batch, so that hard and easy protocols and anatomies
count alike.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch

from ...device import is_fast_in_bfloat16
from ...losses.pixel import squared_error
from ...model import Card
from ...networks.gated_edsr import GatedEDSR
from ...networks.gated_edsr_sizes import FACTOR
from ...networks.generator import Generator
from ...physics.acquisition import along
from ...physics.degradation_range import DegradationRange
from ...physics.fine_grid import FineGrid
from ...physics.profile import SliceProfile
from ...training.collection import Collection
from ...training.collection_pairs import CollectionBatches, ValidationPair
from ...training.column_pairs import ColumnPairs
from ...training.optimisation import Optimisation, optimisers_for, warmed_up_cosine
from ...training.supervised import SupervisedStep
from ..generator_in_training import GeneratorInTraining
from ..scoring import Image, Scoring
from ..successive_stages import SuccessiveStages
from ..through_plane.network import network_for
from ..through_plane.told import fine_damping
from ..trainable import Stage, TrainingSettings
from ..training_batches import random_stream
from .presets import EXPONENTS, FWHM_RATIOS, NOISE, PRESETS, RATIOS, VOXELS_MM, Preset

STAGE = "regression"
#: Added to the squared error of Tikhonov's inverse: what is smaller is no error, of intensities from 0 to 1.
SMALLEST = 1e-6
#: Planes of an image at most: whole columns are learned from.
WHOLE = 10_000


class InstantTraining(SuccessiveStages):
    """The network, and what it learns from.

    Args:
        settings: how to train.
        collection, validation: thin volumes to learn from, synthetic or not, and others to validate on.
        preset: sizes to take instead of those of the settings' preset.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        collection: Collection,
        validation: Collection,
        preset: Preset | None = None,
    ) -> None:
        self._settings, self._collection = settings, collection
        self._preset = preset or PRESETS[settings.preset]
        self._degradations = DegradationRange(
            "profile",
            settings.ratios or RATIOS,
            FWHM_RATIOS,
            NOISE,
            exponents=EXPONENTS,
            profile="pulse",
            as_scanned=True,
        )
        self._scoring = ScoringOfImages(
            validation, self._degradations, settings.metrics, settings.device, "tikhonov", consistent=True
        )
        arguments = {"channels": self._preset.channels, "depth": self._preset.depth}
        super().__init__(
            GeneratorInTraining(settings.network, arguments, self._preset.averaging, settings.seed, settings.device),
            STAGE,
        )

    def begin(self, stage: str) -> Stage:
        """The only stage."""
        self._begin(stage)
        settings, preset = self._settings, self._preset
        network = cast(GatedEDSR, self._generator.network)
        batches = CollectionBatches(
            self._collection,
            self._degradations,
            preset.batch,
            (WHOLE, 1, preset.width),
            "tikhonov",
            random_stream(settings, 0),
            settings.device,
        )

        in_bfloat16 = is_fast_in_bfloat16(settings.device.type)

        def loss(pairs: ColumnPairs) -> torch.Tensor:
            answer = planes_of(network, pairs, pairs.slices[:, :, 0], in_bfloat16)[:, :, None]
            start = squared_error(pairs.start, pairs.truth)
            return squared_error(pairs.made_consistent(answer), pairs.truth) / (start + SMALLEST)

        optimisers = optimisers_for(network, preset.learning_rate, "muon")
        schedules = [warmed_up_cosine(each, settings.iterations[STAGE]) for each in optimisers]
        optimisation = Optimisation(network.parameters(), optimisers, schedules)
        step = SupervisedStep(network, batches, loss, optimisation, self._generator.average)
        return Stage(step, lambda: self._scoring.of(self.averaged))

    def card(self, stage: str) -> Card:
        """What is to be known of the network."""
        return Card(
            method="instant",
            network=self._settings.network,
            network_arguments=self._generator.network.arguments,
            operator="profile",
            consistent=True,
            start="fine-grid",
            ratios=self._degradations.ratios,
            fwhm_ratios=self._degradations.fwhm_ratios,
            voxels_mm=VOXELS_MM,
            losses={"relative_squared_error": 1.0},
        )


class ScoringOfImages(Scoring):
    """Scores of a network that sees volumes as through-plane images: the mean over both orientations."""

    def _answer(self, network: Generator, case: ValidationPair) -> Image:
        pairs, seen = case.pairs, case.pairs.window[0].numpy()
        slices = pairs.slices[0].to(self._device)  # (slices, rows, columns)
        with torch.inference_mode():
            views = [
                planes_of(cast(GatedEDSR, network), pairs, slices.movedim(across, 0)).movedim(0, across)
                for across in (1, 2)
            ]
        planes: Image = torch.stack(views).mean(0).cpu().numpy()[seen]
        return planes


def planes_of(network: GatedEDSR, pairs: ColumnPairs, images: torch.Tensor, in_bfloat16: bool = False) -> torch.Tensor:
    """The planes seen by the slices of a batch's columns, as the network answers them.

    Args:
        network: what is trained.
        pairs: the batch.
        images: through-plane images of its slices, shape (number, slices, columns).
        in_bfloat16: whether the network computes in that type.

    Returns:
        Shape (number, planes, columns).
    """
    column = pairs.column
    profile, spacing = column.degradation.operator, column.degradation.slice_spacing
    assert isinstance(profile, SliceProfile)
    positions = (np.arange(column.length)[column.seen] - column.first_centre) / column.ratio
    damping = fine_damping(pairs.damping, column.voxel, spacing)
    fine_grid = FineGrid.meeting(positions, profile, spacing, spacing / FACTOR, damping, column.slices)
    fine_planes = network_for(network, fine_grid, column.ratio, in_bfloat16)(images)
    return along(fine_grid.reading(column.slices, positions), fine_planes, 1)
