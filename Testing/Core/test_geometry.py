"""The through-plane axis and the output grid: where things lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import make_interp_spline
from scipy.spatial.transform import Rotation

from SuperResolveLib.data.geometry import scan_geometry, slice_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError

few = settings(max_examples=40, deadline=None)


@st.composite
def scans(draw: st.DrawFn, smallest_count: int = 8) -> Volume:
    """A scan of any orientation and handedness, through-plane axis, ratio, slice count and in-plane voxel shape."""
    length = st.floats(0.3, 1.5)
    in_plane = (draw(length), draw(length))
    ratio = draw(st.one_of(st.integers(2, 8).map(float), st.floats(1.25, 9.0)))
    axis = draw(st.integers(0, 2))
    spacing = np.insert(in_plane, axis, ratio * max(in_plane))
    shape = np.insert([5, 4], axis, draw(st.integers(smallest_count, 30)))
    turned = Rotation.from_euler("xyz", [draw(st.floats(-180, 180)) for _ in range(3)], degrees=True).as_matrix()
    signs = [draw(st.sampled_from((-1, 1))) for _ in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = turned * signs * spacing
    affine[:3, 3] = [draw(st.floats(-300, 300)) for _ in range(3)]
    data = np.random.default_rng(0).random(tuple(shape), dtype=np.float32)
    return Volume(data, affine)


def world(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """RAS mm of all voxels, shape (*shape, 3)."""
    return np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]


def smooth_image(points: np.ndarray, wavelength: float) -> np.ndarray:
    """Three waves across RAS mm, none shorter than ``wavelength``."""
    directions = Rotation.from_euler("xyz", (20, 50, 70), degrees=True).as_matrix()
    waves = points @ directions.T * (2 * np.pi / wavelength) * (1.0, 0.8, 0.6)
    return np.sin(waves + np.array([0.1, 0.7, 1.9])).sum(axis=-1)


@few
@given(scans(smallest_count=14), st.one_of(st.none(), st.floats(0.2, 1.0)))
def test_a_smooth_image_stays_where_it_was(scan: Volume, fraction: float | None) -> None:
    """Interpolated onto the output planes, it is what it is at the output's world points, to 0.01 voxel."""
    geometry = slice_geometry(scan)
    grid = output_grid(scan, geometry, None if fraction is None else fraction * geometry.slice_spacing)
    axis = geometry.axis
    shape = tuple(np.insert(np.delete(scan.shape, axis), axis, grid.positions.size))
    wavelength = 12 * geometry.slice_spacing
    samples = smooth_image(world(scan.affine, scan.shape), wavelength)
    brought = make_interp_spline(np.arange(geometry.slice_count), samples, k=7, axis=axis)(grid.positions)
    truth = smooth_image(world(grid.affine, shape), wavelength)
    moved = grid.affine.copy()
    moved[:3, 3] += 0.01 * moved[:3, axis]
    inside = np.flatnonzero((grid.positions > 3) & (grid.positions < geometry.slice_count - 4))
    error, shift = (
        np.take(a, inside, axis) for a in (brought - truth, smooth_image(world(moved, shape), wavelength) - truth)
    )
    assert abs((error * shift).sum()) < (shift**2).sum()  # the displacement that explains the error is below 0.01 voxel
    assert np.abs(error).max() < np.abs(shift).max()


@few
@given(scans(), st.one_of(st.none(), st.floats(0.2, 1.0)))
def test_the_field_of_view_stays_put(scan: Volume, fraction: float | None) -> None:
    geometry = slice_geometry(scan)
    spacing = None if fraction is None else fraction * geometry.slice_spacing
    grid = output_grid(scan, geometry, spacing)
    axis, count = geometry.axis, grid.positions.size
    assert grid.spacing == pytest.approx(spacing or geometry.in_plane_voxel)
    assert np.linalg.norm(grid.affine[:3, axis]) == pytest.approx(grid.spacing)
    assert abs(count * grid.spacing - geometry.slice_count * geometry.slice_spacing) <= grid.spacing / 2 + 1e-6
    middle_before = scan.affine[:3, 3] + scan.affine[:3, axis] * (geometry.slice_count - 1) / 2
    middle_after = grid.affine[:3, 3] + grid.affine[:3, axis] * (count - 1) / 2
    np.testing.assert_allclose(middle_after, middle_before, atol=1e-9)
    others = list(geometry.in_plane_axes)
    np.testing.assert_array_equal(grid.affine[:, others], scan.affine[:, others])


@few
@given(scans())
def test_an_output_voxel_lies_where_its_slice_coordinate_says(scan: Volume) -> None:
    geometry = slice_geometry(scan)
    grid = output_grid(scan, geometry)
    index = np.arange(grid.positions.size)
    along, origin = scan.affine[:3, geometry.axis], scan.affine[:3, 3]
    np.testing.assert_allclose(
        np.outer(index, grid.affine[:3, geometry.axis]) + grid.affine[:3, 3],
        np.outer(grid.positions, along) + origin,
        atol=1e-9,
    )


