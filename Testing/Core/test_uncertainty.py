"""Uncertainty: views meet the same planes, the split is exact, and what is expected of the error fits it."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.ensemble import Ensemble, Moments
from SuperResolveLib.methods.method import MethodSettings
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.methods.smore.error_head import learn_errors
from SuperResolveLib.methods.through_plane.network import network_on
from SuperResolveLib.methods.through_plane.torch_network import TorchNetwork
from SuperResolveLib.methods.through_plane.views import View, views_of
from SuperResolveLib.metrics.image_quality import head_mask
from SuperResolveLib.networks.edsr import EDSR
from SuperResolveLib.networks.planes_and_errors import PlanesAndErrors
from SuperResolveLib.networks.slice_to_planes import SliceToPlanes
from SuperResolveLib.physics import slabs
from SuperResolveLib.physics.acquisition import degrade
from SuperResolveLib.physics.fine_grid import FineGrid
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.physics.slabs import Part
from SuperResolveLib.training.batches import Batches
from SuperResolveLib.training.image_pairs import ImagePairSampler
from SuperResolveLib.training.random_streams import OneStream
from SuperResolveLib.workflows.super_resolve import super_resolve
from SuperResolveLib.workflows.uncertainty import Uncertainty

CPU = torch.device("cpu")
PROFILE = SliceProfile.gaussian(10.0, 2.5)
VIEWS = sorted({view for restart in range(smore.RESTARTS) for view in views_of(restart)}, key=str)
QUICK = smore.Preset("edsr", channels=8, blocks=1, iterations=5, batch=2, learning_rate=1e-3)


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((72, 80, 72), spacing=2.5, seed=2)


@pytest.fixture(scope="module")
def scan(truth: Volume) -> Volume:
    return simulate(truth, PROFILE, 4.0, "k")


@pytest.fixture(scope="module")
def problem(truth: Volume, scan: Volume) -> Problem:
    geometry = scan_geometry(scan)
    return Problem.of(scan, geometry, PROFILE, output_grid(scan, geometry, like=truth))


def network_for(ratio: float, positions: np.ndarray) -> tuple[SliceToPlanes, FineGrid]:
    fine_grid = FineGrid.meeting(positions, SliceProfile.gaussian(4.0, 1.0), ratio, 1.0, 1e-3, 1)
    return network_on(fine_grid, EDSR(fine_grid.factor + 1, fine_grid.factor, 4, 1)), fine_grid


def test_restarts_share_out_both_orientations_and_all_mirrorings():
    assert len(VIEWS) == 8
    assert all(len(views_of(restart)) == 4 for restart in range(smore.RESTARTS))
    assert {view.orientation for view in views_of(0)} == {0, 1}


@pytest.mark.parametrize("ratio", [4.0, 5.0, 6.0])
@pytest.mark.parametrize("first", ["field of view", "slice centre"])
def test_every_view_meets_the_same_planes(ratio: float, first: str):
    """A network that adds nothing is Tikhonov's inverse, which knows no direction: all views must then agree."""
    count = int(ratio)
    start = 0.0 if first == "slice centre" else -0.5 + 0.5 / count
    positions = start + np.arange(9 * count) / count
    network, fine_grid = network_for(ratio, positions)
    stack = np.random.default_rng(0).random((10, 7, 6)).astype(np.float32)
    answers = [view.apply(TorchNetwork(network), fine_grid, stack, positions, lambda *_: None) for view in VIEWS]
    assert answers[0].shape == (len(positions), 7, 6)
    for answer in answers:
        np.testing.assert_allclose(answer, answers[0], atol=2e-4)


def test_planes_at_any_ratio_are_where_they_belong_in_every_view():
    positions = np.linspace(4.0, 9.0, 23)
    network, fine_grid = network_for(3.3, positions)
    ramp = np.arange(14, dtype=np.float32)[:, None, None] + np.zeros((1, 5, 6), np.float32)
    for view in VIEWS:
        planes = view.apply(TorchNetwork(network), fine_grid, ramp, positions, lambda *_: None)
        np.testing.assert_allclose(planes[:, 2, 3], positions, atol=0.05)


