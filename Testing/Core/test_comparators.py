"""ZSSR and TSCN, which learn from the scan alone: what they promise, on scans of a few thousand voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import Cancelled, InputError
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.tiles import apply_in_tiles
from SuperResolveLib.methods.tscn import super_resolve as tscn
from SuperResolveLib.methods.tscn.learning import between_error, cycle_error
from SuperResolveLib.methods.tscn.pairs import InPlaneTriplets, SliceTriplets, Triplets
from SuperResolveLib.methods.zssr import super_resolve as zssr
from SuperResolveLib.methods.zssr.learning import LOWEST, ZssrStep
from SuperResolveLib.methods.zssr.pairs import InterpolatedPairSampler
from SuperResolveLib.metrics.image_quality import psnr
from SuperResolveLib.networks.slice_between import SliceBetween
from SuperResolveLib.networks.zssr import ZSSR, MirroredEnsemble, median
from SuperResolveLib.physics.degradation import Degradation
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import silent
from SuperResolveLib.training.slope_test import SlopeTest
from SuperResolveLib.workflows.super_resolve import super_resolve

CPU = torch.device("cpu")
PROFILE = SliceProfile.gaussian(4.0, 1.0)
TINY_NETWORK = {"blocks": 1, "layers": 2, "channels": 8, "growth": 8}
NAMES = ("zssr", "tscn")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets that learn next to nothing."""
    monkeypatch.setitem(zssr.PRESETS, "fast", zssr.Preset(channels=4, crop=24, iterations=4))
    monkeypatch.setitem(tscn.PRESETS, "fast", tscn.Preset((3, 3), 2, 1e-2, "thick", TINY_NETWORK, side=16))


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((36, 40, 40), spacing=5.0, seed=2)


@pytest.fixture(scope="module")
def scan(truth: Volume) -> Volume:
    """Odd and even sizes, in-plane voxels that are not square, a ratio that is not whole."""
    stretched = replace(truth, affine=truth.affine @ np.diag([1.0, 1.1, 1.0, 1.0]))
    return simulate(stretched, SliceProfile.gaussian(15.0, 5.0), 3.3, "k")


def waves(length: float = 11.0) -> Volume:
    """Alike along all axes, with waves too short for interpolation between slices ``length / 2.75`` voxels apart."""
    i, j, k = np.indices((34, 36, 33)) * (2 * np.pi / length)
    data = np.sin(i + j + k) + np.sin(i - j + 0.8 * k) + np.sin(j - i + k) + np.sin(k - i - j)
    return Volume(data.astype(np.float32), np.eye(4))


# of both


@pytest.mark.parametrize("name", NAMES)
def test_presets_are_those_announced(name: str) -> None:
    presets = {"zssr": zssr.PRESETS, "tscn": tscn.PRESETS}[name]
    assert [preset.name for preset in METHODS.info(name).presets] == list(presets)


