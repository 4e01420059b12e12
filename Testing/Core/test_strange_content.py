"""Images that are none: an estimate answers, or refuses in a sentence, without warnings of arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from SuperResolveLib.data.volume import AcquisitionHeader, Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.estimate import estimate_profile

Data = np.ndarray


@pytest.fixture(scope="module")
def scan() -> Volume:
    return simulate(head_phantom((72, 64, 80), 2.0, seed=1), SliceProfile.gaussian(8.0, 2.0), 4.0, "k")


def one_voxel(data: Data) -> Data:
    return (np.arange(data.size).reshape(data.shape) == data.size // 2).astype(np.float32)


def block(data: Data) -> Data:
    inside = np.zeros_like(data)
    inside[20:50, 20:50, 5:15] = 7
    return inside


STRANGE: dict[str, Callable[[Data], Data]] = {
    "negative": lambda data: -data,
    "with an offset": lambda data: data + np.float32(1e5),
    "large": lambda data: data * np.float32(1e9),
    "small": lambda data: data * np.float32(1e-9),
    "two values": lambda data: (data > data.mean()).astype(np.float32),
    "one voxel": one_voxel,
    "block": block,
    "the same slice over and over": lambda data: np.broadcast_to(data[:, :, 9:10], data.shape).copy(),
    "constant along i": lambda data: np.broadcast_to(data[36:37], data.shape).copy(),
    "constant slices": lambda data: np.broadcast_to(data[36:37, 32:33], data.shape).copy(),
    "noise": lambda data: np.random.default_rng(0).standard_normal(data.shape).astype(np.float32),
    "every second slice empty": lambda data: data * (np.arange(data.shape[2]) % 2).astype(np.float32),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["spectral", "espreso"])
@pytest.mark.parametrize("name", STRANGE)
def test_is_answered_or_refused_in_a_sentence(scan: Volume, method: str, name: str):
    told = ""
    try:
        estimate = estimate_profile(replace(scan, data=STRANGE[name](scan.data)), method)
        assert np.isfinite([estimate.fwhm_mm, *estimate.interval_mm]).all()
    except InputError as error:
        told = str(error)
    assert "\n" not in told


def test_differences_that_are_rounding_are_refused(scan: Volume):
    with pytest.raises(InputError, match="little more than single precision resolves"):
        estimate_profile(replace(scan, data=scan.data / scan.data.max() + np.float32(1e6)))


def test_a_scan_of_mostly_empty_slices_is_refused(scan: Volume):
    data = scan.data.copy()
    data[..., 10:] = 0
    data[..., :5] = 0
    with pytest.raises(InputError, match=r"only 5 of the scan's 20 slices along axis k hold an image"):
        estimate_profile(replace(scan, data=data))


@pytest.fixture(scope="module")
def width(scan: Volume) -> float:
    return estimate_profile(scan).fwhm_mm


@pytest.mark.parametrize("thickness", [0.004, 4000.0, 0.0, -4.0])
def test_a_thickness_that_cannot_be_is_no_prior(scan: Volume, width: float, thickness: float):
    told = replace(scan, header=AcquisitionHeader(slice_thickness_mm=thickness))
    assert estimate_profile(told).fwhm_mm == width