def test_a_view_shows_the_network_the_mirrored_scan():
    """What is seen in a view is what is seen of the mirrored scan without it, mirrored back."""
    positions = -0.5 + 0.125 + np.arange(40) / 4
    network, fine_grid = network_for(4.0, positions)
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    errors = PlanesAndErrors(network)
    torch.nn.init.normal_(errors.head.tail.weight)
    judged = TorchNetwork(errors)
    stack = np.random.default_rng(0).random((10, 7, 6)).astype(np.float32)
    for orientation, across in ((0, 1), (1, 2)):  # the axis of (slices, a, b) that the images hold
        turned = View(orientation, True, True).apply(judged, fine_grid, stack, positions, lambda *_: None)
        mirrored = np.flip(stack, (0, across))
        straight = View(orientation).apply(judged, fine_grid, mirrored, positions, lambda *_: None)
        np.testing.assert_allclose(turned, np.flip(straight, (1, 1 + across)), atol=1e-3)
        assert (
            np.abs(turned - View(orientation).apply(judged, fine_grid, stack, positions, lambda *_: None)).max() > 0.1
        )


def test_moments_are_those_of_all_images_together():
    images = np.random.default_rng(0).normal(5.0, 2.0, (7, 3, 4, 5)).astype(np.float32)
    moments, halves = Moments(images.shape[1:]), (np.s_[:, :2, :], np.s_[:, 2:, :])
    for number, image in enumerate(images):
        for part in halves:
            moments.add(number, image[part], part)
    np.testing.assert_allclose(moments.mean, images.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(moments.variance(len(images)), images.var(axis=0, ddof=1), rtol=1e-4)


def test_a_single_image_has_no_variance():
    moments = Moments((2, 3, 4))
    moments.add(0, np.full((2, 3, 4), 7.0, np.float32))
    np.testing.assert_array_equal(moments.variance(1), 0.0)


def far_off(problem: Problem, truth: Volume) -> np.ndarray:
    """A member so far from the scan that its noise does not matter."""
    return (truth.data + 1000 * problem.stack.noise).astype(np.float32)


def ensemble_of(problem: Problem, truth: Volume) -> Ensemble:
    """An empty ensemble whose members will be that far off."""
    return Ensemble(problem.stack, problem.stack.consistency_damping(far_off(problem, truth)))


def in_null_space(problem: Problem, volume: np.ndarray) -> np.ndarray:
    """What of a volume leaves no trace in the scan."""
    matrix = problem.stack.operator.matrix
    projection = np.linalg.pinv(matrix) @ matrix
    return (volume - degrade(projection, volume, problem.stack.geometry.axis)).astype(np.float32)


def test_what_leaves_no_trace_in_the_scan_is_invented_and_the_rest_seen(problem: Problem, truth: Volume):
    random = np.random.default_rng(0)
    detail = in_null_space(problem, random.normal(0, 10, truth.shape).astype(np.float32))
    trace = problem.stack.operator.adjoint(random.normal(0, 10, problem.stack.slices.shape).astype(np.float32))
    for deviation, where in ((detail, "invented"), (trace, "seen")):
        ensemble = ensemble_of(problem, truth)
        for number, sign in enumerate((-1, 1)):
            ensemble.add(number, far_off(problem, truth) + sign * deviation, np.zeros(truth.shape, np.float32))
        maps = Uncertainty(ensemble.finish()[1], problem.grid.affine, truth.space)
        found, other = maps.invented.data, maps.seen.data
        if where == "seen":
            found, other = other, found
        np.testing.assert_allclose(found, np.sqrt(2) * np.abs(deviation), atol=0.1)
        assert np.mean(other) < 0.01 * np.mean(found)


def test_what_members_expect_adds_to_their_spread(problem: Problem, truth: Volume):
    ensemble = ensemble_of(problem, truth)
    for number, (shift, variance) in enumerate(((-3.0, 9.0), (3.0, 25.0))):
        detail = in_null_space(problem, np.random.default_rng(0).normal(0, 1, truth.shape).astype(np.float32))
        ensemble.add(number, far_off(problem, truth) + shift * detail, np.full(truth.shape, variance, np.float32))
    maps = Uncertainty(ensemble.finish()[1], problem.grid.affine, 4)
    np.testing.assert_allclose(maps.invented.data**2, 17.0 + maps.spread.data**2, rtol=1e-2)
    np.testing.assert_allclose(maps.total.data**2, maps.seen.data**2 + maps.invented.data**2, rtol=1e-4)
    assert 0.99 < maps.invented_share <= 1.0
    assert maps.total.space == 4
    typical = maps.typical(truth)
    assert typical["total"] == pytest.approx(np.sqrt(17.0 + 18.0 * 0.75), rel=0.1)


def shape_of(problem: Problem) -> list[int]:
    shape = [*problem.stack.slices.shape]
    shape[problem.stack.geometry.axis] = len(problem.grid.positions)
    return shape


def test_the_answer_is_the_mean_of_the_members(problem: Problem, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(smore.PRESETS, "fast", QUICK)
    members = [np.full(shape_of(problem), np.nan, np.float32) for _ in range(8)]
    added = Ensemble.add

    def add(ensemble: Ensemble, number: int, volume: np.ndarray, variance: np.ndarray, part: Part) -> None:
        members[number][part] = volume
        added(ensemble, number, volume, variance, part)

    monkeypatch.setattr(Ensemble, "add", add)
    settings = MethodSettings("fast", "cpu", uncertainty=True)
    restoration = smore.super_resolve(problem, settings, lambda *_: None)
    answer = restoration.data
    assert not np.isnan(members).any()
    np.testing.assert_allclose(answer, np.mean(members, axis=0), atol=1e-3 * np.ptp(answer))
    alone = smore.super_resolve(problem, replace(settings, uncertainty=False), lambda *_: None).data
    of_first_network = (members[0] + members[2]) / 2  # neither upside down nor mirrored
    np.testing.assert_allclose(alone, of_first_network, atol=1e-3 * np.ptp(answer))


def test_uncertainty_is_told_only_when_asked_for_and_is_reproducible(scan: Volume, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(smore.PRESETS, "fast", QUICK)
    assert super_resolve(scan, PROFILE, "smore", device="cpu").uncertainty is None
    first, again = (super_resolve(scan, PROFILE, "smore", device="cpu", uncertainty=True, seed=3) for _ in range(2))
    assert first.uncertainty is not None and again.uncertainty is not None
    np.testing.assert_array_equal(first.uncertainty.total.data, again.uncertainty.total.data)
    assert first.uncertainty.invented.shape == first.shape
    np.testing.assert_array_equal(first.uncertainty.seen.affine, first.affine)


@pytest.mark.parametrize("method", ["tikhonov", "bspline"])
def test_a_method_that_learns_nothing_refuses(scan: Volume, method: str):
    with pytest.raises(InputError, match="cannot tell its uncertainty"):
        super_resolve(scan, PROFILE, method, uncertainty=True)


def test_the_error_of_a_network_is_learned_where_it_differs():
    """Half of the image is noise that nobody can predict, the other half smooth: the error expected must tell both."""
    random = np.random.default_rng(0)
    images = np.tile(np.sin(np.arange(96, dtype=np.float32) / 15), (8, 90, 1))
    images[:, :, 48:] += 0.3 * random.standard_normal((8, 90, 48), dtype=np.float32)
    fine_grid = FineGrid.meeting(np.array([-0.375]), SliceProfile.gaussian(4.0, 1.0), 4.0, 1.0, 1e-2, 1)
    torch.manual_seed(0)
    network = network_on(fine_grid, EDSR(5, 4, 8, 1))
    sampler = ImagePairSampler(images, (1.0, 1.0), fine_grid, 10, 32, CPU)
    judged = learn_errors(network, Batches(sampler, 4, OneStream(0, CPU)), 200, lambda *_: None)
    pairs = sampler.draw(64, torch.Generator().manual_seed(9))
    known = pairs.known
    with torch.no_grad():
        planes_read, logs = torch.einsum("vf,bmfw->mbvw", pairs.reading, judged(pairs.slices))[:, :, known].numpy()
    with torch.no_grad():
        of_what_it_never_met = judged(100.0 * pairs.slices)[:, 1]
    assert float(of_what_it_never_met.max()) <= float(judged.head.highest) < 2.0
    error = np.abs(planes_read - pairs.truth[:, known].numpy())
    expected = np.exp(logs / 2)
    assert spearmanr(error.ravel(), expected.ravel())[0] > 0.5
    assert np.sqrt(np.mean(expected**2)) == pytest.approx(np.sqrt(np.mean(error**2)), rel=0.2)
    assert np.mean(error < 1.2816 * expected) == pytest.approx(0.8, abs=0.08)


def test_uncertainty_predicts_the_error(truth: Volume, scan: Volume, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 16, 2, 200, 4, 2e-3, slices=10))
    monkeypatch.setattr(smore, "ERROR_TRAINING", 1.0)
    result = super_resolve(scan, PROFILE, "smore", like=truth, device="cpu", uncertainty=True)
    assert result.uncertainty is not None
    mask = head_mask(truth)
    maps = {name: getattr(result.uncertainty, name).data[mask] for name in ("invented", "spread", "seen")}
    error = np.abs(result.data - truth.data)[mask]
    # Most of the phantom's error is noise, which is alike everywhere; the spread alone says nothing about it.
    correlation = float(spearmanr(error, maps["invented"])[0])
    assert correlation > 0.25
    assert correlation > float(spearmanr(error, maps["spread"])[0]) + 0.1
    assert 0.6 < np.mean(error < 1.2816 * maps["invented"]) < 0.95
    assert maps["seen"].mean() < 0.2 * maps["invented"].mean()


@pytest.mark.parametrize("ratio", [2.0, 4.0, 6.0])
def test_what_ships_predicts_its_error(ratio: float):
    """Of a head without noise, so that errors are of anatomy: calibrated, and ranked better than by the spread."""
    head = head_phantom((72, 64, 72), spacing=2.0, seed=8, noise_sigma=0.0)
    profile = SliceProfile.gaussian(2.0 * ratio, 0.5)
    result = super_resolve(simulate(head, profile, ratio, "k"), profile, axis="k", like=head, uncertainty=True)
    plain = super_resolve(simulate(head, profile, ratio, "k"), profile, axis="k", like=head)
    assert result.uncertainty is not None and result.method == "instant"
    np.testing.assert_allclose(result.data, plain.data, atol=0.02 * np.ptp(plain.data))
    mask = head_mask(head)
    error = np.abs(result.data - head.data)[mask]
    total, spread = (getattr(result.uncertainty, name).data[mask] for name in ("total", "spread"))
    assert 0.55 < np.mean(error < total) < 0.9
    assert spearmanr(error, total)[0] > max(0.2, float(spearmanr(error, spread)[0]))


def test_memory_is_that_of_a_few_volumes(monkeypatch: pytest.MonkeyPatch):
    """What a voxel of the answer adds: mean, two variances and half another, traces (5 / ratio), and a map to show."""
    monkeypatch.setitem(smore.PRESETS, "fast", QUICK)
    monkeypatch.setattr(slabs, "VOXELS", 2**12)
    peaks, sizes = [], []
    for wide in (48, 112):
        data = np.random.default_rng(0).random((wide, wide, 24)).astype(np.float32)
        thick = Volume(data, np.diag([1.0, 1.0, 6.0, 1.0]))
        tracemalloc.start()
        result = super_resolve(thick, SliceProfile.gaussian(6.0, 1.0), "smore", device="cpu", uncertainty=True)
        assert result.uncertainty is not None
        result.uncertainty.typical(result)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        sizes.append(result.data.nbytes)
    assert (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 3.5 + 5 / 6 + 1.5
