"""The head phantom: reproducible, head-like, and alike along every axis."""

from __future__ import annotations

import numpy as np
import pytest

from SuperResolveLib.errors import InputError
from SuperResolveLib.metrics.image_quality import head_mask
from SuperResolveLib.physics.phantom.fields import ellipsoid, fractal_field, random_field, tube, union, voxel_centres
from SuperResolveLib.physics.phantom.head_phantom import head_phantom

SHAPE, SPACING = (72, 84, 72), 2.4


@pytest.fixture(scope="module")
def head():
    return head_phantom(SHAPE, SPACING, seed=1)


def test_is_a_volume_in_ras_about_its_middle(head):
    assert head.shape == SHAPE and head.data.dtype == np.float32
    assert head.spacing == pytest.approx((SPACING,) * 3)
    assert np.isfinite(head.data).all() and head.data.min() >= 0
    assert head.affine[0, 3] == pytest.approx(-(SHAPE[0] - 1) / 2 * SPACING)


def test_the_seed_decides():
    small = (20, 22, 24)
    again = [head_phantom(small, 6, seed).data for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])


def test_is_as_large_as_a_head(head):
    mask = head_mask(head)
    assert 3.0e6 < mask.sum() * SPACING**3 < 4.6e6  # mm³
    width, length = (np.ptp(np.flatnonzero(mask.any(axis=axes))) * SPACING for axes in ((1, 2), (0, 2)))
    assert 140 < width < 172 and 185 < length < 215


def test_has_the_contrast_of_t1(head):
    inside = head.data[head_mask(head)]
    fluid, grey, white = np.percentile(inside, (8, 45, 80))
    assert fluid < 40 < 50 < grey < 85 < white < 125


def test_detail_is_alike_along_every_axis(head):
    mask = head_mask(head)
    steps = []
    for axis in range(3):
        difference = np.diff(head.data, axis=axis)
        steps.append(np.mean(difference[np.take(mask, range(SHAPE[axis] - 1), axis=axis)] ** 2))
    assert max(steps) / min(steps) < 1.4


def test_noise_is_as_told():
    small = (24, 24, 24)
    clean, noisy = (head_phantom(small, 1, 0, sigma).data for sigma in (0, 3))
    assert (noisy - clean)[clean > 40].std() == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize(("shape", "spacing"), [((0, 5, 5), 1), ((5, 5, 5), 0), ((5, 5, 5), -1)])
def test_impossible_grids_are_refused(shape, spacing):
    with pytest.raises(InputError, match="phantom"):
        head_phantom(shape, spacing)


class TestFields:
    def test_random_fields_are_standardised_and_isotropic(self):
        random = np.random.default_rng(0)
        for field in (random_field((48, 48, 48), 8, 0.3, random), fractal_field((48, 48, 48), 1, 6, random)):
            assert field.mean() == pytest.approx(0, abs=1e-3) and field.std() == pytest.approx(1, rel=1e-3)
            steps = [np.mean(np.diff(field, axis=axis) ** 2) for axis in range(3)]
            assert max(steps) / min(steps) < 1.15

    def test_distances_are_zero_on_the_surface_and_positive_inside(self):
        at = voxel_centres(np.eye(4), (41, 41, 41))
        distance = ellipsoid(at, (20, 20, 20), (10, 10, 10))
        assert distance[20, 20, 30] == pytest.approx(0, abs=1e-4)
        assert distance[20, 20, 24] == pytest.approx(6, abs=1e-3)
        assert distance[20, 20, 35] == pytest.approx(-5, abs=1e-3)
        distance = tube(at, [(10, 20, 20, 3), (30, 20, 20, 3), (30, 30, 20, 3)])
        assert distance[20, 20, 24] == pytest.approx(-1, abs=1e-4)
        assert distance[30, 25, 20] == pytest.approx(3, abs=1e-4)

    def test_a_union_is_at_least_each_part_and_rounds_the_crease(self):
        at = voxel_centres(np.eye(4), (21, 21, 21))
        a, b = ellipsoid(at, (7, 10, 10), (5, 5, 5)), ellipsoid(at, (13, 10, 10), (5, 5, 5))
        joined = union(a, b, 3)
        assert (joined >= np.maximum(a, b) - 1e-4).all()
        assert joined[10, 14, 10] > np.maximum(a, b)[10, 14, 10] + 0.5
