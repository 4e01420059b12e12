"""A masked background, and odd and even slices that do not match, are told; ordinary scans are not suspected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import shift

from SuperResolveLib.data.doubts import doubts_of
from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.interleaving import odd_against_even
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.estimate import estimate_profile
from SuperResolveLib.workflows.super_resolve import super_resolve


@pytest.fixture(scope="module")
def scan() -> Volume:
    return simulate(head_phantom((100, 110, 96), 1.7, seed=1), SliceProfile.gaussian(6.8, 1.7), 4.0, "k")


def odd_slices(volume: Volume, change) -> Volume:
    data = volume.data.copy()
    for index in range(1, data.shape[2], 2):
        data[:, :, index] = change(data[:, :, index])
    return replace(volume, data=data)


def doubts(volume: Volume) -> str:
    return " ".join(doubts_of(volume, slice_geometry(volume)))


def test_an_ordinary_scan_is_not_suspected(scan):
    assert doubts(scan) == ""
    air_set_to_zero = replace(scan, data=np.where(scan.data < 3.3, np.float32(0), scan.data))
    assert np.mean(air_set_to_zero.data == 0) > 0.2
    assert "masked" not in doubts(air_set_to_zero)


@pytest.mark.parametrize("moved", [(0.3, 0.0), (1.0, 1.0), (-3.0, 2.0), (0.0, 6.0)])
def test_odd_slices_that_moved_are_told_and_by_how_much(scan, moved):
    other = odd_slices(scan, lambda image: shift(image, moved, order=3, mode="nearest"))
    found = odd_against_even(other.data)
    # the first slice that has two neighbours is an odd one
    assert found.shift == pytest.approx(moved, abs=0.1)
    told = doubts(other)
    assert f"about {found.moved_mm((1.7, 1.7)):.1f} mm" in told and "do not match" in told


def test_odd_slices_that_are_brighter_are_told(scan):
    told = doubts(odd_slices(scan, lambda image: 1.08 * image))
    assert "differ in brightness" in told and "moved" not in told


def test_a_masked_background_is_told(scan):
    i, j, k = np.ogrid[tuple(slice(size) for size in scan.shape)]
    ni, nj, nk = scan.shape
    inside = ((i / ni - 0.5) / 0.3) ** 2 + ((j / nj - 0.5) / 0.3) ** 2 + ((k / nk - 0.5) / 0.35) ** 2 < 1
    masked = replace(scan, data=np.where(inside, scan.data, np.float32(0)))
    assert "the background is masked" in doubts(masked)
    estimate = estimate_profile(masked)
    assert not estimate.is_trusted and "the background is masked" in " ".join(estimate.warnings)
    given = super_resolve(masked, SliceProfile.gaussian(6.8, 1.7), "tikhonov")
    assert "the background is masked" in " ".join(given.warnings)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cases/masked_background_ellipsoid/k_masked.nii.gz", "the background is masked"),
        ("cases/odd_even_motion_1px/s_motion1px.nii.gz", "do not match"),
        *((f"aniso/{name}.nii.gz", "") for name in ("brainix_flair", "chris_pd", "prostatex0000_t2_tra")),
        *((f"aniso/{name}.nii.gz", "") for name in ("pymskt_knee_mese_te12", "tcga_fg6692_flair")),
        *((f"stacks/decubitus_{name}.nii.gz", "") for name in ("HFDL", "HFP", "HFS")),
    ],
)
def test_real_scans(data_folder, name: str, told: str):
    found = doubts(read_volume(data_folder / name))
    assert told in found if told else not found
