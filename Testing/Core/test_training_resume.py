"""A run that was killed and goes on ends as one that was not: bit for bit, in every step there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.device import reproducible
from SuperResolveLib.estimation.espreso.game import Game, Settings
from SuperResolveLib.estimation.reference import reference_of
from SuperResolveLib.methods.smore.error_head import error_step
from SuperResolveLib.methods.smore.learning import step_for
from SuperResolveLib.methods.through_plane.network import network_on
from SuperResolveLib.networks.edsr import EDSR
from SuperResolveLib.networks.planes_and_errors import PlanesAndErrors
from SuperResolveLib.networks.slice_to_planes import SliceToPlanes
from SuperResolveLib.networks.wdsr import WDSR
from SuperResolveLib.physics.degradation import Degradation
from SuperResolveLib.physics.fine_grid import FineGrid
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.training.batches import Batches
from SuperResolveLib.training.checkpoint import Checkpoints
from SuperResolveLib.training.image_pairs import ImagePairs, ImagePairSampler
from SuperResolveLib.training.loop import TrainingLoop
from SuperResolveLib.training.optimisation import Optimisation
from SuperResolveLib.training.random_streams import CountedStream, OneStream
from SuperResolveLib.training.step import TrainingStep
from SuperResolveLib.training.supervised import SupervisedStep
from SuperResolveLib.training.volume_pairs import VolumePairs, VolumePairSampler

CPU = torch.device("cpu")
ITERATIONS, EVERY, KILLED = 30, 15, 18


class Killed(BaseException):
    """Ends a run as a signal does: nothing is saved."""


def kill(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
    if fraction * ITERATIONS > KILLED - 0.5:
        raise Killed


def silent(*_: object) -> None:
    pass


def batches() -> Batches[ImagePairs]:
    fine_grid = FineGrid.meeting(np.array([-0.35]), SliceProfile.gaussian(3.3, 1.0), 3.3, 1.0, 1e-3, 1)
    images = np.random.default_rng(0).random((4, 60, 56)).astype(np.float32)
    return Batches(ImagePairSampler(images, (1.0, 1.0), fine_grid, 6, 16, CPU), 2, OneStream(5, CPU))


def network(kind: type[EDSR | WDSR] = EDSR) -> SliceToPlanes:
    fine_grid = FineGrid.meeting(np.array([-0.35]), SliceProfile.gaussian(3.3, 1.0), 3.3, 1.0, 1e-3, 1)
    made = network_on(fine_grid, kind(fine_grid.factor + 1, fine_grid.factor, 8, 2))
    return made.to(CPU, memory_format=torch.channels_last)  # type: ignore[call-overload]


def smore_with_muon() -> TrainingStep:
    return step_for(network(), batches(), ITERATIONS, 1e-3, "squared", "muon")


def smore_with_adam() -> TrainingStep:
    return step_for(network(WDSR), batches(), ITERATIONS, 1e-3, "absolute", "adam")


def error_head() -> TrainingStep:
    judged = PlanesAndErrors(network())
    return error_step(judged, batches(), ITERATIONS)


def espreso() -> TrainingStep:
    data = np.random.default_rng(0).random((64, 60, 20)).astype(np.float32)
    scan = Volume(data, np.diag([1.0, 1.0, 3.0, 1.0]))
    return Game(reference_of(scan, slice_geometry(scan)), 21, Settings(iterations=ITERATIONS, patches=8), CPU)


def volumes() -> TrainingStep:
    body = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 1, 3, padding=1))
    volume = np.random.default_rng(0).random((40, 24, 24)).astype(np.float32)
    degradation = Degradation(SliceProfile.gaussian(3.3, 1.0), 3.3, 0.05)
    sampler = VolumePairSampler(volume, 1.0, 0, degradation, 4, 8, CPU)

    def loss(pairs: VolumePairs) -> torch.Tensor:
        return (pairs.start + body(pairs.start[:, None])[:, 0] - pairs.truth).square().mean()

    optimisation = Optimisation(body.parameters(), [torch.optim.Adam(body.parameters(), lr=1e-3)])
    return SupervisedStep(body, Batches(sampler, 2, CountedStream(3, CPU)), loss, optimisation)


def tensors(state: object) -> Iterator[torch.Tensor | float | int]:
    """All that a state holds, in order."""
    if isinstance(state, dict):
        for value in state.values():
            yield from tensors(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from tensors(value)
    elif isinstance(state, torch.Tensor | float | int):
        yield state


@pytest.mark.parametrize("make", [smore_with_muon, smore_with_adam, error_head, espreso, volumes])
def test_a_killed_run_that_goes_on_equals_one_that_was_not(make: Callable[[], TrainingStep], tmp_path: Path) -> None:
    with reproducible(1):
        straight = make()
        TrainingLoop(straight, ITERATIONS, CPU).run(silent)
        expected = list(tensors(straight.state()))
    checkpoints = Checkpoints(tmp_path, minutes=None, iterations=EVERY)
    with reproducible(1), pytest.raises(Killed):
        TrainingLoop(make(), ITERATIONS, CPU, checkpoints=checkpoints).run(kill)
    with reproducible(999):  # whatever the new process starts with
        resumed = make()
        loop = TrainingLoop(resumed, ITERATIONS, CPU, checkpoints=checkpoints)
        assert loop.resume() and loop.iteration == EVERY
        loop.run(silent)
        found = list(tensors(resumed.state()))
    assert len(found) == len(expected) > 10
    for ours, theirs in zip(found, expected, strict=True):
        if isinstance(ours, torch.Tensor):
            assert torch.equal(ours, theirs)
        else:
            assert ours == theirs
