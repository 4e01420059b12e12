"""Patches: drawn where there is detail, degraded as the whole volume is, reproducible."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.acquisition import acquisition_matrix, degrade
from SuperResolveLib.physics.degradation import Degradation, spline_reading
from SuperResolveLib.physics.fine_grid import FineGrid
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.training.image_pairs import ImagePairSampler
from SuperResolveLib.training.patches import PatchSampler
from SuperResolveLib.training.random_streams import CountedStream
from SuperResolveLib.training.volume_pairs import VolumePairSampler

CPU = torch.device("cpu")
VOXEL = 0.8
WIDTH = 6


def noise(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(np.float32)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(ratio: float, level: float = 0.0) -> Degradation:
    return Degradation(SliceProfile.gaussian(ratio * VOXEL, VOXEL), ratio * VOXEL, level)


# ---- drawing


@pytest.mark.parametrize("size", [(1, 9, 7), (9, 1, 7), (5, 9, 7)])
def test_patches_are_cut_where_they_start_in_two_and_three_dimensions(size: tuple[int, int, int]) -> None:
    volume = noise((12, 20, 16))
    sampler = PatchSampler(volume, size, CPU)
    starts = sampler.starts(50, seeded())
    patches = sampler.cut(starts)
    assert patches.shape == (50, *size)
    for start, patch in zip(starts.tolist(), patches.numpy(), strict=True):
        where = tuple(slice(first, first + length) for first, length in zip(start, size, strict=True))
        np.testing.assert_array_equal(patch, volume[where])
    assert len({tuple(start) for start in starts.tolist()}) > 30


def test_patches_are_mirrored_where_asked_for() -> None:
    sampler = PatchSampler(noise((12, 20, 16)), (5, 9, 7), CPU)
    starts = sampler.starts(2, seeded())
    straight = sampler.cut(starts)
    mirrored = sampler.cut(starts, torch.tensor([[True, False, True], [False, False, False]]))
    assert torch.equal(mirrored[0], straight[0].flip(0, 2))
    assert torch.equal(mirrored[1], straight[1])


def test_patches_favour_detail_as_much_as_the_background_leaves() -> None:
    volume = np.zeros((8, 64, 24), np.float32)
    volume[:, 40:] = noise((8, 24, 24))
    with_detail = [
        float((PatchSampler(volume, (1, 6, 6), CPU, background=share).starts(2000, seeded())[:, 1] > 33).float().mean())
        for share in (0.0, 1.0, 1e3)
    ]
    assert with_detail[0] == 1.0
    assert 0.6 < with_detail[1] < 0.8
    assert with_detail[2] == pytest.approx(24 / 59, abs=0.05)


# ---- the description of a degradation


@settings(max_examples=30, deadline=None)
@given(ratio=st.floats(1.2, 8.0), slices=st.integers(2, 12), phase=st.floats(-0.5, 0.5), select=st.booleans())
def test_a_patch_holds_what_its_slices_gather(ratio: float, slices: int, phase: float, select: bool) -> None:
    degradation = Degradation("select", ratio * VOXEL) if select else gaussian(ratio)
    length = degradation.length(slices, VOXEL)
    assert degradation.fitting(length * VOXEL, VOXEL) >= slices - 1
    patch = degradation.patch(slices, length, VOXEL, phase * VOXEL)
    matrix = patch.matrix
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    assert np.abs(matrix[:, [0, -1]]).max() < 1e-12
    assert int(patch.covered.sum()) == pytest.approx(slices * ratio, abs=1)
    np.testing.assert_allclose(matrix @ (3 * patch.voxels + 1), 3 * patch.centres + 1, atol=5e-3)


def test_selecting_picks_voxels() -> None:
    patch = Degradation("select", 4 * VOXEL).patch(3, 21, VOXEL)
    np.testing.assert_allclose(patch.matrix, np.eye(21)[[6, 10, 14]], atol=1e-12)


def test_starts_of_a_patch_reproduce_a_constant_and_the_slices() -> None:
    degradation = gaussian(3.4)
    patch = degradation.patch(8, degradation.length(8, VOXEL), VOXEL, 0.3)
    np.testing.assert_allclose(patch.tikhonov(1e-3).sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(patch.spline().sum(axis=1), 1.0)
    slices = np.random.default_rng(0).random(8)
    np.testing.assert_allclose(patch.matrix @ patch.tikhonov(1e-9) @ slices, slices, atol=1e-4)
    np.testing.assert_allclose(spline_reading(8, np.arange(8.0)) @ slices, slices, atol=1e-12)


# ---- two dimensions


@pytest.mark.parametrize("ratio", [2.0, 4.0, 3.3])
def test_training_pairs_are_degraded_as_the_scanner_does(ratio: float) -> None:
    images = noise((6, 96, 90))
    profile = SliceProfile.gaussian(4.0, 1.0)
    fine_grid = FineGrid.meeting(np.array([-0.5 + 0.5 / ratio]), profile, ratio, 1.0, 1e-3, 1)
    sampler = ImagePairSampler(images, (1.0, 1.0), fine_grid, 10, 24, CPU)
    generator = seeded()
    for _ in range(4):
        pairs = sampler.draw(3, generator)
        assert pairs.slices.shape[1] == sampler.slices
        assert int(pairs.known.sum()) == pytest.approx(sampler.slices * ratio, abs=2)
        assert not pairs.truth[:, ~pairs.known].any()
        # the slices' mean is the patch's, up to the ends: nothing leaks in from padding
        assert float(pairs.slices.mean()) == pytest.approx(float(pairs.truth[:, pairs.known].mean()), abs=0.05)


# ---- three dimensions


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("ratio", "phase"), [(4.0, 0.0), (4.0, 0.37), (3.4, -0.2), (1.5, 0.49)])
@pytest.mark.parametrize("operator", ["profile", "select"])
def test_degrading_a_patch_is_degrading_the_volume_and_cutting(
    axis: int, ratio: float, phase: float, operator: str
) -> None:
    volume = noise((64, 68, 72))
    degradation = gaussian(ratio) if operator == "profile" else Degradation("select", ratio * VOXEL)
    sampler = VolumePairSampler(volume, VOXEL, axis, degradation, 5, WIDTH, CPU)
    starts = sampler.patches.starts(4, seeded())
    pairs = sampler.at(starts, phase)
    assert pairs.slices.shape == (4, 5, WIDTH, WIDTH)
    assert pairs.truth.shape == pairs.start.shape == (4, int(5 * ratio), WIDTH, WIDTH)
    for start, slices, truth in zip(starts.tolist(), pairs.slices.numpy(), pairs.truth.numpy(), strict=True):
        middle = start[axis] + (sampler.length - 1) / 2 + phase
        centres = middle + (np.arange(5) - 2) * ratio
        # Selecting is what a profile of one tap does, read between voxels by cubic convolution.
        profile = gaussian(ratio).operator if operator == "profile" else SliceProfile([0, 0, 1, 0, 0], VOXEL)
        matrix = acquisition_matrix(profile, centres * VOXEL, np.arange(volume.shape[axis]) * VOXEL, VOXEL)
        where = [slice(first, first + WIDTH) for first in start]
        where[axis] = slice(None)
        expected = np.moveaxis(degrade(matrix, volume, axis)[tuple(where)], axis, 0)
        np.testing.assert_allclose(slices, expected, atol=1e-5)
        first = int(np.ceil(centres[0] - ratio / 2 - 1e-6))
        where[axis] = slice(first, first + len(truth))
        np.testing.assert_array_equal(truth, np.moveaxis(volume[tuple(where)], axis, 0))


@pytest.mark.parametrize("start", ["tikhonov", "spline"])
def test_the_start_of_a_smooth_volume_is_its_truth_and_lies_where_it_does(start: str) -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 96, dtype=np.float32)[:, None, None], (96, 10, 12)).copy()
    sampler = VolumePairSampler(ramp, VOXEL, 0, gaussian(3.4), 10, WIDTH, CPU, start, 1e-6)  # type: ignore[arg-type]
    pairs = sampler.draw(3, seeded())
    inner = slice(6, -6)  # at its ends the inverse goes on flat
    assert torch.allclose(pairs.start[:, inner], pairs.truth[:, inner], atol=3e-3)


def test_mass_is_kept() -> None:
    sampler = VolumePairSampler(np.full((60, 20, 20), 3.5, np.float32), VOXEL, 0, gaussian(3.4), 6, WIDTH, CPU)
    pairs = sampler.draw(4, seeded())
    for tensor in (pairs.slices, pairs.truth):
        assert torch.allclose(tensor, torch.full_like(tensor, 3.5), atol=1e-4)


@pytest.mark.parametrize("axis", [1, 2])
def test_axes_are_alike(axis: int) -> None:
    """A volume that is the same along its axes but for their order gives the same pairs."""
    volume = noise((48, 48, 48))
    starts = torch.tensor([[3, 5, 7], [0, 9, 2]])
    first = VolumePairSampler(volume, VOXEL, 0, gaussian(3.0), 4, WIDTH, CPU)
    other = VolumePairSampler(np.moveaxis(volume, 0, axis), VOXEL, axis, gaussian(3.0), 4, WIDTH, CPU)
    order = [1, 0, 2] if axis == 1 else [1, 2, 0]
    ours, theirs = first.at(starts, 0.2), other.at(starts[:, order], 0.2)
    for name in ("slices", "start", "truth"):
        assert torch.allclose(getattr(ours, name), getattr(theirs, name), atol=1e-6)


def test_mirroring_mirrors_all_of_a_pair_where_the_phase_is_symmetric() -> None:
    sampler = VolumePairSampler(noise((48, 20, 20)), VOXEL, 0, gaussian(4.0), 4, WIDTH, CPU)
    starts = sampler.patches.starts(2, seeded())
    straight = sampler.at(starts, 0.0)
    mirrored = sampler.at(starts, 0.0, torch.tensor([[True, False, False]] * 2))
    assert torch.allclose(mirrored.slices, straight.slices.flip(1), atol=1e-5)


def test_noise_has_the_level_that_was_asked_for() -> None:
    pairs = VolumePairSampler(np.zeros((60, 40, 40), np.float32), VOXEL, 0, gaussian(3.4, 0.25), 6, 32, CPU).draw(
        4, seeded()
    )
    assert float(pairs.slices.std()) == pytest.approx(0.25, rel=0.03)
    assert float(pairs.start.abs().max()) > 0.25 and not pairs.truth.any()


def test_any_step_of_a_seed_can_be_drawn_without_those_before() -> None:
    sampler = VolumePairSampler(noise((48, 24, 24)), VOXEL, 0, gaussian(3.4, 0.1), 4, WIDTH, CPU)

    def batch(seed: int, step: int) -> torch.Tensor:
        return sampler.draw(3, CountedStream(seed, CPU).at(step)).slices

    in_order = [batch(1, step) for step in range(5)]
    assert torch.equal(batch(1, 4), in_order[4])
    assert not torch.equal(in_order[3], in_order[4])
    assert not torch.equal(batch(2, 4), in_order[4])


def test_a_whole_clinical_volume_is_not_copied() -> None:
    volume = np.zeros((512, 512, 30), np.float32)
    volume[100:300, 100:300] = 1.0
    sampler = VolumePairSampler(volume, 0.5, 0, Degradation(SliceProfile.gaussian(4.0, 0.5), 4.0), 8, 24, CPU)
    assert sampler.patches.volume.data_ptr() == volume.__array_interface__["data"][0]
    assert sampler.draw(2, seeded()).truth.shape == (2, 64, 24, 24)


def test_a_volume_too_small_is_told() -> None:
    with pytest.raises(InputError, match="too small to simulate 8 slices"):
        VolumePairSampler(noise((20, 40, 40)), VOXEL, 0, gaussian(4.0), 8, WIDTH, CPU)
