"""The forward model: adjointness, mass, agreement with convolution, and data consistency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import null_space
from scipy.ndimage import convolve1d

from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.acquisition import (
    AcquisitionOperator,
    acquisition_matrix,
    adjoint,
    along,
    consistency_correction,
    data_consistency,
    degrade,
    regularised_inverse,
    selection_matrix,
)
from SuperResolveLib.physics.banded import blocks
from SuperResolveLib.physics.profile import SliceProfile

law = settings(deadline=None, max_examples=40)
profiles = st.builds(
    lambda make, width, closed: make(width, 1) if closed else SliceProfile(make(width, 1).weights, 1),
    st.sampled_from([SliceProfile.gaussian, SliceProfile.rect]),
    st.floats(1, 8),
    st.booleans(),
)
ratios, phases, axes = st.floats(1.2, 8), st.floats(0, 3), st.integers(0, 2)


def matrix_of(profile: SliceProfile, ratio: float, phase: float = 0.0, planes: int = 40) -> np.ndarray:
    centres = np.arange(phase, planes - 1 + 1e-9, ratio)
    return acquisition_matrix(profile, centres, np.arange(planes), 1.0)


def volumes(matrix: np.ndarray, axis: int, dtype: type, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A random volume and random slices for a matrix along an axis."""
    random = np.random.default_rng(seed)
    shapes = [np.insert([4, 5], axis, size) for size in matrix.shape[::-1]]
    x, y = (random.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, y


class TestMatrix:
    @law
    @given(profile=profiles, ratio=ratios, phase=phases)
    def test_rows_sum_to_one_and_are_not_negative_but_for_interpolation(self, profile, ratio, phase):
        matrix = matrix_of(profile, ratio, phase)
        assert np.allclose(matrix.sum(axis=1), 1, atol=1e-12)
        assert matrix.min() >= (0 if profile.cumulative else -0.1)

    @law
    @given(profile=profiles, ratio=ratios, phase=phases, axis=axes)
    def test_a_constant_stays_constant_up_to_the_last_slice(self, profile, ratio, phase, axis):
        matrix = matrix_of(profile, ratio, phase)
        x, _ = volumes(matrix, axis, np.float32)
        assert np.allclose(degrade(matrix, np.full_like(x, 7), axis), 7, rtol=1e-6)

    @law
    @given(profile=profiles, ratio=ratios, phase=st.floats(10, 12))
    def test_a_ramp_keeps_its_place(self, profile, ratio, phase):
        planes = np.arange(60.0)
        centres = np.arange(phase, 48, ratio)
        matrix = acquisition_matrix(profile, centres, planes, 1.0)
        # A rect narrower than two planes and taps of a rect have edges that no interpolation can follow.
        assert np.allclose(matrix @ planes, centres, atol=0.3)
        smooth = acquisition_matrix(SliceProfile.gaussian(4, 1), centres, planes, 1.0)
        assert np.allclose(smooth @ planes, centres, atol=1e-3)

    @pytest.mark.parametrize("ratio", [1, 2, 3, 4, 8])
    @pytest.mark.parametrize("axis", [0, 1, 2])
    @pytest.mark.parametrize(
        "profile",
        [
            SliceProfile.gaussian(4, 1),
            SliceProfile.rect(3, 1),
            SliceProfile.rect(4.5, 1),
            SliceProfile(np.array([0, 1, 4, 2, 0.5]), 1),
        ],
        ids=["gaussian", "rect", "fractional rect", "skewed taps"],
    )
    def test_whole_ratios_are_convolution_and_every_sth_plane(self, profile, ratio, axis):
        matrix = matrix_of(profile, ratio)
        x, _ = volumes(matrix, axis, np.float64)
        # A slice at c weighs plane p by the profile at p - c, which is correlation: convolution with the taps reversed.
        convolved = convolve1d(x, profile.weights[::-1], axis=axis, mode="constant")
        every = np.moveaxis(convolved, axis, 0)[::ratio]
        ours = np.moveaxis(degrade(matrix, x, axis), axis, 0)
        reach = profile.weights.size // 2
        whole = [n for n in range(len(matrix)) if reach <= n * ratio < x.shape[axis] - reach]
        assert len(whole) >= 2
        assert np.allclose(ours[whole], every[whole], atol=1e-6)

    def test_spacing_in_mm_changes_nothing(self):
        centres, planes = np.arange(5) * 4.0, np.arange(20.0)
        in_planes = acquisition_matrix(SliceProfile.gaussian(4, 1), centres, planes, 1)
        in_mm = acquisition_matrix(SliceProfile.gaussian(4 * 0.7, 0.7), centres * 0.7, planes * 0.7, 0.7)
        assert np.allclose(in_planes, in_mm)

    def test_a_slice_outside_the_planes_is_refused(self):
        with pytest.raises(InputError, match="slice 1 lies outside"):
            acquisition_matrix(SliceProfile.rect(3, 1), [5, 30], np.arange(20), 1)


class TestAdjoint:
    @law
    @given(profile=profiles, ratio=ratios, phase=phases, axis=axes, seed=st.integers(0, 99))
    def test_inner_products_agree_in_double_precision(self, profile, ratio, phase, axis, seed):
        matrix = matrix_of(profile, ratio, phase)
        x, y = volumes(matrix, axis, np.float64, seed)
        forward, backward = np.vdot(degrade(matrix, x, axis), y), np.vdot(x, adjoint(matrix, y, axis))
        assert forward == pytest.approx(backward, rel=1e-12, abs=1e-12)

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_inner_products_agree_in_single_precision(self, axis):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 3.7, 0.4)
        x, y = volumes(matrix, axis, np.float32)
        forward, backward = np.vdot(degrade(matrix, x, axis), y), np.vdot(x, adjoint(matrix, y, axis))
        assert degrade(matrix, x, axis).dtype == np.float32
        assert forward == pytest.approx(backward, rel=1e-5, abs=1e-5)

    @pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_torch_agrees_with_numpy_and_itself(self, axis, dtype, tolerance):
        torch = pytest.importorskip("torch")
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 3.7, 0.4)
        x, y = (torch.from_numpy(array) for array in volumes(matrix, axis, np.dtype(dtype).type))
        degraded, back = degrade(matrix, x, axis), adjoint(matrix, y, axis)
        assert degraded.dtype == x.dtype and degraded.shape == y.shape and back.shape == x.shape
        assert np.allclose(degraded.numpy(), degrade(matrix, x.numpy(), axis), atol=tolerance)
        forward, backward = float((degraded * y).sum()), float((x * back).sum())
        assert forward == pytest.approx(backward, rel=tolerance, abs=tolerance)


