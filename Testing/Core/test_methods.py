"""Every method lands on the right planes, and what it returns degrades back to the scan."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.noise import noise_level
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import Cancelled, InputError
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.metrics.image_quality import compare
from SuperResolveLib.physics.acquisition import degrade
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.progress import part_of
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve

PROFILE = SliceProfile.gaussian(4.0, 1.0)


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((64, 72, 64), spacing=2.75, seed=1)


@pytest.fixture(scope="module")
def scan(truth: Volume) -> Volume:
    return simulate(truth, SliceProfile.gaussian(4.0 * 2.75, 2.75), 4.0, "k")


def in_voxels(volume: Volume) -> SliceProfile:
    return SliceProfile.gaussian(4.0 * 2.75, 2.75)


@pytest.mark.parametrize("method", ["bspline", "tikhonov"])
def test_untrained_methods_lie_on_the_planes_of_like(truth: Volume, scan: Volume, method: str) -> None:
    result = super_resolve(scan, in_voxels(scan), method, like=truth)
    assert result.shape == truth.shape
    np.testing.assert_allclose(result.affine, truth.affine, atol=1e-6)
    assert result.data.dtype == np.float32
    assert (result.method, result.preset, result.data_consistency_change) == (method, "", 0.0)


def test_tikhonov_beats_bspline_and_degrades_back(truth: Volume, scan: Volume) -> None:
    tikhonov = super_resolve(scan, in_voxels(scan), "tikhonov", like=truth)
    bspline = super_resolve(scan, in_voxels(scan), "bspline", like=truth)
    assert compare(truth, tikhonov).psnr > compare(truth, bspline).psnr + 0.3
    assert tikhonov.data_consistency_rmse < bspline.data_consistency_rmse


@settings(max_examples=15, deadline=None)
@given(
    slices=st.integers(8, 20),
    ratio=st.floats(1.3, 9.0),
    axis=st.integers(0, 2),
    coefficients=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
)
def test_bspline_reproduces_cubics_where_they_are(
    slices: int, ratio: float, axis: int, coefficients: list[float]
) -> None:
    shape = [5, 6, 6]
    shape[axis] = slices
    spacing = np.ones(3)
    spacing[axis] = ratio

    def cubic(position: np.ndarray) -> np.ndarray:
        return np.polyval(coefficients, position / slices)

    values = np.moveaxis(np.broadcast_to(cubic(np.arange(slices)), (*np.delete(shape, axis), slices)), -1, axis)
    if np.ptp(values) == 0:
        return
    volume = Volume(np.ascontiguousarray(values, dtype=np.float32), np.diag([*spacing, 1.0]))
    result = super_resolve(volume, PROFILE, "bspline")
    index = np.arange(result.shape[axis])
    position = (result.affine[axis, 3] + index * result.affine[axis, axis]) / ratio
    inside = (position >= 0) & (position <= slices - 1)
    lines = np.moveaxis(result.data, axis, -1)[0, 0]
    np.testing.assert_allclose(lines[inside], cubic(position[inside]), atol=1e-4)


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_refuses_a_volume_that_is_isotropic_already(truth: Volume, method: str) -> None:
    with pytest.raises(InputError, match="already isotropic"):
        super_resolve(truth, PROFILE, method)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "no super-resolution method"),
        ({"combine": "max"}, "no combination"),
        ({"preset": "huge"}, "no preset"),
        ({"spacing": -1.0}, "output spacing"),
        ({"device": "tpu"}, "no device"),
    ],
)
def test_unknown_choices_are_refused(scan: Volume, wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        super_resolve(scan, PROFILE, **wrong)  # type: ignore[arg-type]


def test_without_a_profile_one_is_estimated(scan: Volume) -> None:
    result = super_resolve(scan, method="tikhonov")
    assert isinstance(result, SuperResolved)
    assert result.profile.fwhm_mm > 0


def test_output_spacing_is_kept_to(scan: Volume) -> None:
    result = super_resolve(scan, in_voxels(scan), "tikhonov", spacing=2.0)
    assert result.spacing[2] == pytest.approx(2.0)
    assert result.spacing[:2] == pytest.approx(scan.spacing[:2])


@pytest.mark.parametrize("method", ["bspline", "tikhonov"])
def test_residual_is_the_scan_minus_the_degraded_result(scan: Volume, method: str) -> None:
    result = super_resolve(scan, in_voxels(scan), method)
    geometry = slice_geometry(scan)
    problem = Problem.of(scan, geometry, in_voxels(scan), output_grid(scan, geometry))
    np.testing.assert_array_equal(
        result.residual.data, scan.data - degrade(problem.stack.operator.matrix, result.data, geometry.axis)
    )
    np.testing.assert_array_equal(result.residual.affine, scan.affine)
    assert result.residual.data.dtype == np.float32
    assert result.noise == problem.stack.noise
    in_noise = np.sqrt(np.mean(result.residual.data.astype(float) ** 2)) / result.noise
    assert result.data_consistency_rmse == pytest.approx(in_noise)


def test_can_be_cancelled_before_it_starts(scan: Volume) -> None:
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        super_resolve(scan, in_voxels(scan), "bspline", progress=cancel)


def test_noise_level_is_that_of_the_noise(truth: Volume) -> None:
    rng = np.random.default_rng(0)
    smooth = np.outer(np.sin(np.arange(80) / 9), np.cos(np.arange(90) / 8))[:, :, None] * np.ones(20) * 50 + 100
    noisy = (smooth + rng.normal(0, 3.0, smooth.shape)).astype(np.float32)
    assert noise_level(noisy, 2) == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize("shape", [(40, 50, 6), (8, 9, 40)], ids=["windows", "hardly a window"])
def test_noise_level_of_white_noise_is_its_standard_deviation(shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(1).normal(0, 2.0, shape)
    with_air = np.concatenate([100 + noise, np.zeros(shape)], axis=2).astype(np.float32)
    assert noise_level(with_air, 2) == pytest.approx(2.0, rel=0.06)


def test_noise_level_of_narrow_tissue_is_told_by_its_median_detail() -> None:
    noisy = np.zeros((40, 40, 30), np.float32)
    noisy[:, 18:22] = 100 + np.random.default_rng(2).normal(0, 2.0, (40, 4, 30))
    noisy[:, 16:18], noisy[:, 22:24] = noisy[:, 18:20], noisy[:, 20:22]
    assert 1 < noise_level(noisy, 2) < 4


@pytest.mark.parametrize("name", ["chris_t1", "mr_gd_t1c_tumour", "uih_t1_dec2"])
def test_noise_level_hardly_takes_anatomy_for_noise(data_folder: Path, name: str) -> None:
    clean = read_volume(data_folder / "iso" / f"{name}.nii.gz").data
    extent = float(np.subtract(*np.percentile(clean, (99.5, 1))))
    noise = np.random.default_rng(0).normal(0, 0.03 * extent, clean.shape).astype(np.float32)
    before, after = noise_level(clean, 2), noise_level(clean + noise, 2)
    assert before < 0.015 * extent
    assert np.sqrt(after**2 - before**2) == pytest.approx(0.03 * extent, rel=0.2)


@pytest.mark.parametrize("name", ["prostatex0000_t2_tra", "pymskt_knee_mese_te12", "tcga_fg6692_flair"])
def test_tikhonov_on_real_scans_stays_where_the_scan_is(data_folder: Path, name: str) -> None:
    scan = read_volume(data_folder / "aniso" / f"{name}.nii.gz")
    geometry = slice_geometry(scan)
    profile = SliceProfile.gaussian(geometry.slice_spacing, geometry.in_plane_voxel)
    result = super_resolve(scan, profile, "tikhonov")
    assert max(result.spacing) == pytest.approx(geometry.in_plane_voxel, rel=1e-5)
    centre_of_scan = scan.affine @ [*(np.array(scan.shape) - 1) / 2, 1]
    centre_of_result = result.affine @ [*(np.array(result.shape) - 1) / 2, 1]
    np.testing.assert_allclose(centre_of_result, centre_of_scan, atol=1e-3)
    problem = Problem.of(scan, geometry, profile, output_grid(scan, geometry))
    again = degrade(problem.stack.operator.matrix, result.data, geometry.axis)
    assert np.corrcoef(again.ravel(), scan.data.ravel())[0, 1] > 0.995


def test_the_part_of_a_run_tells_the_whole_and_itself():
    told = []
    part = part_of(part_of(lambda *all: told.append(all), 0.5, 1.0))
    part(0.5, "half", 0.25)
    part(1.0, "done")
    assert told == [(0.75, "half", 0.25), (1.0, "done", 1.0)]
