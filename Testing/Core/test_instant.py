"""The network for all scans: equivariant to contrast, told of the acquisition, indifferent to how scans are stored."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.intensity_range import intensity_range
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.instant.presets import Preset
from SuperResolveLib.methods.instant.training import ERRORS, REGRESSION, InstantTraining, maps_of, planes_of
from SuperResolveLib.methods.learned import Learned
from SuperResolveLib.methods.method import MethodSettings
from SuperResolveLib.methods.networks import build_network, tensors_of
from SuperResolveLib.methods.through_plane.told import FARTHEST, fine_damping, fine_grid_of, told
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.metrics.image_quality import psnr
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.gated_edsr import GatedEDSR
from SuperResolveLib.networks.gated_edsr_sizes import FACTOR, TOLD
from SuperResolveLib.physics.acquisition import acquisition_matrix, along, regularised_inverse
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import silent
from SuperResolveLib.training.collection import Collection, synthetic_collection
from SuperResolveLib.workflows.shipped_models import shipped_model
from SuperResolveLib.workflows.super_resolve import super_resolve
from test_storage_order import permuted, reversed_along

PROFILE = SliceProfile.gaussian(6.0, 2.0)
CARD = Card(
    method="instant",
    network="gated-edsr",
    network_arguments={"channels": 6, "depth": 2},
    operator="profile",
    consistent=True,
    start="fine-grid",
    ratios=(1.5, 9.0),
    fwhm_ratios=(0.5, 1.6),
    voxels_mm=(0.05, 10.0),
    preset="fast",
)


def random_network(seed: int = 0) -> GatedEDSR:
    """One whose every weight matters."""
    torch.manual_seed(seed)
    network = GatedEDSR(channels=6, depth=2)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


def model(seed: int = 0) -> Model:
    return Model(CARD, tensors_of(random_network(seed)))


def problem_of(volume: Volume, axis: str = "k") -> Problem:
    geometry = slice_geometry(volume, axis)
    return Problem.of(volume, geometry, PROFILE, output_grid(volume, geometry))


def restored(volume: Volume, of: Model | None = None, axis: str = "k") -> np.ndarray:
    return Learned(of or model(), MethodSettings()).restore(problem_of(volume, axis), silent).data


images = st.integers(0, 2**32 - 1).map(
    lambda seed: torch.from_numpy(np.random.default_rng(seed).random((2, FACTOR + 1, 9, 13), np.float32))
)


@settings(max_examples=20, deadline=None)
@given(image=images, scale=st.floats(0.01, 50), shift=st.floats(-20, 20))
def test_what_is_added_follows_the_scale_of_intensities_and_not_their_zero(image, scale, shift):
    network, t = random_network(), torch.tensor([0.3, -0.5, 1.0])
    with torch.inference_mode():
        added, other = network(image, t), network(scale * image + shift, t)
    error = float((other - scale * added).abs().max())
    assert error <= 2e-5 * (scale + abs(shift)) * max(1.0, float(added.abs().max()))


@settings(max_examples=10, deadline=None)
@given(level=st.floats(-5, 5))
def test_where_nothing_is_seen_nothing_is_added(level):
    even = torch.full((1, FACTOR + 1, 7, 11), level)
    with torch.inference_mode():
        added = random_network()(even, torch.zeros(TOLD))
    assert float(added.abs().max()) <= 1e-5 * max(1.0, abs(level))


def test_what_is_told_matters():
    network, image = random_network(), torch.rand(1, FACTOR + 1, 8, 8)
    with torch.inference_mode():
        answers = [network(image, torch.tensor(t)) for t in ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])]
    assert all(float((each - answers[0]).abs().max()) > 1e-3 for each in answers[1:])


def test_what_is_told_is_about_one_and_bounded():
    of = [
        told(ratio, SliceProfile.gaussian(width * 4.0, 0.5), 4.0, damping)
        for ratio in (1.5, 9.0)
        for width in (0.5, 1.6)
        for damping in (1e-3, 1e-1)
    ]
    assert np.abs(of).max() <= 1.5
    assert np.ptp(of, axis=0).min() > 1
    assert max(map(abs, told(100.0, SliceProfile.gaussian(40.0, 0.5), 4.0, 1e9))) == FARTHEST


def test_the_untrained_network_gives_tikhonovs_inverse_on_the_fine_grid(scan):
    untrained = Model(CARD, tensors_of(GatedEDSR(channels=6, depth=2)))
    problem = problem_of(scan)
    grid = fine_grid_of(problem)
    matrix = grid.reading(scan.shape[2], problem.grid.positions) @ grid.inverse(scan.shape[2])
    slices = np.pad(scan.data, ((0, 0), (0, 0), (4, 4)), mode="edge")
    np.testing.assert_allclose(restored(scan, untrained), along(matrix, slices, 2), atol=2e-4 * np.ptp(scan.data))


def test_the_inverse_on_the_fine_grid_is_that_on_the_planes_read_more_finely():
    spacing, voxel = 4.0, 1.0
    profile = SliceProfile.gaussian(4.0, 0.1)
    centres = np.arange(12) * spacing
    planes = np.arange(-8, 12 * 4 + 8) * voxel
    fine = np.arange(-16, 12 * 8 + 16) * spacing / FACTOR
    slices = np.sin(np.arange(12) * 0.7) + 0.1 * np.arange(12)
    coarse = regularised_inverse(acquisition_matrix(profile, centres, planes, voxel), 0.05) @ slices
    damping = fine_damping(0.05, voxel, spacing)
    read = regularised_inverse(acquisition_matrix(profile, centres, fine, spacing / FACTOR), damping) @ slices
    inner = slice(16, -16)
    np.testing.assert_allclose(np.interp(planes, fine, read)[inner], coarse[inner], atol=0.02 * np.ptp(slices))


@pytest.mark.parametrize("factor", [0.02, 300.0])
def test_the_answer_follows_the_scans_intensities(scan, factor):
    other = replace(scan, data=(factor * scan.data + 1000).astype(np.float32))
    expected = factor * restored(scan) + 1000
    np.testing.assert_allclose(restored(other), expected, atol=2e-3 * np.ptp(expected))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_answer_does_not_depend_on_the_order_of_axes(scan, order):
    expected = np.transpose(restored(scan), order)
    found = restored(permuted(scan, order), axis="ijk"[order.index(2)])
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.ptp(expected))


def test_upside_down_the_answer_is_upside_down(scan):
    expected = np.flip(restored(scan), 2)
    np.testing.assert_allclose(restored(reversed_along(scan, (2,))), expected, atol=1e-3 * np.ptp(expected))


def test_the_result_degrades_to_the_scan(scan):
    result = super_resolve(scan, PROFILE, model=model(), axis="k")
    assert result.data_consistency_rmse < 1.05
    assert result.method == "instant"


@pytest.mark.parametrize(
    ("network", "arguments", "start"),
    [
        ("gated-edsr", {"channels": 6, "depth": 2}, "tikhonov"),
        ("deepresolve", {"layers": 2, "channels": 2}, "fine-grid"),
    ],
)
def test_a_card_that_contradicts_its_network_is_refused(scan, network, arguments, start):
    card = replace(CARD, network=network, network_arguments=arguments, start=start)
    with pytest.raises(InputError, match=f"cannot start from {start}"):
        restored(scan, Model(card, tensors_of(build_network(network, arguments))))


TINY = Preset(channels=12, depth=2, iterations=60, of_errors=120, batch=4, width=24, averaging=0.9)


def training(collection: Collection, iterations: int = 60, seed: int = 0) -> InstantTraining:
    settings_ = TrainingSettings(
        preset="fast",
        network="gated-edsr",
        device=torch.device("cpu"),
        seed=seed,
        iterations={REGRESSION: iterations, ERRORS: 120},
        ratios=(2.0, 3.0),
        metrics={"psnr": psnr},
    )
    return InstantTraining(settings_, collection, collection, TINY)


@pytest.fixture(scope="module")
def cubes() -> Collection:
    return synthetic_collection(2, seed=5, size=40)


def test_it_starts_from_tikhonovs_inverse_and_overfits_one_batch(cubes):
    method = training(cubes, 200)
    stage = method.begin(REGRESSION)
    score = stage.score()
    assert score["psnr"] == pytest.approx(score["psnr_tikhonov"], abs=0.4)
    losses = [float(stage.step.update(0)["loss"]) for _ in range(200)]
    assert losses[0] == pytest.approx(1, abs=0.2)  # relative to Tikhonov's
    assert losses[-1] < 0.75 * losses[0]
    assert method.card(REGRESSION).start == "fine-grid"


def test_training_is_the_same_for_the_same_seed(cubes):
    def weights(seed: int) -> torch.Tensor:
        method = training(cubes, 5, seed)
        stage = method.begin(REGRESSION)
        for iteration in range(5):
            stage.step.update(iteration)
        return torch.cat([each.flatten() for each in method.averaged.parameters()])

    first = weights(0)
    assert torch.equal(first, weights(0))
    assert not torch.equal(first, weights(1))


def test_planes_of_a_batch_are_those_of_the_truth(cubes):
    """Untrained, the planes read off the fine grid are Tikhonov's; they lie where the truth does."""
    method = training(cubes)
    stage = method.begin(REGRESSION)
    pairs = stage.step._batches.at(3)
    with torch.inference_mode():
        answer = planes_of(GatedEDSR(4, 1), pairs, pairs.slices[:, :, 0])
    assert answer.shape == pairs.truth[:, :, 0].shape
    error = float((answer - pairs.truth[:, :, 0]).square().mean())
    start = float((pairs.start - pairs.truth).square().mean())
    assert error < 1.3 * start