class TestDataConsistency:
    @law
    @given(width=st.floats(1, 5), ratio=st.floats(2, 6), axis=axes, seed=st.integers(0, 99))
    def test_without_damping_the_result_degrades_to_the_slices(self, width, ratio, axis, seed):
        matrix = matrix_of(SliceProfile.gaussian(width, 1), ratio)
        x, y = volumes(matrix, axis, np.float64, seed)
        assert np.allclose(degrade(matrix, data_consistency(matrix, x, y, axis), axis), y, atol=1e-5)

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_in_single_precision_too(self, axis):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, y = volumes(matrix, axis, np.float32)
        result = data_consistency(matrix, x, y, axis)
        assert result.dtype == np.float32
        assert np.allclose(degrade(matrix, result, axis), y, atol=1e-5)

    def test_torch_agrees_with_numpy(self):
        torch = pytest.importorskip("torch")
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, y = volumes(matrix, 1, np.float64)
        ours = data_consistency(matrix, torch.from_numpy(x), torch.from_numpy(y), 1, damping=0.1)
        assert np.allclose(ours.numpy(), data_consistency(matrix, x, y, 1, damping=0.1))

    def test_it_is_the_smallest_correction_that_does(self):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, y = volumes(matrix, 2, np.float64)
        correction = data_consistency(matrix, x, y, 2) - x
        # Nothing of it lies where the slices do not see.
        assert np.allclose(np.tensordot(null_space(matrix).T, correction, axes=(1, 2)), 0, atol=1e-8)
        smallest = np.einsum("pk,ijk->ijp", np.linalg.pinv(matrix), y - degrade(matrix, x, 2))
        assert np.allclose(correction, smallest, atol=1e-5)

    @pytest.mark.parametrize("ratio", [2, 4, 7.51])
    def test_twice_is_once(self, ratio):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), ratio)
        x, y = volumes(matrix, 0, np.float64)
        once = data_consistency(matrix, x, y, 0)
        assert np.allclose(data_consistency(matrix, once, y, 0), once, atol=1e-4)

    def test_a_volume_that_fits_is_left_alone(self):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, _ = volumes(matrix, 0, np.float64)
        assert np.allclose(data_consistency(matrix, x, degrade(matrix, x, 0), 0), x, atol=1e-12)

    def test_damping_solves_the_regularised_problem(self):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, y = volumes(matrix, 0, np.float64)
        damping = 0.3
        # argmin |A z - y|² + λ |z - x|²
        normal = matrix.T @ matrix + damping * np.eye(matrix.shape[1])
        right = np.tensordot(matrix.T, y, axes=(1, 0)) + damping * x
        expected = np.linalg.solve(normal, right.reshape(len(right), -1)).reshape(x.shape)
        assert np.allclose(data_consistency(matrix, x, y, 0, damping), expected, atol=1e-6)

    def test_heavy_damping_trusts_the_volume(self):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4)
        x, y = volumes(matrix, 0, np.float64)
        assert np.allclose(data_consistency(matrix, x, y, 0, damping=1e9), x, atol=1e-6)


class TestRegularisedInverse:
    @law
    @given(profile=profiles, ratio=ratios)
    def test_a_constant_comes_back(self, profile, ratio):
        matrix = matrix_of(profile, ratio)
        inverse = regularised_inverse(matrix, 0.01)
        assert np.allclose(inverse @ np.ones(len(matrix)), 1, atol=1e-6)

    def test_a_smooth_line_comes_back(self):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 4, planes=61)
        line = np.sin(np.arange(61) / 61 * 3 * np.pi)
        restored = regularised_inverse(matrix, 1e-4) @ (matrix @ line)
        # At either end the prior, flat there, has the say.
        assert np.allclose(restored[12:-12], line[12:-12], atol=0.005)
        assert np.allclose(restored, line, atol=0.06)