@pytest.mark.parametrize(
    ("name", "profile", "ratio"),
    [("zssr", PROFILE, 4.0), ("tscn", SliceProfile.rect(1.0, 1.0), 2.0)],
    ids=["zssr", "tscn"],
)
def test_beats_interpolation_where_there_is_something_to_learn(
    name: str, profile: SliceProfile, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(zssr.PRESETS, "fast", zssr.Preset(channels=8, crop=24, iterations=40))
    monkeypatch.setitem(tscn.PRESETS, "fast", tscn.Preset((150, 20), 2, 1e-2, "thin", TINY_NETWORK, side=16))
    truth = waves(2.75 * ratio)
    scan = simulate(truth, profile, ratio, "k")
    spline, learned = (
        super_resolve(scan, profile, method, axis="k", like=truth, device="cpu") for method in ("bspline", name)
    )
    assert psnr(learned.data, truth.data) > psnr(spline.data, truth.data) + 1.0


def test_zssr_learns_what_interpolation_misses() -> None:
    data = waves().data
    images = np.ascontiguousarray((data - data.min()) / np.ptp(data))
    sampler = InterpolatedPairSampler(images, (1.0, 1.0), Degradation(PROFILE, 4.0), 0.0, 24, CPU)
    torch.manual_seed(0)
    step = ZssrStep(ZSSR(channels=16), sampler, 0)
    before = step.error()
    for iteration in range(60):
        step.update(iteration)
    assert step.error() < 0.8 * before


@pytest.mark.parametrize("name", NAMES)
def test_is_reproducible_and_obeys_the_seed(tiny: None, scan: Volume, name: str) -> None:
    profile = SliceProfile.gaussian(15.0, 5.0)
    first, again, other = (super_resolve(scan, profile, name, device="cpu", seed=seed).data for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.isfinite(first).all() and np.abs(first - other).max() > 0


@pytest.mark.parametrize("name", NAMES)
def test_does_not_depend_on_the_order_in_which_voxels_are_stored(tiny: None, scan: Volume, name: str) -> None:
    profile = SliceProfile(np.array([0.1, 0.5, 0.3, 0.1, 0.0]), 5.0)  # not symmetric
    turned = SliceProfile(profile.weights[::-1], 5.0)
    straight = super_resolve(scan, profile, name, device="cpu").data
    affine, shape = scan.affine.copy(), scan.shape
    for axis in (0, 2):
        affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
        affine[:3, axis] *= -1
    order = (1, 2, 0)
    data = np.ascontiguousarray(np.flip(scan.data, (0, 2)).transpose(order))
    stored = Volume(data, affine[:, [*order, 3]])
    other = super_resolve(stored, turned, name, device="cpu").data
    again = np.flip(other.transpose(np.argsort(order)), (0, 2))
    np.testing.assert_allclose(again, straight, atol=1e-3 * float(np.ptp(scan.data)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [0.2, 0.97])
def test_can_be_cancelled_in_every_stage(tiny: None, scan: Volume, name: str, limit: float) -> None:
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if fraction >= limit:
            raise Cancelled

    with pytest.raises(Cancelled):
        super_resolve(scan, SliceProfile.gaussian(15.0, 5.0), name, device="cpu", progress=cancel)


@pytest.mark.parametrize("name", NAMES)
def test_answers_on_the_planes_that_are_asked_for(tiny: None, truth: Volume, name: str) -> None:
    scan = simulate(truth, SliceProfile.gaussian(20.0, 5.0), 4.0, "i", phase=1.5)
    for spacing, wanted in ((None, truth.spacing[0]), (9.0, 9.0)):
        result = super_resolve(scan, SliceProfile.gaussian(20.0, 5.0), name, axis="i", spacing=spacing, device="cpu")
        assert result.spacing[0] == pytest.approx(wanted)
        assert result.data_consistency_rmse < 1.0
        assert np.corrcoef(result.data.mean((1, 2)), np.linspace(-1, 1, len(result.data)) ** 2)[0, 1] < -0.5


# ZSSR


def test_zssrs_network_is_sized_as_published() -> None:
    network = ZSSR()
    assert sum(parameter.numel() for parameter in network.parameters()) == 222_785
    assert len([each for each in network.modules() if isinstance(each, torch.nn.Conv2d)]) == 8
    paper = zssr.PRESETS["paper"]
    assert (paper.channels, paper.crop, paper.iterations) == (64, 128, 3000)
    image = torch.rand(2, 1, 9, 11)
    assert torch.equal(network(image), image)  # untrained, interpolation


def randomised(network: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


def test_the_ensemble_takes_the_median_of_the_answers_to_mirror_images() -> None:
    assert median(torch.tensor([[3.0], [100.0], [1.0]])) == 3.0
    assert median(torch.tensor([[3.0], [100.0], [1.0], [4.0]])) == 3.5
    network = randomised(ZSSR(3, 4))
    assert isinstance(network, ZSSR)
    ensemble, volume = MirroredEnsemble(network), torch.rand(1, 1, 7, 8, 9)
    with torch.no_grad():
        answer = ensemble(volume)
        for axis in (2, 3, 4):
            assert torch.allclose(ensemble(volume.flip(axis)).flip(axis), answer, atol=1e-5)
        assert torch.allclose(ensemble(volume.transpose(3, 4)).transpose(3, 4), answer, atol=1e-5)
        kept = MirroredEnsemble(network, upside_down=False)
        assert not torch.allclose(kept(volume.flip(2)).flip(2), kept(volume), atol=1e-3)


def test_the_ensemble_does_not_depend_on_tiles() -> None:
    network = randomised(ZSSR(3, 4))
    assert isinstance(network, ZSSR)
    ensemble, volume = MirroredEnsemble(network).eval(), np.random.default_rng(0).random((9, 40, 41), np.float32)
    whole = apply_in_tiles(ensemble, volume, 3, CPU)
    np.testing.assert_allclose(apply_in_tiles(ensemble, volume, 3, CPU, voxels_at_once=4000), whole, atol=1e-5)


@pytest.mark.parametrize("ratio", [4.0, 3.3])
def test_pairs_of_a_ramp_need_no_learning(ratio: float) -> None:
    images = np.broadcast_to(np.linspace(0, 1, 80, dtype=np.float32)[None, :, None], (2, 80, 20))
    degradation = Degradation(PROFILE, ratio)
    sampler = InterpolatedPairSampler(np.ascontiguousarray(images), (1.0, 1.0), degradation, 0.25, 40, CPU)
    for seed in range(4):
        pairs = sampler.draw(2, torch.Generator().manual_seed(seed))
        inner = np.s_[:, :, 8:-8]
        assert torch.allclose(pairs.start[inner], pairs.truth[inner], atol=2e-3)


@pytest.mark.parametrize("plane", [0.0, 0.125, -0.375])
def test_at_a_whole_ratio_crops_have_the_sampling_phase_of_the_answer(plane: float) -> None:
    images = np.random.default_rng(0).random((1, 80, 20), np.float32)
    sampler = InterpolatedPairSampler(images, (1.0, 1.0), Degradation(PROFILE, 4.0), plane, 40, CPU)
    for shift in sampler._shifts(41, 1.0):
        patch = Degradation(PROFILE, 4.0).patch(5, 41, 1.0, shift)
        off = (patch.voxels - patch.centres[0]) - 4 * plane
        np.testing.assert_allclose(off, np.round(off), atol=1e-9)


def test_the_slope_test_tells_when_a_score_no_longer_rises() -> None:
    rising, flat = SlopeTest(5, 10.0), SlopeTest(5, 10.0)
    noise = np.random.default_rng(0).normal(0, 0.1, 40)
    assert not any(rising.is_over(step + noise[step]) for step in range(40))
    over = [flat.is_over(float(noise[step])) for step in range(40)]
    assert any(over) and not any(over[:4])
    first = over.index(True)
    assert not any(over[first + 1 : first + 5])  # counting begins anew
    again = SlopeTest(5, 10.0)
    again.load_state(flat.state())
    assert again.is_over(-9.0) == flat.is_over(-9.0)


def test_training_ends_once_the_rate_is_too_low() -> None:
    images = np.random.default_rng(0).random((2, 60, 20), np.float32)
    sampler = InterpolatedPairSampler(images, (1.0, 1.0), Degradation(PROFILE, 4.0), 0.0, 16, CPU)
    step = ZssrStep(ZSSR(2, 2), sampler, 0)
    assert not step.is_over
    while not step.is_over:
        step.optimisation.validated(0.0)
    assert LOWEST / 10 < step.optimisation.learning_rate < LOWEST


# TSCN


@pytest.mark.parametrize(("ratio", "count"), [(1.2, 1), (2.0, 1), (3.0, 2), (4.0, 2), (4.3, 3), (8.0, 3)])
def test_slices_are_doubled_until_planes_are_close_enough(ratio: float, count: int) -> None:
    assert tscn.passes(ratio) == count


def test_two_passes_make_four_planes_of_a_slice_and_keep_the_slices() -> None:
    slices = np.random.default_rng(0).random((5, 6, 7), np.float32)
    untrained = SliceBetween(**TINY_NETWORK).eval()
    planes = tscn.between_slices(untrained, slices, 2, CPU, silent)
    np.testing.assert_array_equal(planes[::4], slices)
    np.testing.assert_allclose(planes[1], 0.75 * slices[0] + 0.25 * slices[1], atol=1e-6)  # the mean, twice
    network = randomised(SliceBetween(**TINY_NETWORK))
    assert isinstance(network, SliceBetween)
    planes = tscn.between_slices(network, slices, 2, CPU, silent)
    assert len(planes) == 4 * (len(slices) - 1) + 1
    before, middle, after = (torch.as_tensor(planes[at][None]) for at in (0, 2, 4))
    with torch.no_grad():
        assert torch.allclose(network(before, after), middle, atol=1e-6)
        assert torch.allclose(network(before, middle)[0], torch.as_tensor(planes[1]), atol=1e-6)


def test_planes_that_meet_the_slices_of_a_ratio_of_four_are_the_slices(tiny: None) -> None:
    truth = waves()
    scan = simulate(truth, PROFILE, 4.0, "k")
    result = super_resolve(scan, PROFILE, "tscn", axis="k", like=truth, device="cpu", consistent=False)
    np.testing.assert_allclose(result.data[:, :, ::4], scan.data, atol=1e-5)
    assert result.operator == "select" and any("not their thickness" in each for each in result.warnings)


def test_both_losses_vanish_where_slices_lie_evenly_between_each_other() -> None:
    ramp = torch.arange(3.0)[:, None, None, None].expand(3, 2, 8, 9)
    triplets = Triplets(*ramp)
    network = SliceBetween(**TINY_NETWORK).requires_grad_(False)
    assert float(between_error(network, triplets)) == float(cycle_error(network, triplets)) == 0.0
    cut = Triplets(ramp[0], ramp[1] + 1, ramp[2])
    assert float(between_error(network, cut)) == 1.0
    assert float(cycle_error(network, cut)) == 0.5  # halfway to the mean of its neighbours


def test_the_cycle_loss_reaches_the_network_by_both_of_its_uses() -> None:
    network = randomised(SliceBetween(**TINY_NETWORK))
    assert isinstance(network, SliceBetween)
    triplets = Triplets(*torch.rand(3, 2, 8, 9))
    whole = torch.autograd.grad(cycle_error(network, triplets), network.head.weight)[0]
    with torch.no_grad():
        lower, upper = network(triplets.before, triplets.middle), network(triplets.middle, triplets.after)
    outer = (network(lower, upper) - triplets.middle).abs().mean()
    assert not torch.allclose(torch.autograd.grad(outer, network.head.weight)[0], whole)


@pytest.mark.parametrize("operator", [PROFILE, "select"])
def test_triplets_of_a_ramp_lie_evenly(operator: SliceProfile) -> None:
    i, j = np.arange(40, dtype=np.float32)[:, None] / 40, np.arange(44, dtype=np.float32) / 44
    volume = np.broadcast_to(i + j, (12, 40, 44))
    degradations = [Degradation(operator, spacing) for spacing in (4.0, 2.0)]
    sampler = InPlaneTriplets(np.ascontiguousarray(volume), 0.5, (1.0, 1.1), degradations, 10, CPU)
    for seed in range(4):
        drawn = sampler.draw(3, torch.Generator().manual_seed(seed))
        assert drawn.middle.shape == (3, 10, 10)
        assert torch.allclose((drawn.before + drawn.after) / 2, drawn.middle, atol=1e-4)
        assert not torch.allclose(drawn.before, drawn.after, atol=1e-2)


def test_slice_triplets_are_neighbours() -> None:
    slices = np.broadcast_to(np.arange(9, dtype=np.float32)[:, None, None], (9, 12, 13))
    drawn = SliceTriplets(np.ascontiguousarray(slices), 8, CPU).draw(5, torch.Generator().manual_seed(0))
    assert drawn.middle.shape == (5, 8, 8)
    assert torch.equal((drawn.before + drawn.after) / 2, drawn.middle)
    assert torch.equal((drawn.before - drawn.after).abs(), torch.full_like(drawn.middle, 2.0))


def test_slices_too_small_for_planes_across_them_are_refused() -> None:
    with pytest.raises(InputError, match="the slices are too small to learn from"):
        InPlaneTriplets(np.zeros((20, 6, 6), np.float32), 0.2, (1.0, 1.0), [Degradation(PROFILE, 6.0)], 8, CPU)