@pytest.mark.parametrize("ratio", [2.0, 3.5, 6.0])
def test_what_ships_is_better_than_tikhonovs_inverse_on_what_it_has_not_seen(ratio):
    truth = head_phantom((72, 64, 72), spacing=2.0, seed=8, noise_sigma=0.0)
    profile = SliceProfile.gaussian(2.0 * ratio, 0.5)
    scan = simulate(truth, profile, ratio, "k")
    reached = {
        method: psnr(super_resolve(scan, profile, method, axis="k", like=truth).data, truth.data)
        for method in ("tikhonov", "instant")
    }
    assert reached["instant"] > reached["tikhonov"] + 0.4


def test_what_ships_inverts_with_the_scan(scan):
    """At one level of noise; the estimate of it takes what is dark for air, and so is another for the inverted scan."""
    truth = head_phantom((40, 37, 36), spacing=2.0, seed=5)
    top = float(scan.data.max())
    found = []
    for each, sign, zero in ((scan, 1, 0.0), (replace(scan, data=top - scan.data), -1, top)):
        problem = problem_of(each)
        problem = replace(problem, stacks=(replace(problem.stack, noise=1.0),))
        data = Learned(shipped_model("instant"), MethodSettings()).restore(problem, silent).data
        found.append(psnr(sign * data[:, :, : truth.shape[2]] + zero, truth.data[:, :, : data.shape[2]]))
    assert abs(found[0] - found[1]) < 0.1


