"""Training pairs from a collection: networks see what they see in use, and seed and iteration decide all."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.output_grid import OutputGrid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.degradation import Degradation, cubic_reading
from SuperResolveLib.physics.degradation_range import DegradationRange
from SuperResolveLib.physics.degraded_column import DegradedColumn
from SuperResolveLib.physics.problem import SMALLEST_DAMPING, Acquisition
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.pulses import WindowedSincIntegral
from SuperResolveLib.training.collection import Collection, Item, synthetic_collection
from SuperResolveLib.training.collection_pairs import CollectionBatches, usable_axes, validation_pair
from SuperResolveLib.training.prepared_scan import normalised
from SuperResolveLib.training.random_streams import CountedStream
from SuperResolveLib.training.scan_pool import POOL, STAY, ScanPool

CPU = torch.device("cpu")
WIDE = DegradationRange("profile", (2.0, 4.5), (0.6, 1.2), (0.0, 0.05))


def collection_of(data: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Collection:
    volume = Volume(data.astype(np.float32), np.diag([*spacing, 1.0]))
    return Collection((Item("scan", "subject", volume.shape, spacing),), lambda _: volume)


def batches(
    collection: Collection, degradations: DegradationRange = WIDE, size: int = 4, **changed
) -> CollectionBatches:
    arguments = {"patch": (16, 12, 10), "start": "tikhonov", "random": CountedStream(5, CPU), "device": CPU, **changed}
    return CollectionBatches(collection, degradations, size, **arguments)


@pytest.fixture(scope="module")
def leaves() -> Collection:
    return synthetic_collection(3, seed=1, size=32)


@pytest.mark.parametrize("start", ["tikhonov", "spline", "cubic"])
def test_a_batch_has_the_patch_and_starts_near_the_truth(leaves, start):
    batch = batches(leaves, start=start).at(3)
    assert batch.truth.shape == batch.start.shape == (4, 16, *batch.truth.shape[2:])
    assert sorted(batch.truth.shape[2:]) == [10, 12]
    assert torch.mean((batch.start - batch.truth) ** 2) < 0.5 * batch.truth.var()


def test_an_iteration_draws_the_same_whatever_came_before(leaves):
    through, afresh = batches(leaves), batches(leaves)
    for iteration in (0, 30, 60):
        through.at(iteration)
    one, other = through.at(77), afresh.at(77)
    assert one.ratio == other.ratio
    for name in ("slices", "start", "truth", "window"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def test_other_iterations_draw_other_pairs(leaves):
    drawn = batches(leaves)
    means = {round(float(drawn.at(iteration).truth.mean()), 6) for iteration in range(6)}
    assert len(means) == 6


def test_two_halves_are_the_whole_batch(leaves):
    noisy = DegradationRange("profile", (2.0, 4.5), (0.6, 1.2), (0.02, 0.05))
    whole = batches(leaves, noisy).at(9)
    halves = [batches(leaves, noisy, rank=rank, ranks=2).at(9) for rank in range(2)]
    for name in ("slices", "start", "truth"):
        together = torch.cat([getattr(half, name) for half in halves])
        torch.testing.assert_close(together, getattr(whole, name), rtol=1e-5, atol=1e-6)
    with pytest.raises(InputError, match="cannot share"):
        batches(leaves, ranks=3)


def test_windows_are_cut_out_of_the_start_that_all_slices_give():
    """With a scan as small across as the patch, windows of the whole length hold all that a method would give."""
    data = np.random.default_rng(0).uniform(size=(40, 10, 9))
    fixed = DegradationRange("profile", (3.0, 3.0), (1.0, 1.0))
    whole = batches(collection_of(data), fixed, patch=(99, 10, 10), axes=(0,))
    cut = batches(collection_of(data), fixed, patch=(12, 10, 10), axes=(0,))
    for iteration in range(4):
        all_of_it, windows = whole.at(iteration), cut.at(iteration)
        assert torch.equal(all_of_it.slices, windows.slices)
        for member in range(4):
            truth = all_of_it.truth[member].unfold(0, 12, 1).movedim(-1, 1)
            places = (truth == windows.truth[member]).flatten(1).all(dim=1).nonzero()
            assert len(places) == 1
            expected = all_of_it.start[member, places[0, 0] : places[0, 0] + 12]
            torch.testing.assert_close(windows.start[member], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("ratio", "phase"), [(3.0, 0.3), (2.7, 0.8), (4.0, 0.0), (5.31, 1.0)])
def test_the_start_is_what_the_method_gives_for_the_degraded_volume(ratio, phase):
    """Degrade a whole volume, make it a scan, and solve its problem: Tikhonov's inverse is the column's start."""
    data = np.random.default_rng(1).uniform(size=(48, 6, 5)).astype(np.float32)
    degradation = Degradation(SliceProfile.generalised_gaussian(ratio, 3.0, 0.25), ratio)
    column = DegradedColumn.at_phase(degradation, 1.0, 48, phase)
    slices = np.tensordot(column.matrix, data, 1).astype(np.float32)
    scan = Volume(slices, np.diag([ratio, 1.0, 1.0, 1.0]))
    voxels = np.arange(48)[column.seen]
    grid = OutputGrid((voxels - column.first_centre) / ratio, 1.0, np.eye(4))
    assert -0.5 - 0.5 / ratio < grid.positions[0] < -0.5 + 1.01 / ratio
    assert isinstance(degradation.operator, SliceProfile)
    stack = Acquisition.of(scan, slice_geometry(scan, "i"), degradation.operator, grid)
    expected = stack.operator.regularised_inverse(slices, SMALLEST_DAMPING)
    np.testing.assert_allclose(np.tensordot(column.start("tikhonov"), slices, 1), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("every", [2, 3, 5])
def test_selection_at_a_whole_ratio_and_phase_picks_planes(every):
    column = DegradedColumn(Degradation("select", every * 0.8), 0.8, 31, first_centre=float(every - 1))
    np.testing.assert_array_equal(column.matrix, np.eye(31)[every - 1 :: every][: column.slices])
    for kind in ("spline", "cubic"):
        at_slices = np.round(column.centres).astype(int) - column.seen.start
        np.testing.assert_allclose(column.start(kind)[at_slices], np.eye(column.slices), atol=1e-9)


@pytest.mark.parametrize("phase", [0.0, 0.37, 1.0])
@pytest.mark.parametrize("ratio", [1.0, 2.5, 4.0, 7.51])
def test_the_field_of_view_stays_within_the_column_at_every_phase(ratio, phase):
    column = DegradedColumn.at_phase(Degradation("select", ratio), 1.0, 50, phase)
    assert column.centres[0] - ratio / 2 >= -0.5 - 1e-9
    assert column.centres[-1] + ratio / 2 <= 49.5 + 1e-9
    assert len(range(50)[column.seen]) == round(column.slices * ratio)
    ends = column.centres[0] - ratio / 2, column.centres[-1] + ratio / 2
    assert abs(column.seen.start - 0.5 - ends[0]) <= 1.01
    assert abs(column.seen.stop - 0.5 - ends[1]) <= 1.01


def test_too_short_a_column_is_told():
    with pytest.raises(InputError, match="no two slices"):
        DegradedColumn.at_phase(Degradation("select", 6.0), 1.0, 12, 0.5)


def test_cubic_reading_reproduces_parabolas_and_is_constant_beyond():
    positions = np.array([-3.0, 0.0, 1.3, 2.5, 4.75, 6.0, 9.0])
    values = cubic_reading(7, positions) @ (np.arange(7) ** 2)
    np.testing.assert_allclose(values, [0, 0, 1.69, 6.25, 22.5625, 36, 36], atol=1e-9)


def test_degradations_are_drawn_from_their_ranges():
    random = np.random.default_rng(0)
    drawn = [WIDE.draw(random, 0.8) for _ in range(50)]
    ratios = np.array([each.slice_spacing / 0.8 for each in drawn])
    widths = np.array([each.operator.fwhm_mm / each.slice_spacing for each in drawn])
    assert 2 <= ratios.min() < 2.5 < 4 < ratios.max() <= 4.5
    assert 0.59 <= widths.min() < 0.7 < 1.1 < widths.max() <= 1.21
    assert 0 <= min(each.noise for each in drawn) < 0.01 < 0.04 < max(each.noise for each in drawn) <= 0.05
    fixed = DegradationRange("select", (4, 4)).draw(random, 0.5)
    assert fixed == Degradation("select", 2.0, 0.0)


def test_a_generalised_gaussian_is_the_gaussian_at_two_and_near_the_rect_beyond():
    gaussian, general = (SliceProfile.gaussian(4.0, 0.5), SliceProfile.generalised_gaussian(4.0, 2.0, 0.5))
    np.testing.assert_allclose(general.weights, gaussian.weights, atol=1e-9)
    steep = SliceProfile.generalised_gaussian(4.0, 50.0, 0.1).weights
    assert abs(steep.max() / SliceProfile.rect(4.0, 0.1).weights.max() - 1) < 0.03
    with pytest.raises(InputError, match="exponent"):
        SliceProfile.generalised_gaussian(4.0, 0.5, 0.1)


def test_as_scanned_draws_small_ratios_and_little_noise_more_often_and_pulses_in_half() -> None:
    random = np.random.default_rng(0)
    scanned = DegradationRange("profile", (1.5, 9.0), (1.0, 1.0), (0.0, 0.05), profile="pulse", as_scanned=True)
    drawn = [scanned.draw(random, 1.0) for _ in range(1000)]
    ratios, noise = np.array([each.slice_spacing for each in drawn]), np.array([each.noise for each in drawn])
    assert ratios.min() >= 1.5
    assert ratios.max() <= 9
    assert np.median(ratios) == pytest.approx(np.sqrt(1.5 * 9), rel=0.1)
    assert noise.max() <= 0.05
    assert np.median(noise) == pytest.approx(0.05 / 4, rel=0.2)
    profiles = [each.operator for each in drawn]
    pulses = [isinstance(each, SliceProfile) and isinstance(each.cumulative, WindowedSincIntegral) for each in profiles]
    assert 0.4 < np.mean(pulses) < 0.6


@pytest.mark.parametrize(
    "changed", [{"ratios": (0.5, 2)}, {"ratios": (4, 2)}, {"noise": (-1, 0)}, {"operator": "blur"}]
)
def test_ranges_that_no_scanner_has_are_refused(changed):
    with pytest.raises(InputError):
        DegradationRange(**{"operator": "profile", "ratios": (2, 4), **changed})


def test_scans_are_degraded_along_thin_axes_long_enough():
    assert usable_axes((64, 64, 20), (1.0, 1.0, 4.0), WIDE) == (0, 1)
    assert usable_axes((64, 64, 15), (1.0, 1.0, 1.0), WIDE) == (0, 1)
    assert usable_axes((64, 64, 64), (1.0, 1.0, 1.0), WIDE, axes=(2,)) == (2,)
    with pytest.raises(InputError, match="scan cannot be learned from"):
        batches(collection_of(np.zeros((9, 9, 9))))
    with pytest.raises(InputError, match="no scans"):
        batches(Collection((), lambda _: Volume(np.zeros((1, 1, 1), np.float32), np.eye(4))))


def test_where_a_scan_is_smaller_than_the_patch_the_patch_shrinks():
    batch = batches(collection_of(np.random.default_rng(0).uniform(size=(40, 9, 9))), patch=(64, 32, 32)).at(0)
    assert batch.truth.shape[2:] == (9, 9)
    assert batch.truth.shape[1] <= 40


def test_every_scan_is_drawn_once_an_epoch_and_few_are_loaded():
    loads: list[int] = []
    pool = ScanPool(11, CountedStream(0, CPU), loads.append)
    entered = [pool.loaded_at(step * STAY)[0] for step in range(22)]
    assert sorted(entered[:11]) == sorted(entered[11:]) == list(range(11))
    assert entered[:11] != entered[11:]
    for iteration in range(11 * STAY):
        pool.draw(iteration, CountedStream(1, CPU).at(iteration))
    assert len(loads) <= 11 + POOL


def test_a_validation_pair_is_the_middle_of_the_scan(leaves):
    fixed = DegradationRange("profile", (3, 3), (1, 1), exponents=(2, 2))
    pair = validation_pair(leaves.volume(0), fixed, axis=1, largest=20)
    again = validation_pair(leaves.volume(0), fixed, axis=1, largest=20)
    assert pair.truth.shape == pair.spline.shape == pair.tikhonov.shape == (1, 20, 20, 20)
    assert torch.equal(pair.tikhonov, again.tikhonov)
    faced = np.moveaxis(normalised(leaves.volume(0).data), 1, 0)
    places = [first for first in range(13) if np.array_equal(faced[first : first + 20, 6:26, 6:26], pair.truth[0])]
    assert len(places) == 1
    assert ((pair.tikhonov - pair.truth) ** 2).mean() < ((pair.spline - pair.truth) ** 2).mean()


def test_windows_and_columns_lie_where_there_is_anatomy():
    data = np.zeros((60, 40, 40), np.float32)
    data[20:40, 10:25, 10:25] = np.random.default_rng(0).uniform(size=(20, 15, 15))
    fixed = DegradationRange("profile", (2.0, 2.0))
    drawn = batches(collection_of(data), fixed, size=8, patch=(12, 10, 10), axes=(0,))
    filled = [float((drawn.at(iteration).truth.flatten(1).std(dim=1) > 0.1).float().mean()) for iteration in range(8)]
    assert np.mean(filled) > 0.6
