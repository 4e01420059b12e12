"""Simulated scans: slice n on plane ratio * n + phase, and where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import AcquisitionHeader, Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate, with_rician_noise

law = settings(deadline=None, max_examples=40)
axes = st.sampled_from(AXIS_NAMES)


def oblique(spacing: tuple[float, float, float] = (0.9, 1.0, 1.1), angle: float = 0.5) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, -1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = [-20, 30, 5]
    return affine


def at_voxels(volume: Volume, function) -> np.ndarray:
    """A function of a point in RAS mm, at a volume's voxels."""
    voxels = np.indices(volume.shape).reshape(3, -1)
    points = volume.affine[:3, :3] @ voxels + volume.affine[:3, 3:]
    return function(points).reshape(volume.shape)


def linear(points: np.ndarray) -> np.ndarray:
    return 100 + np.array([0.7, -0.4, 1.3]) @ points


@law
@given(axis=axes, ratio=st.floats(1, 6), phase=st.floats(0, 4), planes=st.integers(30, 45))
def test_a_linear_image_is_where_it_was(axis, ratio, phase, planes):
    index = AXIS_NAMES.index(axis)
    shape = [4, 5, 6]
    shape[index] = planes
    volume = Volume(np.zeros(shape, np.float32), oblique())
    volume = volume.on_grid(at_voxels(volume, linear).astype(np.float32), volume.affine)
    profile = SliceProfile.gaussian(2.5, volume.spacing[index])
    scan = simulate(volume, profile, ratio, axis, phase)
    inner = [slice(None)] * 3
    reach = profile.weights.size // 2 + 1
    centres = phase + ratio * np.arange(scan.shape[index])
    inner[index] = np.flatnonzero((centres >= reach) & (centres <= planes - 1 - reach))
    assert np.allclose(scan.data[tuple(inner)], at_voxels(scan, linear)[tuple(inner)], atol=0.02)


@law
@given(axis=axes, ratio=st.floats(1, 9), phase=st.floats(0, 8))
def test_slices_go_on_while_their_plane_exists(axis, ratio, phase):
    index = AXIS_NAMES.index(axis)
    volume = Volume(np.ones((20, 21, 22), np.float32), oblique())
    count, last = simulate(volume, SliceProfile.rect(3, 1), ratio, axis, phase).shape[index], volume.shape[index] - 1
    assert phase + ratio * (count - 1) <= last + 1e-6
    assert phase + ratio * count > last


@pytest.mark.parametrize("axis", AXIS_NAMES)
def test_the_affine_is_exact(axis):
    index = AXIS_NAMES.index(axis)
    volume = Volume(np.ones((20, 21, 22), np.float32), oblique())
    scan = simulate(volume, SliceProfile.rect(3, 1), 4, axis, phase=1.5)
    expected_spacing = np.array(volume.spacing)
    expected_spacing[index] *= 4
    assert np.allclose(scan.spacing, expected_spacing, rtol=1e-12)
    first = np.zeros(4)
    first[index], first[3] = 1.5, 1
    assert np.allclose(scan.affine[:3, 3], (volume.affine @ first)[:3], atol=1e-12)


def test_an_impulse_at_ratio_one_shows_the_profile():
    data = np.zeros((3, 3, 21), np.float32)
    data[1, 1, 10] = 1
    profile = SliceProfile.gaussian(3, 1)
    scan = simulate(Volume(data, np.eye(4)), profile, 1, "k")
    half = profile.weights.size // 2
    assert np.allclose(scan.data[1, 1, 10 - half : 11 + half], profile.weights, atol=1e-6)
    assert scan.data[0].max() == 0


def test_header_tells_the_new_spacing_and_no_thickness():
    header = AcquisitionHeader(1.0, 1.0, (0.9, 0.9, None))
    volume = Volume(np.ones((20, 20, 20), np.float32), np.eye(4), header)
    assert simulate(volume, SliceProfile.rect(3, 1), 4, "k").header == AcquisitionHeader(None, 4.0, (0.9, 0.9, None))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axis": "z"}, "axis"),
        ({"axis": "auto"}, "axis"),
        ({"ratio": 0.5}, "ratio"),
        ({"ratio": np.nan}, "ratio"),
        ({"ratio": np.inf}, "ratio"),
        ({"phase": -1}, "planes 0 to 19"),
        ({"phase": 19.5}, "planes 0 to 19"),
        ({"noise_sigma": -1}, "noise"),
    ],
)
def test_bad_input_is_refused(change, message):
    volume = Volume(np.ones((20, 20, 20), np.float32), np.eye(4))
    arguments = {"ratio": 4, "axis": "k", "phase": 0, "noise_sigma": 0, **change}
    with pytest.raises(InputError, match=message):
        simulate(volume, SliceProfile.rect(3, 1), **arguments)


class TestRicianNoise:
    def test_bright_voxels_get_normal_noise(self):
        noisy = with_rician_noise(np.full((50, 50, 50), 100, np.float32), 2, seed=0)
        assert noisy.dtype == np.float32
        assert noisy.std() == pytest.approx(2, rel=0.02)
        assert noisy.mean() == pytest.approx(100 + 2**2 / 200, abs=0.05)

    def test_background_becomes_rayleigh(self):
        noisy = with_rician_noise(np.zeros((50, 50, 50), np.float32), 2, seed=0)
        assert noisy.mean() == pytest.approx(2 * np.sqrt(np.pi / 2), rel=0.02)
        assert noisy.min() >= 0

    def test_the_seed_decides(self):
        data = np.ones((5, 5, 5), np.float32)
        assert np.array_equal(with_rician_noise(data, 1, seed=3), with_rician_noise(data, 1, seed=3))
        assert not np.array_equal(with_rician_noise(data, 1, seed=3), with_rician_noise(data, 1, seed=4))

    def test_negative_voxels_are_refused(self):
        with pytest.raises(InputError, match="negative"):
            with_rician_noise(np.full((5, 5, 5), -1, np.float32), 1, seed=0)
