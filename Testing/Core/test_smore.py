"""SMORE: the network starts as Tikhonov's inverse, sees true sampling phases, and tiling does not show."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import Cancelled
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.smore import edssr_presets
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.methods.smore.learning import train
from SuperResolveLib.methods.through_plane.combination import combine, fourier_burst_accumulation
from SuperResolveLib.methods.through_plane.inference import apply
from SuperResolveLib.methods.through_plane.network import network_on
from SuperResolveLib.methods.through_plane.torch_network import TorchNetwork
from SuperResolveLib.methods.through_plane.views import plain_views
from SuperResolveLib.metrics.image_quality import compare
from SuperResolveLib.networks.backbone import Backbone
from SuperResolveLib.networks.edsr import EDSR
from SuperResolveLib.networks.slice_to_planes import SliceToPlanes
from SuperResolveLib.networks.wdsr import WDSR
from SuperResolveLib.physics.acquisition import degrade
from SuperResolveLib.physics.fine_grid import MARGIN, FineGrid
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import silent
from SuperResolveLib.training.batches import Batches
from SuperResolveLib.training.image_pairs import ImagePairSampler
from SuperResolveLib.training.muon import Muon, orthogonal
from SuperResolveLib.training.optimisation import optimisers_of
from SuperResolveLib.training.random_streams import OneStream
from SuperResolveLib.workflows.super_resolve import super_resolve

CPU = torch.device("cpu")
PROFILE = SliceProfile.gaussian(4.0, 1.0)
TINY = smore.Preset("edsr", channels=16, blocks=2, iterations=150, batch=4, learning_rate=2e-3)


def fine_grid_for(ratio: float, first: float | None = None) -> FineGrid:
    position = -0.5 + 0.5 / ratio if first is None else first
    return FineGrid.meeting(np.array([position]), PROFILE, ratio, 1.0, 1e-3, 1)


def randomised(backbone: Backbone) -> Backbone:
    """A backbone whose last layer does not vanish, so that it does something."""
    torch.manual_seed(0)
    for parameter in backbone.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return backbone.eval()


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((72, 80, 72), spacing=2.5, seed=2)


@pytest.fixture(scope="module")
def profile() -> SliceProfile:
    return SliceProfile.gaussian(10.0, 2.5)


@pytest.fixture(scope="module")
def scan(truth: Volume, profile: SliceProfile) -> Volume:
    return simulate(truth, profile, 4.0, "k")


@settings(max_examples=30, deadline=None)
@given(ratio=st.floats(1.2, 12.0), first=st.floats(-3.0, 3.0))
def test_fine_grid_is_fine_enough_and_shifted_by_less_than_a_fine_plane(ratio: float, first: float) -> None:
    fine_grid = fine_grid_for(ratio, first)
    assert fine_grid.factor >= ratio - 2e-3
    assert abs(fine_grid.shift) <= 0.5 / fine_grid.factor + 1e-12
    away = (first - fine_grid.positions(10)) * fine_grid.factor
    assert np.min(np.abs(away - np.round(away))) < 1e-9


@settings(max_examples=50, deadline=None)
@given(
    ratio=st.floats(1.2, 12.0),
    slices=st.integers(8, 40),
    step=st.floats(0.05, 1.0),
    below=st.floats(-0.5, 2.0),
    above=st.floats(-0.5, 2.0),
)
def test_no_plane_is_read_where_the_network_is_not_shown_the_slices(
    ratio: float, slices: int, step: float, below: float, above: float
) -> None:
    planes = np.arange(-below, slices - 1 + above, step)
    fine_grid = FineGrid.meeting(planes, PROFILE, ratio, 1.0, 1e-3, slices)
    hidden = (MARGIN - fine_grid.shown) * fine_grid.factor
    for wanted in (planes, slices - 1 - planes):
        reading = fine_grid.reading(slices, wanted)
        assert not reading[:, :hidden].any() and not reading[:, len(fine_grid.positions(slices)) - hidden :].any()
    assert fine_grid.shown == 1 or max(below, above) > 0.5


@pytest.mark.parametrize("first", [0.0, -0.5 + 0.125])
def test_planes_at_a_whole_ratio_are_read_without_interpolation(first: float) -> None:
    fine_grid = fine_grid_for(4.0, first)
    reading = fine_grid.reading(10, first + np.arange(36) / 4)
    np.testing.assert_allclose(np.sort(reading, axis=1)[:, -1], 1.0, atol=1e-9)
    np.testing.assert_allclose(reading.sum(axis=1), 1.0)


def test_inverse_reproduces_a_constant() -> None:
    fine_grid = fine_grid_for(5.0)
    np.testing.assert_allclose(fine_grid.inverse(9).sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("backbone", [EDSR(6, 5, 8, 2), WDSR(6, 5, 8, 2)])
def test_network_starts_as_tikhonovs_inverse(backbone: Backbone) -> None:
    fine_grid = fine_grid_for(5.0)
    network = network_on(fine_grid, backbone)
    slices = torch.randn(2, 9, 7)
    padded = torch.nn.functional.pad(slices[:, None], (0, 0, MARGIN, MARGIN), mode="replicate")[:, 0]
    expected = torch.einsum("fs,bsw->bfw", torch.as_tensor(fine_grid.inverse(9), dtype=torch.float32), padded)
    assert torch.allclose(network(slices), expected, atol=1e-4)


def test_fine_planes_are_interleaved_along_the_through_plane_axis() -> None:
    class Marks(Backbone):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            marks = torch.arange(5.0).view(1, 5, 1, 1)
            return marks + 10 * torch.arange(float(image.shape[2])).view(1, 1, -1, 1) + 0 * image[:, :1]

    fine_grid = fine_grid_for(5.0)
    planes = network_on(fine_grid, Marks())(torch.zeros(1, 9, 3))[0, :, 0]
    expected = (10 * torch.arange(9.0 + 2 * fine_grid.shown)[:, None] + torch.arange(5.0)).flatten()
    hidden = 5 * (MARGIN - fine_grid.shown)
    assert torch.equal(planes[hidden:-hidden], expected)
    assert not planes[:hidden].any() and not planes[-hidden:].any()


@pytest.mark.parametrize("kind", [EDSR, WDSR])
def test_result_does_not_depend_on_tiles(kind: type[EDSR] | type[WDSR]) -> None:
    fine_grid = fine_grid_for(3.4)
    backbone = randomised(kind(fine_grid.factor + 1, fine_grid.factor, 8, 2))
    applied = TorchNetwork(network_on(fine_grid, backbone))
    volume = np.random.default_rng(0).random((5, 11, 70)).astype(np.float32)
    positions = np.linspace(-0.4, 10.4, 37)
    whole, tiled = (
        np.concatenate([planes for _, planes in apply(applied, fine_grid, volume, positions, silent, *tiles)])
        for tiles in ((), (400, 16))
    )
    assert whole.shape == (5, 37, 70)
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_mirroring_is_left_out_where_planes_would_be_read_less_sharply_or_the_profile_is_not_symmetric() -> None:
    planes = np.arange(40) / 4
    assert fine_grid_for(4.0, 0.0).symmetric(11, planes)
    assert not fine_grid_for(4.0, 0.07).symmetric(11, 0.07 + planes)
    skewed = SliceProfile(np.array([0.1, 0.6, 0.3]), 1.0)
    assert not FineGrid.meeting(planes, skewed, 4.0, 1.0, 1e-3, 11).symmetric(11, planes)


def test_scan_is_seen_upside_down_too_where_it_may_be() -> None:
    planes = np.arange(40) / 4
    assert [view.upside_down for view in plain_views(fine_grid_for(4.0, 0.0), 11, planes)] == [False, True] * 2
    assert [view.upside_down for view in plain_views(fine_grid_for(4.0, 0.07), 11, 0.07 + planes)] == [False] * 2
    few = plain_views(fine_grid_for(4.0, 0.0), 11, planes, few=True)
    assert [(view.orientation, view.upside_down) for view in few] == [(0, False), (1, True)]


@pytest.mark.parametrize("shape", [(48, 432), (96, 20), (7, 7)])
def test_orthogonal_keeps_directions_and_evens_out_their_strengths(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, strengths, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    strengths = torch.linspace(0.05, 1.0, len(strengths)) * 1e-4
    evened = left.T @ orthogonal(left * strengths @ right) @ right.T
    values = torch.diagonal(evened)
    assert float((evened - torch.diag(values)).abs().max()) < 1e-2
    assert float(values.min()) > 0.5 and float(values.max()) < 1.3


def test_muons_steps_have_the_size_of_adams() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.zeros(16, 8, 3, 3))
    weight.grad = 1e-6 * torch.randn(weight.shape)
    Muon([weight], 0.5).step()
    assert float(weight.detach().square().mean().sqrt()) == pytest.approx(0.4 * 0.5, rel=0.25)


def test_muon_steps_the_inner_weights_and_adam_every_other() -> None:
    backbone = EDSR(5, 4, 8, 2)
    muon, adam = optimisers_of(backbone, 1e-3, "muon")
    stepped = {id(weight) for weight in muon.param_groups[0]["params"]}
    assert stepped == {id(module.weight) for module in backbone.blocks.modules() if isinstance(module, torch.nn.Conv2d)}
    others = {id(weight) for weight in adam.param_groups[0]["params"]}
    assert not stepped & others and len(stepped | others) == len(list(backbone.parameters()))


def test_training_pairs_of_a_smooth_image_need_no_learning() -> None:
    ramp = np.linspace(0, 1, 96, dtype=np.float32)
    images = np.broadcast_to(ramp[None, :, None] * np.ones(90, np.float32), (4, 96, 90))
    fine_grid = FineGrid.meeting(np.array([-0.375]), PROFILE, 4.0, 1.0, 1e-6, 1)
    sampler = ImagePairSampler(np.ascontiguousarray(images), (1.0, 1.0), fine_grid, 12, 24, CPU)
    network = network_on(fine_grid, EDSR(5, 4, 8, 1))
    generator = torch.Generator().manual_seed(0)
    pairs = next(p for p in (sampler.draw(2, generator) for _ in range(20)) if float(p.truth[:, :, 0].std()) > 0)
    read = pairs.read(network(pairs.slices))
    middle = slice(20, 40)
    assert torch.allclose(read[:, middle], pairs.truth[:, middle], atol=5e-3)


def test_training_lowers_the_error_and_is_reproducible(scan: Volume) -> None:
    images = np.ascontiguousarray(scan.data.transpose(2, 0, 1)) / float(np.percentile(scan.data, 99.5))
    fine_grid = fine_grid_for(4.0)
    unseen = ImagePairSampler(images, (1.0, 1.0), fine_grid, 8, 48, CPU).draw(64, torch.Generator().manual_seed(99))

    def error(network: SliceToPlanes) -> float:
        with torch.no_grad():
            return float((unseen.read(network(unseen.slices)) - unseen.truth).square().mean())

    networks = []
    for _ in range(2):
        torch.manual_seed(0)
        network = network_on(fine_grid, EDSR(5, 4, 16, 2))
        before = error(network)
        sampler = ImagePairSampler(images, (1.0, 1.0), fine_grid, 8, 32, CPU)
        train(network, Batches(sampler, 4, OneStream(0, CPU)), 60, 2e-3, lambda *_: None)
        assert error(network) < before
        networks.append(network)
    for first, second in zip(*(network.parameters() for network in networks), strict=True):
        assert torch.equal(first, second)


def test_beats_tikhonov_and_bspline(
    truth: Volume, scan: Volume, profile: SliceProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 32, 4, 300, 4, 2e-3, slices=10))
    scores = {
        method: compare(truth, super_resolve(scan, profile, method, like=truth, device="cpu"))
        for method in ("bspline", "tikhonov", "smore")
    }
    assert scores["smore"].psnr > scores["tikhonov"].psnr + 0.1
    assert scores["smore"].ssim > scores["bspline"].ssim


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("ratio", [4.0, 3.3])
def test_degrades_back_to_the_scan_along_every_axis(
    truth: Volume, profile: SliceProfile, axis: int, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    scan = simulate(truth, profile, ratio, ("i", "j", "k")[axis])
    result = super_resolve(scan, profile, "smore", device="cpu")
    geometry = slice_geometry(scan)
    grid = output_grid(scan, geometry)
    assert result.shape[axis] == len(grid.positions)
    problem = Problem.of(scan, geometry, profile, grid)
    residual = degrade(problem.stack.operator.matrix, result.data, axis) - scan.data
    assert np.sqrt(np.mean(residual**2)) / problem.stack.noise == pytest.approx(result.data_consistency_rmse, rel=1e-3)
    assert result.data_consistency_rmse < 1.0
    free = super_resolve(scan, profile, "smore", device="cpu", consistent=False)
    assert free.data_consistency_change == 0.0
    assert free.data_consistency_rmse > result.data_consistency_rmse


def test_is_reproducible_and_obeys_the_seed(
    scan: Volume, profile: SliceProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 10, 2, 1e-3))
    first, again, other = (super_resolve(scan, profile, "smore", device="cpu", seed=seed).data for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_edssr_is_smore_by_burst_accumulation_without_consistency(
    scan: Volume, profile: SliceProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = smore.Preset("edsr", 8, 1, 5, 2, 1e-3)
    monkeypatch.setitem(smore.PRESETS, "fast", tiny)
    monkeypatch.setitem(edssr_presets.PRESETS, "fast", tiny)
    result = super_resolve(scan, profile, "edssr", device="cpu")
    same = super_resolve(scan, profile, "smore", device="cpu", combine="fba", consistent=False)
    np.testing.assert_array_equal(result.data, same.data)
    assert (result.method, result.preset, result.data_consistency_change) == ("edssr", "fast", 0.0)


def test_edssr_is_sized_as_published() -> None:
    with torch.device("meta"):
        backbone = smore.build(edssr_presets.PRESETS["paper"], 4)
    assert isinstance(backbone, EDSR)
    assert len(backbone.blocks) == 32 + 1 and backbone.head.out_channels == 256
    assert all(block.scale == 0.1 for block in backbone.blocks[:-1])
    assert [preset.name for preset in METHODS.info("edssr").presets] == list(edssr_presets.PRESETS)


def test_can_be_cancelled_in_every_stage(scan: Volume, profile: SliceProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    for limit in (0.1, 0.85, 0.98):

        def cancel(fraction: float, stage: str, limit: float = limit) -> None:
            if fraction >= limit:
                raise Cancelled

        with pytest.raises(Cancelled):
            super_resolve(scan, profile, "smore", device="cpu", progress=cancel)


def test_outliers_do_not_set_the_scale(scan: Volume, profile: SliceProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", TINY)
    spiked = scan.data.copy()
    spiked[10, 10, 5] = 1e5
    clean = super_resolve(scan, profile, "smore", device="cpu").data
    dirty = super_resolve(Volume(spiked, scan.affine), profile, "smore", device="cpu").data
    far = np.s_[40:, 40:, :]
    spread = np.percentile(scan.data, 99)
    assert np.sqrt(np.mean((clean[far] - dirty[far]) ** 2)) < 0.05 * spread


def test_presets_are_sized_as_the_papers_say() -> None:
    paper = smore.PRESETS["paper"]
    assert (paper.backbone, paper.blocks, paper.channels, paper.iterations) == ("wdsr", 16, 256, 8000)
    for preset in smore.PRESETS.values():
        backbone = smore.build(preset, 5)
        assert backbone(torch.zeros(1, 6, 9, 9)).shape == (1, 5, 9, 9)


def test_small_scans_are_learned_from_for_fewer_iterations() -> None:
    fast = smore.PRESETS["fast"]
    assert fast.iterations_for(512 * 512 * 30) == fast.iterations
    assert fast.iterations_for(100_000) == 100_000 // fast.voxels_an_iteration < fast.iterations
    assert fast.iterations_for(10) == smore.FEWEST_ITERATIONS
    assert smore.PRESETS["paper"].iterations_for(100_000) == smore.PRESETS["paper"].iterations


def test_as_many_iterations_run_as_the_scan_is_worth(scan: Volume, profile: SliceProfile, monkeypatch) -> None:
    monkeypatch.setattr(smore, "FEWEST_ITERATIONS", 2)
    preset = smore.Preset("edsr", 8, 1, 50, 2, 1e-3, voxels_an_iteration=scan.data.size // 7)
    monkeypatch.setitem(smore.PRESETS, "fast", preset)
    stages: list[str] = []
    super_resolve(scan, profile, "smore", device="cpu", progress=lambda fraction, stage, _: stages.append(stage))
    assert sum(stage.startswith("training") for stage in stages) == 7


def test_burst_accumulation_takes_each_frequency_from_the_stronger_result() -> None:
    shape = (24, 24, 24)
    x = np.arange(24) * 2 * np.pi / 24
    low = np.broadcast_to(np.cos(2 * x)[:, None, None], shape).astype(np.float32)
    high = np.broadcast_to(np.cos(9 * x)[None, :, None], shape).astype(np.float32)
    merged = fourier_burst_accumulation([low + 0.2 * high, 0.2 * low + high])
    np.testing.assert_allclose(merged, low + high, atol=0.05)
    np.testing.assert_allclose(combine([low, high], "average"), (low + high) / 2, atol=1e-6)
    np.testing.assert_allclose(fourier_burst_accumulation([low, low]), low, atol=1e-5)


def test_air_beside_the_head_gets_the_linear_inverse_and_the_head_does_not_notice():
    """Columns without anything cost nothing; those with something are as if there were no air."""
    fine_grid = FineGrid.meeting(np.array([-0.375]), SliceProfile.gaussian(4.0, 1.0), 4.0, 1.0, 1e-2, 1)
    network = network_on(fine_grid, EDSR(5, 4, 8, 1)).eval()
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    positions = np.arange(30) / 4 - 0.375
    images = np.random.default_rng(0).random((3, 8, 40)).astype(np.float32)
    images[:, :, :12] = 0.01 * images[:, :, :12]
    images[:, :, 31:] = 0.01 * images[:, :, 31:]
    ((_, planes),) = apply(TorchNetwork(network), fine_grid, images, positions, silent)
    reading = torch.as_tensor(fine_grid.reading(8, positions), dtype=torch.float32)
    with torch.no_grad():
        whole = torch.einsum("pf,bfw->bpw", reading, network(torch.as_tensor(images))).numpy()
        linear = torch.einsum("pf,bfw->bpw", reading, network.without_backbone(torch.as_tensor(images))).numpy()
    np.testing.assert_allclose(planes[..., 12:31], whole[..., 12:31], atol=1e-5)
    np.testing.assert_allclose(planes[..., :12], linear[..., :12], atol=1e-5)
    np.testing.assert_allclose(planes[..., 31:], linear[..., 31:], atol=1e-5)
    assert np.abs(whole - linear).max() > 0.05
