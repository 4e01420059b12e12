r"""Regression on through-plane images: :math:`\min_\theta E\,\|C(G_{\theta,t}(y)) - x\|^2 / \|T y - x\|^2`.

x is an image of whole columns of a volume along one axis, :math:`y = A x + n` with A the acquisition with a ratio,
phase and profile drawn anew for every batch, n noise, C the closed-form data consistency, and t what the network is
told of A and n. The image is seen between its slices and their fine grid, as in use; the squared error is that of the
planes read off it, relative to that of Tikhonov's inverse T of the batch, so that hard and easy protocols and anatomies
count alike.

Then a head beside the network learns the variance of the error that is left
(:mod:`~SuperResolveLib.training.error_step`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...device import is_fast_in_bfloat16
from ...losses.pixel import squared_error
from ...model import Card
from ...networks.gated_edsr import AtAcquisition, GatedEDSR
from ...networks.gated_edsr_sizes import FACTOR
from ...networks.generator import Generator
from ...networks.slice_to_planes import SliceToPlanes, unfold
from ...physics.acquisition import along
from ...physics.degradation_range import DegradationRange
from ...physics.fine_grid import FineGrid
from ...physics.profile import SliceProfile
from ...training.collection import Collection
from ...training.collection_pairs import CollectionBatches, ValidationPair
from ...training.column_pairs import ColumnPairs
from ...training.error_step import ErrorStep
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

REGRESSION, ERRORS = "regression", "errors"
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
            REGRESSION,
        )
        self._errors: ErrorStep[ColumnPairs] | None = None
        self._judged: GatedEDSR | None = None

    @property
    def averaged(self) -> GatedEDSR:
        """The network with averaged weights; once it has learned its errors, with these."""
        if self._judged is None or self._errors is None:
            return cast(GatedEDSR, super().averaged)
        assert self._judged.errors is not None
        told = self._judged.with_errors(True)
        assert told.errors is not None
        told.errors.highest.copy_(self._errors.highest)
        return told

    def start_from(self, network: Generator) -> None:
        """Start from a trained network's weights; what it has learned of its errors is learned anew."""
        super().start_from(network.with_errors(False) if isinstance(network, GatedEDSR) else network)

    def begin(self, stage: str) -> Stage:
        """One of the two stages.

        Raises:
            InputError: the network's errors are to be learned, and neither was it trained nor one given to start from.
        """
        self._errors = self._judged = None
        self._begin(stage)
        if stage == REGRESSION:
            return Stage(self._regression(), lambda: self._scoring.of(self.averaged))
        step = self._learning_errors()
        scoring = self._scoring
        return Stage(step, lambda: {**scoring.of(self.averaged), **scoring.of_errors(self.averaged)}, False)

    def _batches(self, number: int) -> CollectionBatches:
        settings, preset = self._settings, self._preset
        return CollectionBatches(
            self._collection,
            self._degradations,
            preset.batch,
            (WHOLE, 1, preset.width),
            "tikhonov",
            random_stream(settings, number),
            settings.device,
        )

    def _regression(self) -> SupervisedStep[ColumnPairs]:
        settings, preset = self._settings, self._preset
        network = cast(GatedEDSR, self._generator.network)
        in_bfloat16 = is_fast_in_bfloat16(settings.device.type)

        def loss(pairs: ColumnPairs) -> torch.Tensor:
            answer = planes_of(network, pairs, pairs.slices[:, :, 0], in_bfloat16)[:, :, None]
            start = squared_error(pairs.start, pairs.truth)
            return squared_error(pairs.made_consistent(answer), pairs.truth) / (start + SMALLEST)

        optimisers = optimisers_for(network, preset.learning_rate, "muon")
        schedules = [warmed_up_cosine(each, settings.iterations[REGRESSION]) for each in optimisers]
        optimisation = Optimisation(network.parameters(), optimisers, schedules)
        return SupervisedStep(network, self._batches(0), loss, optimisation, self._generator.average)

    def _learning_errors(self) -> ErrorStep[ColumnPairs]:
        judged = self.averaged.with_errors(True).requires_grad_(False).to(self._settings.device)
        head, batches = judged.errors, self._batches(1)
        assert head is not None
        head.requires_grad_(True)

        def errors_and_logs(pairs: ColumnPairs) -> tuple[torch.Tensor, torch.Tensor]:
            planes, logs = maps_of(judged, pairs, pairs.slices[:, :, 0])
            return (pairs.made_consistent(planes[:, :, None]) - pairs.truth)[:, :, 0], logs

        with torch.no_grad():
            head.level.copy_(errors_and_logs(batches.at(0))[0].square().mean().log())
        self._judged = judged
        self._errors = ErrorStep(judged, head, batches, errors_and_logs, self._settings.iterations[ERRORS])
        return self._errors

    def card(self, stage: str) -> Card:
        """What is to be known of the network."""
        return Card(
            method="instant",
            network=self._settings.network,
            network_arguments=self.averaged.arguments,
            operator="profile",
            consistent=True,
            start="fine-grid",
            ratios=self._degradations.ratios,
            fwhm_ratios=self._degradations.fwhm_ratios,
            voxels_mm=VOXELS_MM,
            losses={"relative_squared_error": 1.0} | ({"gaussian_likelihood": 1.0} if stage == ERRORS else {}),
        )


