"""What tells whether a result can be trusted: slices that show, lesions, and the experiment on both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from Experiments import command as command
from Experiments import trust
from Experiments.condition import Condition, SimulatedScan
from SuperResolveLib import SliceProfile, Volume, super_resolve, write_volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.metrics.artefacts import slice_periodicity, stripe_amplitude
from SuperResolveLib.metrics.image_quality import head_mask
from SuperResolveLib.metrics.lesions import Search
from SuperResolveLib.physics.phantom.head_phantom import head_phantom


@pytest.fixture(scope="module")
def head() -> Volume:
    return head_phantom((72, 80, 72), spacing=2.5, seed=3)


def striped(volume: Volume, axis: int, ratio: float, height: float) -> np.ndarray:
    """The volume with a sine along an axis that repeats every ``ratio`` planes."""
    wave = height * np.sin(2 * np.pi * np.arange(volume.shape[axis]) / ratio + 0.4)
    return (volume.data + np.expand_dims(wave, [other for other in range(3) if other != axis])).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("ratio", [2.5, 4.0, 7.51])
def test_stripes_that_repeat_with_the_slices_are_found_and_anatomy_is_not(head: Volume, axis: int, ratio: float):
    mask = head_mask(head)
    anatomy = slice_periodicity(head.data, axis, ratio, mask)
    assert max(anatomy.brightness, anatomy.sharpness) < 1.5
    low = float(np.ptp(head.data)) * 0.03
    assert slice_periodicity(striped(head, axis, ratio, low), axis, ratio, mask).brightness > 2
    if ratio >= 4:  # twice the frequency repeats with the slices too; another frequency does not
        assert slice_periodicity(striped(head, axis, ratio / 2, low), axis, ratio, mask).brightness > 2
    assert slice_periodicity(striped(head, axis, ratio * 0.8, low), axis, ratio, mask).brightness < 1.6


@pytest.mark.parametrize("ratio", [2.5, 4.0])
def test_the_height_of_stripes_is_told(head: Volume, ratio: float):
    error = striped(head, 1, ratio, 3.0) - head.data
    assert stripe_amplitude(error, 1, ratio, head_mask(head)) == pytest.approx(3.0, rel=0.15)
    assert stripe_amplitude(np.zeros(head.shape, np.float32), 1, ratio, head_mask(head)) == 0.0


def test_noise_shows_no_slices():
    noise = np.random.default_rng(0).normal(size=(90, 90, 96)).astype(np.float32)
    found = slice_periodicity(noise, 2, 6.0)
    assert (found.brightness, found.sharpness) == pytest.approx((1.0, 1.0), abs=0.4)


def test_planes_that_differ_in_sharpness_are_found(head: Volume):
    copied = np.repeat(head.data[:, :, 2::4], 4, axis=2)
    blurred = head.data.copy()
    blurred[:, :, 1:-1:4] = (head.data[:, :, :-2:4] + 2 * head.data[:, :, 1:-1:4] + head.data[:, :, 2::4]) / 4
    for image in (copied, blurred):
        assert slice_periodicity(image, 2, 4.0).sharpness > 10


def test_a_spectrum_needs_slices_and_lines(head: Volume):
    with pytest.raises(InputError, match="fewer than 8 slices"):
        slice_periodicity(head.data, 2, 10.0)
    with pytest.raises(InputError, match="no line"):
        slice_periodicity(head.data, 2, 4.0, np.zeros(head.shape, bool))


@pytest.fixture(scope="module")
def lesioned() -> Volume:
    """A ball of tissue of two kinds, 90 and 110 bright, with two blobs 100 and 60 brighter."""
    distance = np.linalg.norm(np.indices((60, 60, 60)) - 29.5, axis=0)
    kinds = np.where(np.indices(distance.shape)[0] // 10 % 2, 90.0, 110.0)
    tissue = np.where(distance < 28, kinds, 0.0) + np.random.default_rng(0).normal(0, 2, distance.shape)
    return blob(blob(Volume(tissue.astype(np.float32), np.eye(4)), (30, 30, 20), 100.0), (30, 20, 40), 60.0)


def blob(volume: Volume, centre: tuple[int, int, int], height: float) -> Volume:
    away = np.linalg.norm(np.indices(volume.shape) - np.reshape(centre, (3, 1, 1, 1)), axis=0)
    return replace(volume, data=(volume.data + height * (away < 4)).astype(np.float32))


def test_lesions_are_found_with_their_contrast(lesioned: Volume):
    lesions = Search.of(lesioned).lesions(lesioned)
    assert len(lesions) == 2
    centres = {tuple(round(float(value)) for value in ndimage.center_of_mass(lesion.inside)) for lesion in lesions}
    assert np.abs(np.array(sorted(centres)) - [(30, 20, 40), (30, 30, 20)]).max() <= 1
    contrasts = sorted(lesion.contrast(lesioned.data) for lesion in lesions)
    assert contrasts[0] == pytest.approx(60, rel=0.15) and contrasts[1] == pytest.approx(100, rel=0.15)


def test_what_appears_and_what_vanishes_is_counted(lesioned: Volume):
    search = Search.of(lesioned)
    more, fewer = blob(lesioned, (20, 40, 30), 80.0), blob(lesioned, (30, 20, 40), -58.0)
    regions = search.regions(lesioned)
    assert (search.lacking(regions, lesioned), search.lacking(regions, more), search.lacking(regions, fewer)) == (
        0,
        0,
        1,
    )
    assert search.lacking(search.regions(more), lesioned) == 1
    fainter = replace(lesioned, data=lesioned.data * 0.97)
    assert search.lacking(search.regions(fainter), lesioned) == 0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 20, 2, 1e-3))


def test_prediction_needs_a_result_with_uncertainty(tmp_path: Path, head: Volume):
    write_volume(head, tmp_path / "head.nii.gz")
    simulated = SimulatedScan.of(tmp_path / "head.nii.gz", "k", Condition.parse("gaussian:4@4"))
    result = super_resolve(simulated.scan, SliceProfile.gaussian(10, 2.5), "tikhonov", axis="k", like=simulated.truth)
    with pytest.raises(InputError, match="without uncertainty"):
        trust.prediction(result, simulated, result.data)


def test_the_experiment_writes_its_tables(tmp_path: Path, head: Volume, quick: None):
    write_volume(head, tmp_path / "head.nii.gz")
    words = ["trust", "--volumes", str(tmp_path / "head.nii.gz"), "--axes", "k", "--device", "cpu"]
    assert command.main([*words, "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "trust.md").read_text()
    assert all(f"| {method} | head | k | gaussian:4@4 |" in text for method in ("instant", "smore"))
    for title in ("Spearman's rank correlation", "Lesions", "Slices that show", "units of the scan's noise"):
        assert title in text
    assert (tmp_path / "out" / "trust.png").stat().st_size > 0
