"""Synthetic anatomy: the same for the same seed, and each of its parts by the law it is made by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from Experiments.anatomy import MADE, cells, spectral_slopes
from Experiments.command import main as run_experiment
from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.anatomy.body import Body, closed_surface
from SuperResolveLib.physics.anatomy.canvas import AIR, Canvas, filled, layer
from SuperResolveLib.physics.anatomy.contrast import DARKEST, tone_curve
from SuperResolveLib.physics.anatomy.fields import SmoothField, displaced
from SuperResolveLib.physics.anatomy.folds import folds
from SuperResolveLib.physics.anatomy.leaves import EXPONENTS, WARPS, Leaves, leaves, radii
from SuperResolveLib.physics.anatomy.resolution import truncated, with_noise, with_resolution
from SuperResolveLib.physics.anatomy.sheets import sheet
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.anatomy.tubes import RADII, STEP, tree, tube_depth
from SuperResolveLib.physics.phantom.fields import fractal_field
from SuperResolveLib.training.collection import synthetic_collection

SEEDS = st.integers(0, 2**32 - 1)


class TestVolume:
    @settings(max_examples=15, deadline=None)
    @given(seed=SEEDS, size=st.integers(16, 40))
    def test_a_seed_gives_one_volume_in_range(self, seed, size):
        volume = synthetic_anatomy(seed, size)
        assert volume.data.dtype == np.float32
        assert volume.shape == (size,) * 3
        assert volume.spacing == (1, 1, 1)
        assert 0 <= volume.data.min() < 0.1
        assert 0.9 < volume.data.max() <= 1
        assert volume.data.tobytes() == synthetic_anatomy(seed, size).data.tobytes()

    def test_another_seed_gives_another_volume(self):
        assert np.abs(synthetic_anatomy(3, 40).data - synthetic_anatomy(4, 40).data).mean() > 0.05

    def test_the_spectrum_falls_as_that_of_images_and_alike_along_all_axes(self):
        slopes = np.array([spectral_slopes(synthetic_anatomy(seed, 64).data) for seed in range(16)])
        medians = np.median(slopes, axis=0)
        assert ((medians > -2.2) & (medians < -1.3)).all()
        assert np.ptp(medians) < 0.2
        assert np.abs(np.diff(slopes, axis=1)).max() < 0.8

    def test_some_have_air_around_and_some_have_none(self):
        shares = [float((synthetic_anatomy(seed, 32).data < 0.04).mean()) for seed in range(16)]
        assert min(shares) < 0.05
        assert 0.2 < max(shares) < 0.9


class TestLeaves:
    def test_radii_follow_a_power_law_within_their_ends(self):
        drawn = radii(np.random.default_rng(0), 20000, 1.2, 30.0)
        assert 1.2 <= drawn.min() <= drawn.max() <= 30
        logs = np.log(drawn)
        counts, edges = np.histogram(logs, 12, (np.log(1.5), np.log(15)))
        slope = np.polyfit((edges[1:] + edges[:-1]) / 2, np.log(counts), 1)[0]  # of r n(r), which falls as r^(1-p)
        assert EXPONENTS[0] - 0.2 < 1 - slope < EXPONENTS[1] + 0.2

    def test_hardly_a_leaf_is_cut_by_the_voxels_it_is_looked_for_in(self):
        random, size = np.random.default_rng(0), 64
        grid = displaced(random, size, WARPS)
        cut = 0
        for leaf in leaves(random, radii(random, 500, 1.2, 25.0), size):
            box = leaf.box(size)
            depth = leaf.depth(grid, box)
            faces = [depth.take(0, axis) for axis in range(3) if box[axis].start > 0]
            faces += [depth.take(-1, axis) for axis in range(3) if box[axis].stop < size]
            cut += any(face.max() > -0.5 for face in faces)
        assert cut <= 3

    def test_cavities_hold_air(self):
        held = []
        for seed in range(12):
            canvas = Canvas.blank(np.random.default_rng(seed), 32)
            canvas.image[...] = 0.5
            Leaves.on(canvas).lay_cavities()
            held.append(int((canvas.image == AIR).sum()))
        assert 0 < sum(count > 0 for count in held) < 12


class TestFields:
    @settings(max_examples=10, deadline=None)
    @given(seed=SEEDS, scale=st.floats(4, 10))
    def test_a_smooth_field_has_unit_variance_and_the_slope_it_tells(self, seed, scale):
        field = SmoothField.drawn(np.random.default_rng(seed), 64, scale)
        assert 0.6 < field.values.std() < 1.4
        told = np.tensordot(field.slopes[0], field.knots, axes=1)
        told = field.kernels[1] @ told @ field.kernels[2].T
        measured = np.gradient(field.values, axis=0)
        assert np.abs(measured - told)[1:-1].max() < 0.1 * np.abs(told).max()

    def test_distance_grows_by_a_voxel_a_voxel_at_the_level_set(self):
        distance = SmoothField.drawn(np.random.default_rng(1), 48, 10.0).distance(0.2)
        slope = np.sqrt(np.square(np.gradient(distance)).sum(axis=0))
        assert np.median(slope[np.abs(distance) < 1]) == pytest.approx(1, abs=0.1)

    def test_folds_lie_about_half_a_wavelength_apart(self):
        crossings = [np.diff(np.sign(folds(np.random.default_rng(s), 64, 16.0, 0.2)), axis=0) != 0 for s in range(4)]
        # A field of one wavelength L in space crosses 0 every sqrt(3) L / 2 along a line (Rice's formula).
        assert 1 / np.mean(crossings) == pytest.approx(np.sqrt(3) * 16 / 2, rel=0.15)


class TestLayers:
    @given(thickness=st.floats(0.1, 4), top=st.floats(-3, 3), edge=st.sampled_from([0.5, 1.0]))
    def test_the_shares_of_a_plane_layer_add_up_to_its_thickness(self, thickness, top, edge):
        depth = np.arange(-12, 12, edge, dtype=np.float32)
        share = layer(depth, top, top + thickness, edge)
        assert edge * share.sum() == pytest.approx(thickness, abs=1e-4)
        assert share.min() >= 0
        assert share.max() <= 1 + 1e-6

    @pytest.mark.parametrize("thickness", [0.7, 1.5, 3.0])
    def test_a_sheet_is_thin_and_far_reaching(self, thickness):
        share = sheet(np.random.default_rng(5), 64, 16.0, thickness)
        assert share.max() == pytest.approx(min(thickness, 1), abs=0.05)
        inside = share > 0.5 * share.max()
        assert distance_transform_edt(inside).max() <= thickness / 2 + 2.5  # a little more at saddles
        assert np.ptp(np.nonzero(inside), axis=1).min() > 24


class TestTubes:
    def test_a_straight_tube_is_as_deep_as_its_radius_tells(self):
        points = np.column_stack([np.arange(-5, 37, STEP), *np.full((3, 84), [[16.3], [15.6], [2.2]])])
        depth = tube_depth(points, 32)
        _, j, k = np.indices((32,) * 3)
        exact = 2.2 - np.hypot(j - 16.3, k - 15.6)
        near = exact > -0.9
        np.testing.assert_allclose(depth[near], exact[near], atol=0.05)
        assert (depth[exact < -1.1] == -1).all()
        assert filled(depth).sum() / 32 == pytest.approx(np.pi * 2.2**2, rel=0.05)

    def test_paths_are_smooth_prefer_no_axis_and_some_branch(self):
        random = np.random.default_rng(0)
        paths = [tree(random, np.zeros(3), random.standard_normal(3), 2.0, 100) for _ in range(300)]
        headings = np.concatenate([np.diff(path[:100, :3], axis=0) / STEP for path in paths])
        np.testing.assert_allclose(np.linalg.norm(headings, axis=1), 1)
        np.testing.assert_allclose((headings**2).mean(axis=0), 1 / 3, atol=0.05)
        turns = [np.linalg.norm(np.diff(path[:100, :3], 2, axis=0), axis=1) / STEP for path in paths]
        assert np.median(turns) < 0.35
        assert 0.2 < np.mean([len(path) > 100 for path in paths]) < 0.9
        assert all(RADII[0] * 0.5 <= path[:, 3].min() and path[:, 3].max() <= 2.0 for path in paths)


class TestBody:
    def test_layers_lie_beneath_the_surface_and_air_outside(self):
        random = np.random.default_rng(2)
        canvas = Canvas.blank(random, 48)
        depth = closed_surface(random, 48, (0.3, 0.4), 0.0)
        Body(depth, ((3.0, 0.9), (4.0, 0.2))).paint(canvas)
        assert (canvas.image[depth < -0.5] == AIR).all()
        np.testing.assert_allclose(canvas.image[(depth > 1) & (depth < 2)].mean(), 0.9, atol=0.08)
        np.testing.assert_allclose(canvas.image[(depth > 4) & (depth < 6)].mean(), 0.2, atol=0.08)

    def test_the_surface_is_closed_and_depth_is_in_voxels(self):
        depth = closed_surface(np.random.default_rng(3), 64, (0.3, 0.35), 0.0)
        edges = np.concatenate([depth.take(end, axis).ravel() for axis in range(3) for end in (0, -1)])
        assert edges.max() < 0 < depth.max()
        slope = np.sqrt(np.square(np.gradient(depth)).sum(axis=0))
        assert np.median(slope[np.abs(depth) < 2]) == pytest.approx(1, abs=0.1)


class TestContrast:
    def test_contrasts_rise_fall_or_do_neither(self):
        curves = [tone_curve(np.random.default_rng(seed)) for seed in range(60)]
        assert all(curve.min() == pytest.approx(DARKEST) and curve.max() == pytest.approx(1) for curve in curves)
        rising, falling = (sum(bool((sign * np.diff(curve) >= 0).all()) for curve in curves) for sign in (1, -1))
        assert min(rising, falling, 60 - rising - falling) > 5

    @settings(max_examples=20, deadline=None)
    @given(seed=SEEDS)
    def test_tissue_is_brighter_than_air(self, seed):
        canvas = Canvas.blank(np.random.default_rng(seed), 16)
        assert all(AIR < DARKEST - 1e-9 <= canvas.tissue() <= 1 for _ in range(10))


class TestResolution:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_point_spreads_alike_along_all_axes(self, seed):
        point = np.zeros((32,) * 3, np.float32)
        point[16, 16, 16] = 1
        blurred = with_resolution(np.random.default_rng(seed), point)
        spectrum = np.abs(np.fft.fftn(blurred))
        at_half = [spectrum[8, 0, 0], spectrum[0, 8, 0], spectrum[0, 0, 8]]
        widths = np.sqrt(np.maximum(-np.log(np.array(at_half) / spectrum[0, 0, 0]), 0))
        assert widths.max() <= 1.25 * widths.min() + 0.05
        assert widths.max() < 1.4  # of a Gaussian of FWHM 2: 0.94 at a quarter of a cycle per voxel

    def test_truncated_k_space_rings_and_keeps_what_is_smooth(self):
        step = np.zeros((32,) * 3, np.float32)
        step[16:] = 1
        sharp, soft = (truncated(step, np.array([0.7, 1, 1]), fading) for fading in (0.05, 0.9))
        assert 1.05 < sharp.max() < 1.2
        assert soft.max() < sharp.max()
        np.testing.assert_allclose(truncated(np.ones_like(step), np.full(3, 0.7), 0.5), 1, atol=1e-5)

    def test_noise_is_rician_and_in_some_volumes(self):
        air = np.zeros((24,) * 3, np.float32)
        means = [float(with_noise(np.random.default_rng(seed), air).mean()) for seed in range(30)]
        assert 3 <= np.count_nonzero(means) <= 20
        assert max(means) < 0.03 * np.sqrt(np.pi / 2) * 1.05  # the mean of Rayleigh's distribution


@pytest.mark.parametrize("exponent", [1.3, 2.0])
def test_the_slope_of_a_known_spectrum_is_measured(exponent):
    fields = [fractal_field((64,) * 3, exponent, 64, np.random.default_rng(seed)) for seed in range(8)]
    np.testing.assert_allclose(np.mean([spectral_slopes(field) for field in fields], axis=0), -exponent, atol=0.2)


def test_the_experiment_writes_its_page_and_picture(tmp_path: Path):
    assert run_experiment(["anatomy", "--seeds", "0", "1", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "anatomy.md").read_text()
    assert "| seed 1 |" in page and "| **median** |" in page
    assert (tmp_path / "anatomy.png").stat().st_size > 10000
    assert [cell.method for cell in cells([4], ["head"])] == [MADE, "scan"]


def test_a_synthetic_collection_is_made_when_needed():
    collection = synthetic_collection(5, seed=2, size=20, cache_bytes=2 * 20**3 * 4)
    assert len(collection.subjects) == 5
    training, validation = collection.split(0.2, seed=0)
    assert (len(training), len(validation)) == (4, 1)
    index = [item.subject for item in collection.items].index(validation.items[0].subject)
    np.testing.assert_array_equal(validation.volume(0).data, collection.volume(index).data)
    again = synthetic_collection(7, seed=2, size=20)
    np.testing.assert_array_equal(again.volume(3).data, collection.volume(3).data)
    with pytest.raises(InputError, match="at least 1"):
        synthetic_collection(0, seed=0)
