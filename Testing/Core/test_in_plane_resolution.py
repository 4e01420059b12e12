"""In-plane zero filling is found where it is, and only there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.in_plane_resolution import acquired_fraction, in_plane_resolution, on_acquired_grid
from SuperResolveLib.data.volume import AcquisitionHeader, Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.workflows.estimate import estimate_profile, measure_resolution


def anatomy(seed: int = 0, smooth: float = 0.0) -> NDArray[np.float32]:
    """Sharp-edged blobs in slices, with a little noise."""
    rng = np.random.default_rng(seed)
    blobs = gaussian_filter(rng.standard_normal((128, 128, 12)), (4, 4, 1)) > 0
    data = gaussian_filter(100.0 * blobs, (smooth, smooth, 0)) + rng.normal(0, 0.5, blobs.shape)
    return data.astype(np.float32)


def zero_filled(data: NDArray[np.float32], axis: int, size: int) -> NDArray[np.float32]:
    """As a scanner does it: zeros around k-space, then the magnitude."""
    spectrum = np.fft.fftshift(np.fft.fft(data, axis=axis), axes=axis)
    before = (size - data.shape[axis]) // 2
    pads = [(0, 0)] * 3
    pads[axis] = (before, size - data.shape[axis] - before)
    image = np.fft.ifft(np.fft.ifftshift(np.pad(spectrum, pads), axes=axis), axis=axis)
    return np.abs(image).astype(np.float32) * np.float32(size / data.shape[axis])


@pytest.mark.parametrize("size", [160, 192, 256])
@pytest.mark.parametrize("axis", [0, 1])
def test_finds_the_acquired_fraction(size: int, axis: int) -> None:
    filled = zero_filled(anatomy(), axis, size)
    assert acquired_fraction(filled, axis) == pytest.approx(128 / size, abs=0.04)
    assert acquired_fraction(filled, 1 - axis) == 1.0


@pytest.mark.parametrize("smooth", [0.0, 0.7, 1.5])
def test_smooth_images_are_not_zero_filled(smooth: float) -> None:
    assert acquired_fraction(anatomy(smooth=smooth), 0) == 1.0


def test_says_so_in_a_sentence_with_the_numbers() -> None:
    volume = Volume(zero_filled(anatomy(), 0, 192), np.diag([0.5, 0.5, 4.0, 1.0]))
    found = in_plane_resolution(volume, slice_geometry(volume))
    assert found.zero_filled == (True, False)
    assert found.acquired[0] == pytest.approx(0.75, abs=0.05)
    assert found.acquired[1] == 0.5
    assert "zero filling" in found.warnings[0] and "along i" in found.warnings[0]


def test_a_header_that_tells_the_full_matrix_was_acquired_is_believed() -> None:
    told = AcquisitionHeader(acquired_spacing_mm=(0.5, 0.5, None))
    volume = Volume(zero_filled(anatomy(), 0, 192), np.diag([0.5, 0.5, 4.0, 1.0]), told)
    assert in_plane_resolution(volume, slice_geometry(volume)).zero_filled == (False, False)


@pytest.mark.parametrize(
    ("told", "acquired", "filled"),
    [
        ((), (pytest.approx(0.75, abs=0.05), 0.5), (True, False)),
        ((0.5,), (0.5, 0.5), (False, False)),
        ((0.49, 0.8), (0.5, 0.8), (False, True)),
        ((0.8,), (0.8, 0.8), (True, True)),
    ],
)
def test_what_the_user_tells_overrules_spectrum_and_header(told, acquired, filled) -> None:
    volume = Volume(zero_filled(anatomy(), 0, 192), np.diag([0.5, 0.5, 4.0, 1.0]))
    found = in_plane_resolution(volume, slice_geometry(volume, "auto", told))
    assert (found.acquired, found.zero_filled) == (acquired, filled)
    assert bool(found.warnings) == any(filled)
    in_header = replace(volume, header=AcquisitionHeader(acquired_spacing_mm=(0.5, 0.5, None)))
    if told:
        assert in_plane_resolution(in_header, slice_geometry(in_header, "auto", told)) == found


@pytest.mark.parametrize("told", [(0.0,), (-1.0,), (0.48,), (0.5, 0.48), (5.1,), (float("nan"),), (0.5, 0.5, 4.0)])
def test_a_resolution_that_cannot_be_is_refused(told) -> None:
    volume = Volume(anatomy(), np.diag([0.5, 0.5, 4.0, 1.0]))
    with pytest.raises(InputError, match="acquired in-plane resolution"):
        slice_geometry(volume, "auto", told)


def test_two_resolutions_need_to_know_the_through_plane_axis() -> None:
    volume = Volume(anatomy()[:64, :64, :], np.eye(4))
    with pytest.raises(InputError, match="name the through-plane axis"):
        measure_resolution(volume, acquired_resolution=(1.0, 2.0))


def test_acquired_grid_keeps_a_smooth_image_where_it_is() -> None:
    fine, coarse = ((np.arange(n) + 0.5) / n for n in (120, 90))

    def wave(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.cos(5 * np.pi * x)[:, None, None] * np.ones((1, 3, 3))

    on_coarse = on_acquired_grid(wave(fine).astype(np.float32), (0,), (90,))
    np.testing.assert_allclose(on_coarse, wave(coarse), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        ("brainix_flair", (True, True)),
        ("prostatex0000_t2_tra", (False, False)),
        ("pymskt_knee_mese_te12", (False, False)),
    ],
)
def test_real_scans(data_folder: Path, name: str, filled: tuple[bool, bool]) -> None:
    scan = read_volume(data_folder / "aniso" / f"{name}.nii.gz")
    found = in_plane_resolution(scan, slice_geometry(scan))
    assert found.zero_filled == filled
    if name == "brainix_flair":
        assert found.acquired == (pytest.approx(1.25, abs=0.08), pytest.approx(0.93, abs=0.05))


def test_a_real_scan_is_measured_against_what_is_told(data_folder: Path) -> None:
    scan = read_volume(data_folder / "aniso" / "brainix_flair.nii.gz")
    found = estimate_profile(scan)
    told = estimate_profile(scan, acquired_resolution=in_plane_resolution(scan, slice_geometry(scan)).acquired)
    np.testing.assert_allclose(told.weights, found.weights)
    finer = estimate_profile(scan, acquired_resolution=scan.spacing[:2])
    assert not any("zero filling" in warning for warning in finer.warnings)
    assert finer.fwhm_mm != pytest.approx(found.fwhm_mm, rel=1e-3)
