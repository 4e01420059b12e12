"""What is estimated and made of a scan does not depend on the order in which its voxels are stored."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from SuperResolveLib.data.content import content_of
from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.noise import scan_noise
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.estimate import estimate_profile
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve

PROFILE = SliceProfile.gaussian(7.0, 2.0)
REAL = ("aniso/brainix_flair.nii.gz", "aniso/tcga_fg6692_flair.nii.gz")


def reversed_along(volume: Volume, axes: tuple[int, ...]) -> Volume:
    affine, data = volume.affine.copy(), np.flip(volume.data, axes)
    for axis in axes:
        affine[:3, 3] += affine[:3, axis] * (volume.shape[axis] - 1)
        affine[:3, axis] *= -1
    return replace(volume, data=np.ascontiguousarray(data), affine=affine)


def permuted(volume: Volume, order: tuple[int, ...]) -> Volume:
    data = np.ascontiguousarray(volume.data.transpose(order))
    told = volume.header.acquired_spacing_mm
    header = replace(volume.header, acquired_spacing_mm=(told[order[0]], told[order[1]], told[order[2]]))
    return replace(volume, data=data, affine=volume.affine[:, [*order, 3]], header=header)


def padded(volume: Volume, width: tuple[tuple[int, int], ...]) -> Volume:
    affine = volume.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ [before for before, _ in width]
    return replace(volume, data=np.pad(volume.data, width), affine=affine)


AXES = [axes for count in (1, 2, 3) for axes in itertools.combinations(range(3), count)]
ORDERS = list(itertools.permutations(range(3)))
STORED: dict[str, Callable[[Volume], Volume]] = {
    **{f"reversed along {axes}": lambda volume, axes=axes: reversed_along(volume, axes) for axes in AXES},
    **{
        f"axes {order}": lambda volume, order=order: permuted(volume, order)
        for order in itertools.permutations(range(3))
    },
    "with empty borders": lambda volume: padded(volume, ((3, 5), (7, 2), (1, 2))),
}


@pytest.fixture(scope="module")
def scan() -> Volume:
    """Odd and even sizes, in-plane voxels that are not square, a ratio that is not whole."""
    truth = head_phantom((96, 81, 80), spacing=2.0, seed=5)
    truth = replace(truth, affine=truth.affine @ np.diag([1.0, 1.1, 1.0, 1.0]))
    return simulate(truth, PROFILE, 3.4, "k", noise_sigma=1.0)


@pytest.fixture(scope="module")
def width(scan: Volume) -> float:
    return estimate_profile(scan).fwhm_mm


@pytest.mark.parametrize("stored", STORED)
def test_the_spectral_estimate(scan: Volume, width: float, stored: str):
    assert estimate_profile(STORED[stored](scan)).fwhm_mm == pytest.approx(width, rel=1e-6)


@pytest.fixture(scope="module")
def width_by_espreso(scan: Volume) -> float:
    return estimate_profile(scan, "espreso").fwhm_mm


@pytest.mark.parametrize("stored", ["reversed along (0, 1, 2)", "axes (2, 1, 0)", "with empty borders"])
def test_the_estimate_by_espreso(scan: Volume, width_by_espreso: float, stored: str):
    assert estimate_profile(STORED[stored](scan), "espreso").fwhm_mm == pytest.approx(width_by_espreso, rel=1e-6)


@pytest.mark.parametrize("stored", STORED)
def test_the_noise(scan: Volume, stored: str):
    other = STORED[stored](scan)
    assert scan_noise(other, slice_geometry(other)) == pytest.approx(scan_noise(scan, slice_geometry(scan)), rel=1e-5)


def test_content_ends_where_planes_are_no_longer_constant():
    data = np.random.default_rng(0).random((5, 6, 7), dtype=np.float32)
    data[2] = 3.0  # inside, so it stays
    np.testing.assert_array_equal(content_of(np.pad(data, 3, constant_values=4.0)), data)
    np.testing.assert_array_equal(content_of(np.pad(np.pad(data, 1, constant_values=9.0), 2)), data)
    planes = np.broadcast_to(np.arange(5, dtype=np.float32), (3, 4, 5))
    assert content_of(planes).shape == content_of(np.ones_like(planes)).shape == planes.shape


def test_nor_on_the_unit_of_intensity(scan: Volume, width: float):
    for scale, offset in ((0.25, 0.0), (4096.0, 0.0), (1.0, 500.0)):
        other = replace(scan, data=(scan.data * np.float32(scale) + np.float32(offset)))
        assert estimate_profile(other).fwhm_mm == pytest.approx(width, rel=2e-3 if offset else 1e-6)


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, data_folder: Path) -> tuple[Volume, float]:
    """A real scan and the estimate from it."""
    scan = read_volume(data_folder / request.param)
    return scan, estimate_profile(scan).fwhm_mm


@pytest.mark.parametrize("stored", ["reversed along (2,)", "reversed along (0, 1, 2)", "axes (2, 0, 1)"])
def test_the_spectral_estimate_of_a_real_scan(real: tuple[Volume, float], stored: str):
    scan, width = real
    assert estimate_profile(STORED[stored](scan)).fwhm_mm == pytest.approx(width, rel=1e-6)


@pytest.fixture(scope="module", params=["tikhonov", "bspline"])
def straight(request: pytest.FixtureRequest, scan: Volume) -> SuperResolved:
    """What a linear method makes of the scan as it is."""
    return super_resolve(scan, PROFILE, request.param)


@pytest.mark.parametrize("axes", AXES)
def test_the_planes_of_linear_methods(scan: Volume, straight: SuperResolved, axes: tuple[int, ...]):
    again = reversed_along(super_resolve(reversed_along(scan, axes), PROFILE, straight.method), axes)
    np.testing.assert_allclose(again.affine, straight.affine, atol=1e-9)
    np.testing.assert_allclose(again.data, straight.data, atol=2e-4 * float(np.ptp(scan.data)))
