"""The resolution left through plane, before and after, measured alike."""

from __future__ import annotations

import numpy as np
import pytest

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows import resolution
from SuperResolveLib.workflows.estimate import measure_resolution
from SuperResolveLib.workflows.resolution import left_after_interpolation, resolution_change
from SuperResolveLib.workflows.super_resolve import super_resolve


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((72, 80, 96), spacing=1.5)


@pytest.fixture(scope="module")
def scan(truth) -> Volume:
    return simulate(truth, SliceProfile.gaussian(6.0, 1.5), 4.0, "k")


def test_the_truth_is_as_good_as_in_plane_and_interpolation_is_not(truth, scan):
    change = resolution_change(scan, truth)
    assert change.result.fwhm_mm < 1.3 * 1.5
    assert change.interpolated.fwhm_mm > 2.5 * 1.5


def test_the_interpolated_scan_is_no_better_than_itself(scan):
    interpolated = super_resolve(scan, SliceProfile.gaussian(6.0, 1.5), "bspline")
    change = resolution_change(scan, interpolated)
    assert change.result.fwhm_mm == pytest.approx(change.interpolated.fwhm_mm, rel=1e-3)
    assert left_after_interpolation(scan).fwhm_mm == pytest.approx(change.result.fwhm_mm, rel=1e-3)


def test_large_volumes_are_compared_in_their_middle(truth, scan, monkeypatch):
    monkeypatch.setattr(resolution, "WIDEST", 48)
    middle = Volume(truth.data[12:60, 16:64], truth.affine @ _shift(12, 16))
    assert resolution_change(scan, truth).result.fwhm_mm == measure_resolution(middle, axis="k").fwhm_mm


def test_another_grid_is_refused(truth, scan):
    with pytest.raises(InputError, match="in-plane voxels"):
        resolution_change(scan, Volume(truth.data[1:], truth.affine))


def _shift(i: float, j: float) -> np.ndarray:
    affine = np.eye(4)
    affine[:2, 3] = i, j
    return affine
