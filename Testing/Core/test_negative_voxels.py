"""Voxels below zero, as CT has: nothing is clipped, and a constant added to a scan changes nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from SuperResolveLib import estimate_profile, read_volume, super_resolve
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from test_spectral import texture

PROFILE = SliceProfile.gaussian(4.0, 1.0)
SCAN = simulate(texture((48, 52, 60)), PROFILE, 3.5, "k")
LOWERED = replace(SCAN, data=SCAN.data - np.float32(1024))


def test_the_profile_of_a_lowered_scan_is_the_same() -> None:
    assert LOWERED.data.max() < 0
    assert estimate_profile(LOWERED).fwhm_mm == pytest.approx(estimate_profile(SCAN).fwhm_mm, rel=1e-3)


@pytest.mark.parametrize("method", ["tikhonov", "bspline"])
def test_a_lowered_scan_gives_the_lowered_result(method: str) -> None:
    results = [super_resolve(scan, PROFILE, method=method) for scan in (SCAN, LOWERED)]
    np.testing.assert_allclose(results[1].data + 1024, results[0].data, atol=2e-3)


def test_negative_integers_are_kept(tmp_path: Path) -> None:
    whole = replace(LOWERED, data=np.rint(LOWERED.data), stored_type=np.dtype(np.int16))
    write_volume(whole, tmp_path / "a.nii.gz", keep_type=True)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").data, whole.data)