class ScoringOfImages(Scoring):
    """Scores of a network that sees volumes as through-plane images: the mean over both orientations."""

    def of_errors(self, network: GatedEDSR) -> Mapping[str, float]:
        """``within_one_deviation``: which share of errors is smaller than the standard deviation that is told of it."""
        network, shares = network.to(self._device).eval(), []
        for case in self._cases:
            pairs, seen = case.pairs, case.pairs.window[0]
            slices, truth = pairs.slices[0].to(self._device), pairs.truth[0].to(self._device)
            for across in (1, 2):
                with torch.inference_mode():
                    maps = maps_of(network, pairs, slices.movedim(across, 0))
                    planes, logs = (each.movedim(0, across)[seen] for each in maps)
                    error = pairs.made_consistent(planes.cpu()[None])[0].to(truth.device) - truth
                    shares.append(float((error.square() < logs.exp()).float().mean()))
        return {"within_one_deviation": float(np.mean(shares))} if shares else {}

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
    between, reading = _between(network, pairs, in_bfloat16)
    return along(reading, between(images), 1)


def maps_of(network: GatedEDSR, pairs: ColumnPairs, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The planes, and the logarithm of the variance of their error, of a network whose own weights are not to learn.

    Arguments and shapes as of :func:`planes_of`.
    """
    between, reading = _between(network, pairs, False)
    backbone = between.backbone
    assert isinstance(backbone, AtAcquisition)
    start, image = between.shown(images)
    added, logs = backbone.with_log_variance(image)
    fine_planes = start + unfold(between.extended(added))
    return along(reading, fine_planes, 1), along(reading, unfold(between.extended(logs)), 1)


def _between(network: GatedEDSR, pairs: ColumnPairs, in_bfloat16: bool) -> tuple[SliceToPlanes, NDArray[np.floating]]:
    """The network between the slices of a batch's columns and their fine grid, and what reads its planes off that."""
    column = pairs.column
    profile, spacing = column.degradation.operator, column.degradation.slice_spacing
    assert isinstance(profile, SliceProfile)
    positions = (np.arange(column.length)[column.seen] - column.first_centre) / column.ratio
    damping = fine_damping(pairs.damping, column.voxel, spacing)
    fine_grid = FineGrid.meeting(positions, profile, spacing, spacing / FACTOR, damping, column.slices)
    return network_for(network, fine_grid, column.ratio, in_bfloat16), fine_grid.reading(column.slices, positions)