def test_it_learns_its_errors_and_tells_them(cubes):
    """What it has learned of them is calibrated where it learned, ranks them, and leaves the answer as it was."""
    method = training(cubes, 60)
    step = method.begin(REGRESSION).step
    for iteration in range(60):
        step.update(iteration)
    before = tensors_of(method.averaged)
    stage = method.begin(ERRORS)
    for iteration in range(120):
        losses = stage.step.update(iteration)
    assert np.isfinite(float(losses["loss"]))
    told = method.averaged
    assert told.arguments["errors"] is True and torch.isfinite(told.errors.highest)
    assert all(np.array_equal(before[name], each) for name, each in tensors_of(told.with_errors(False)).items())
    score = stage.score()
    assert score["within_one_deviation"] == pytest.approx(0.68, abs=0.15)
    pairs = stage.step._batches.at(7)
    with torch.inference_mode():
        planes, logs = maps_of(told, pairs, pairs.slices[:, :, 0])
    assert torch.equal(planes, planes_of(told, pairs, pairs.slices[:, :, 0]))
    error = (planes - pairs.truth[:, :, 0]).abs()
    assert spearmanr(error.ravel(), logs.ravel())[0] > 0.2
    assert method.card(ERRORS).network_arguments["errors"] is True


def test_errors_are_learned_of_a_trained_network_only(cubes):
    with pytest.raises(InputError, match="goes on from what the stage regression trained"):
        training(cubes).begin(ERRORS)


def test_a_network_that_tells_its_errors_answers_as_without_them(scan):
    torch.manual_seed(1)
    network = random_network().with_errors(True)
    network.errors.highest.fill_(-2.0)
    torch.nn.init.normal_(network.errors.tail.weight, std=0.1)
    telling = Model(replace(CARD, network_arguments=network.arguments), tensors_of(network))
    problem = problem_of(scan)
    plain = Learned(telling, MethodSettings()).restore(problem, silent)
    with_errors = Learned(telling, MethodSettings(uncertainty=True)).restore(problem, silent)
    np.testing.assert_allclose(with_errors.data, plain.data, atol=1e-3 * np.ptp(plain.data))
    assert plain.variances is None and with_errors.variances is not None
    expected = with_errors.variances.total(False, False, True)
    assert expected.min() >= 0
    highest = np.exp(-2.0) * intensity_range(scan.data)[1] ** 2
    assert expected.max() <= 1.5 * highest  # read off the fine grid by cubic convolution, which overshoots
    np.testing.assert_array_equal(plain.data, restored(scan))