class TestSelection:
    @law
    @given(ratio=ratios, phase=phases)
    def test_rows_sum_to_one_and_a_ramp_keeps_its_place(self, ratio, phase):
        planes = np.arange(60.0)
        centres = np.arange(2 + phase, 57, ratio)
        matrix = selection_matrix(centres, planes, 1.0)
        assert np.allclose(matrix.sum(axis=1), 1, atol=1e-12)
        assert np.allclose(matrix @ planes, centres, atol=1e-9)

    @pytest.mark.parametrize("ratio", [1, 2, 4, 7])
    def test_slices_on_planes_are_picked(self, ratio):
        matrix = selection_matrix(np.arange(0, 40, ratio) * 0.7, np.arange(40) * 0.7, 0.7)
        assert np.array_equal(matrix, np.eye(40)[::ratio])

    def test_consistency_puts_the_slices_back_where_they_were_and_leaves_the_rest(self):
        operator = AcquisitionOperator(selection_matrix(np.arange(0, 40, 4), np.arange(40), 1.0), 2)
        x, y = volumes(operator.matrix, 2, np.float64)
        result = operator.consistent(x, y)
        assert np.allclose(result[:, :, ::4], y, atol=1e-12)
        others = np.arange(40) % 4 != 0
        assert np.array_equal(result[:, :, others], x[:, :, others])

    def test_slices_outside_the_planes_are_refused(self):
        with pytest.raises(InputError, match="slice 1 lies outside"):
            selection_matrix([5, 30], np.arange(20), 1)


@law
@given(profile=profiles, ratio=ratios, phase=phases, axis=axes)
def test_the_operator_is_its_matrix_along_its_axis(profile, ratio, phase, axis):
    operator = AcquisitionOperator(matrix_of(profile, ratio, phase), axis)
    x, y = volumes(operator.matrix, axis, np.float64)
    assert np.array_equal(operator.degrade(x), degrade(operator.matrix, x, axis))
    assert np.vdot(operator.degrade(x), y) == pytest.approx(np.vdot(x, operator.adjoint(y)))
    assert np.array_equal(operator.consistent(x, y, 0.1), data_consistency(operator.matrix, x, y, axis, 0.1))


class TestBanded:
    """Inverses are computed from bands, window by window: as without."""

    @law
    @given(profile=profiles, ratio=ratios, phase=phases, damping=st.sampled_from([1e-3, 1e-2, 1.0]))
    def test_tikhonovs_inverse_is_the_dense_one(self, profile, ratio, phase, damping):
        matrix = matrix_of(profile, ratio, phase)
        roughness = np.diff(np.eye(matrix.shape[1]), axis=0)
        dense = np.linalg.solve(matrix.T @ matrix + damping * roughness.T @ roughness, matrix.T)
        assert np.allclose(regularised_inverse(matrix, damping), dense, atol=1e-8 * np.abs(dense).max())

    @pytest.mark.parametrize("ratio", [2, 4, 7.51])
    @pytest.mark.parametrize("damping", [1e-3, 0.3])
    def test_of_many_slices_too(self, ratio, damping):
        matrix = matrix_of(SliceProfile.gaussian(1.3 * ratio, 1), ratio, planes=round(150 * ratio))
        roughness = np.diff(np.eye(matrix.shape[1]), axis=0)
        dense = np.linalg.solve(matrix.T @ matrix + damping * roughness.T @ roughness, matrix.T)
        assert np.allclose(regularised_inverse(matrix, damping), dense, atol=1e-8 * np.abs(dense).max())
        whole = matrix.T @ np.linalg.inv(matrix @ matrix.T + damping * np.eye(len(matrix)))
        assert np.allclose(consistency_correction(matrix, damping), whole, atol=1e-8 * np.abs(whole).max())

    @pytest.mark.parametrize("axis", [0, 1, 2])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_a_banded_matrix_is_multiplied_as_any(self, axis, order):
        matrix = matrix_of(SliceProfile.gaussian(4, 1), 3.7, planes=1000)
        assert len(list(blocks(matrix))) > 1
        x = volumes(matrix, axis, np.float64)[0].copy(order=order)
        expected = np.moveaxis(np.tensordot(matrix, x, axes=(1, axis)), 0, axis)
        assert np.allclose(along(matrix, x, axis), expected, atol=1e-12)

    def test_work_grows_with_the_slices_and_not_faster(self):
        """The part of an inverse that is not zero: all else follows from it."""
        filled = [
            np.count_nonzero(regularised_inverse(matrix_of(SliceProfile.gaussian(4, 1), 4, planes=planes), 0.01))
            for planes in (800, 1600)
        ]
        assert filled[1] < 2.3 * filled[0]
