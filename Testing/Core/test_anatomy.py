"""Synthetic anatomy: the same for the same seed, in range, and with the spectrum of images."""

from __future__ import annotations

import numpy as np
import pytest

from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.anatomy.leaves import EXPONENTS, radii
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.training.collection import synthetic_collection


def test_a_seed_gives_one_volume_and_another_seed_another():
    volume = synthetic_anatomy(3, 40)
    assert volume.data.dtype == np.float32
    assert volume.shape == (40, 40, 40)
    assert volume.spacing == (1, 1, 1)
    assert volume.data.min() == 0
    assert volume.data.max() == 1
    np.testing.assert_array_equal(volume.data, synthetic_anatomy(3, 40).data)
    assert np.abs(volume.data - synthetic_anatomy(4, 40).data).mean() > 0.05


def test_radii_follow_a_power_law_within_their_ends():
    drawn = radii(np.random.default_rng(0), 20000, 1.2, 30.0)
    assert 1.2 <= drawn.min() <= drawn.max() <= 30
    logs = np.log(drawn)
    counts, edges = np.histogram(logs, 12, (np.log(1.5), np.log(15)))
    slope = np.polyfit((edges[1:] + edges[:-1]) / 2, np.log(counts), 1)[0]  # of r n(r), which falls as r^(1-p)
    assert EXPONENTS[0] - 0.2 < 1 - slope < EXPONENTS[1] + 0.2


def test_the_amplitude_falls_with_frequency_alike_along_all_axes():
    data = synthetic_anatomy(1, 64).data
    for axis in range(3):
        lines = np.moveaxis(data, axis, -1)
        power = (np.abs(np.fft.rfft((lines - lines.mean()) * np.hanning(64))) ** 2).mean(axis=(0, 1))
        slope = np.polyfit(np.log(np.arange(3, 24)), np.log(power[3:24]), 1)[0]
        assert -4 < slope < -1.2


def test_a_synthetic_collection_is_made_when_needed():
    collection = synthetic_collection(5, seed=2, size=20, cache_bytes=2 * 20**3 * 4)
    assert len(collection.subjects) == 5
    training, validation = collection.split(0.2, seed=0)
    assert (len(training), len(validation)) == (4, 1)
    index = [item.subject for item in collection.items].index(validation.items[0].subject)
    np.testing.assert_array_equal(validation.volume(0).data, collection.volume(index).data)
    again = synthetic_collection(7, seed=2, size=20)
    np.testing.assert_array_equal(again.volume(3).data, collection.volume(3).data)
    with pytest.raises(InputError, match="at least 1"):
        synthetic_collection(0, seed=0)