@few
@given(scans(), st.floats(0.2, 1.0), st.floats(-0.5, 0.5), st.booleans())
def test_like_gives_the_planes_of_that_volume(scan: Volume, fraction: float, phase: float, reverse: bool) -> None:
    """Any spacing and offset, and numbered from either end."""
    geometry = slice_geometry(scan)
    axis = geometry.axis
    count = int(np.ceil((geometry.slice_count - 1 - phase) / fraction)) + 1
    like_affine = scan.affine.copy()
    like_affine[:3, axis] *= fraction
    like_affine[:3, 3] += phase * scan.affine[:3, axis]
    planes = np.outer(np.arange(count), like_affine[:3, axis]) + like_affine[:3, 3]
    if reverse:
        like_affine[:3, 3] = planes[-1]
        like_affine[:3, axis] *= -1
    like = Volume(np.zeros(np.insert(np.delete(scan.shape, axis), axis, count), np.float32), like_affine)
    grid = output_grid(scan, geometry, like=like)
    output = np.outer(np.arange(grid.positions.size), grid.affine[:3, axis]) + grid.affine[:3, 3]
    np.testing.assert_allclose(output, planes, atol=1e-8)
    assert grid.spacing == pytest.approx(fraction * geometry.slice_spacing)


def test_like_may_order_its_axes_otherwise() -> None:
    scan = volume((6, 7, 10), (1, 1, 4))
    like_affine = scan.affine[:, [2, 0, 1, 3]] * (0.25, 1, 1, 1)
    grid = output_grid(scan, slice_geometry(scan), like=Volume(np.zeros((37, 6, 7), np.float32), like_affine))
    np.testing.assert_allclose(grid.positions, np.arange(37) / 4, atol=1e-12)


def test_like_elsewhere_or_tilted_is_refused() -> None:
    scan = volume((6, 7, 10), (1, 1, 4))
    far = volume((6, 7, 40), (1, 1, 1), origin=(0, 0, 500))
    with pytest.raises(InputError, match="do not cover"):
        output_grid(scan, slice_geometry(scan), like=far)
    tilted = Volume(
        far.data,
        scan.affine
        @ np.block([[Rotation.from_euler("x", 20, degrees=True).as_matrix(), np.zeros((3, 1))], [0, 0, 0, 1]]),
    )
    with pytest.raises(InputError, match="not parallel"):
        output_grid(scan, slice_geometry(scan), like=tilted)


@pytest.mark.parametrize("spacing", [0.0, -1.0, 4.5, float("nan")])
def test_an_output_spacing_that_is_none_is_refused(spacing: float) -> None:
    scan = volume((6, 7, 10), (1, 1, 4))
    with pytest.raises(InputError, match="output spacing"):
        output_grid(scan, slice_geometry(scan), spacing)


def test_brainix_ratio() -> None:
    """22 slices 6 mm apart and 0.799 mm voxels, a ratio of 7.51: 165 planes."""
    scan = volume((8, 8, 22), (0.79861, 0.79861, 6.0))
    geometry = scan_geometry(scan)
    assert geometry.separation_ratio == pytest.approx(7.513, abs=1e-3)
    assert output_grid(scan, geometry).positions.size == 165


def test_the_finer_in_plane_voxel_is_the_reference() -> None:
    geometry = scan_geometry(volume((8, 8, 10), (0.5, 0.9, 3.0)))
    assert (geometry.axis, geometry.in_plane_voxel, geometry.separation_ratio) == (2, 0.5, 6.0)
    assert scan_geometry(volume((10, 8, 8), (3.0, 0.5, 0.9))).in_plane_axes == (1, 2)


def test_too_few_slices_are_refused() -> None:
    with pytest.raises(InputError, match="7 slices along axis k"):
        scan_geometry(volume((8, 8, 7), (1, 1, 4)))


def test_an_isotropic_volume_is_refused() -> None:
    with pytest.raises(InputError, match=r"already isotropic.*1\.10 times.*no other axis"):
        scan_geometry(volume((8, 8, 9), (1, 1, 1.1)))


def test_the_wrong_axis_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(InputError, match=r"already isotropic.*choose axis k, where it is 4\.00 times"):
        scan_geometry(volume((8, 8, 9), (1, 1, 4)), axis="i")


def test_a_constant_volume_is_refused() -> None:
    with pytest.raises(InputError, match=r"every voxel has the same value \(3\)"):
        scan_geometry(Volume(np.full((8, 8, 8), 3, np.float32), np.diag([1.0, 1, 4, 1])))


def volume(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], origin: tuple[float, ...] = (0, 0, 0)
) -> Volume:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Volume(np.random.default_rng(0).random(shape, dtype=np.float32), affine)
