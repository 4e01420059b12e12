"""How sharp a result is along each axis, and what ``compare`` tells of it and of how different two volumes look."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from SuperResolveLib import InputError, Volume, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.methods import features as method_features
from SuperResolveLib.metrics.image_quality import aligned
from SuperResolveLib.metrics.perceptual_distance import perceptual_distance
from SuperResolveLib.metrics.sharpness import fine_share, sharpness
from SuperResolveLib.model import FeatureWeights
from SuperResolveLib.workflows import compare as comparing

AXES = ["i", "j", "k"]


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    """Detail of all sizes, of the same kind along each axis."""
    random = np.random.default_rng(0)
    return sum(ndimage.gaussian_filter(random.normal(size=(30, 32, 34)), size) * size for size in (0.6, 1.2, 2.4, 4.8))


class TestSharpness:
    def test_of_the_truth_is_one(self, texture):
        assert sharpness(texture, texture) == dict.fromkeys(AXES, 1.0)

    @pytest.mark.parametrize("ratio", [1.5, 2, 3.7, 6])
    def test_no_scale_and_no_constant_changes_it(self, texture, ratio):
        blurred = ndimage.gaussian_filter1d(texture, 1.0, axis=2)
        wanted = sharpness(texture, blurred, ratio)
        assert sharpness(texture, 70 * blurred - 900, ratio) == pytest.approx(wanted)
        assert sharpness(0.01 * texture + 5, blurred, ratio) == pytest.approx(wanted)

    @pytest.mark.parametrize("axis", [0, 1, 2])
    @pytest.mark.parametrize("ratio", [2, 4])
    def test_more_blur_along_an_axis_makes_it_smaller_along_that(self, texture, axis, ratio):
        found = [
            sharpness(texture, ndimage.gaussian_filter1d(texture, size, axis=axis), ratio)
            for size in (0.3, 0.6, 0.9, 1.5, 3.0)
        ]
        along = [each[AXES[axis]] for each in found]
        assert along == sorted(along, reverse=True) and along[0] < 1 and along[-1] < 0.05
        assert all(each[AXES[axis]] < min(each[name] for name in AXES if name != AXES[axis]) for each in found)

    def test_is_the_square_of_the_response_where_there_is_detail_of_one_frequency(self):
        """Of a coarse wave and a fine one, the fine one's power falls by the square of what its amplitude falls by."""
        k = np.arange(64)
        coarse, fine = 100 * np.cos(2 * np.pi * 4 * k / 64), np.cos(2 * np.pi * 24 * k / 64)
        truth, result = (np.broadcast_to(coarse + gain * fine, (3, 3, 64)) for gain in (1.0, 0.5))
        assert sharpness(truth, result)["k"] == pytest.approx(0.25, rel=1e-3)

    def test_noise_and_invented_detail_make_it_larger(self, texture):
        noise = np.random.default_rng(1).normal(size=texture.shape)
        assert min(sharpness(texture, texture + 0.5 * noise).values()) > 1.1

    def test_detail_that_slices_can_hold_does_not_count(self):
        """A wave of 8 voxels is below the Nyquist frequency of slices 2 voxels apart and above that of slices 6."""
        wave = np.broadcast_to(np.cos(2 * np.pi * np.arange(64) / 8), (2, 2, 64))
        assert fine_share(wave, 2, 2) < 1e-6 < 0.999 < fine_share(wave, 2, 6)

    def test_without_detail_in_the_truth_is_no_number(self, texture):
        flat = np.ones((12, 12, 12))
        assert all(math.isnan(each) for each in sharpness(flat, texture[:12, :12, :12]).values())
        assert sharpness(texture, np.zeros(texture.shape)) == dict.fromkeys(AXES, 0.0)


class TestPerceptualDistance:
    def test_sees_all_planes_across_each_direction_once(self, texture):
        truth = Volume(texture.astype(np.float32), np.eye(4))
        images = aligned(truth, truth.on_grid(truth.data + 1, truth.affine), None)
        seen = []

        def distance(x, y):
            seen.extend(plane.shape for plane in x)
            return np.abs(x - y).mean(axis=(1, 2)).astype(float)

        told = []
        found = perceptual_distance(images, distance, lambda fraction, stage, part=None: told.append(fraction))
        assert seen == 30 * [(32, 34)] + 32 * [(30, 34)] + 34 * [(30, 32)]
        assert found == pytest.approx(1 / np.ptp(truth.data), rel=1e-4)
        assert told == sorted(told) and told[0] >= 0 and told[-1] < 1

    def test_is_of_the_box_around_the_mask(self, texture):
        truth = Volume(texture.astype(np.float32), np.eye(4))
        mask = np.zeros(truth.shape, dtype=bool)
        mask[5:17, 6:20, 7:22] = True
        seen = set()

        def distance(x, y):
            seen.add(x.shape[1:])
            assert x.min() >= -1e-6 and x.max() <= 1 + 1e-6
            return np.zeros(len(x))

        perceptual_distance(aligned(truth, truth, mask), distance)
        assert seen == {(14, 15), (12, 15), (12, 14)}


@pytest.fixture
def run(texture, tmp_path, monkeypatch, capsys):
    """Run ``compare`` on a truth and a result blurred along k, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    truth = Volume(texture.astype(np.float32), np.eye(4))
    write_volume(truth, tmp_path / "truth.nii")
    blurred = ndimage.gaussian_filter1d(truth.data, 1.0, axis=2)
    write_volume(truth.on_grid(blurred, truth.affine), tmp_path / "result.nii")

    def call(options: str) -> tuple[int, str, str]:
        code = main(["compare", "truth.nii", "result.nii", "--mask", "none", *options.split()])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


class TestCompare:
    def test_tells_sharpness_along_each_axis(self, run, tmp_path):
        code, out, _ = run("--json c.json")
        assert code == 0
        report = json.loads((tmp_path / "c.json").read_text())
        sharp = report["sharpness"]
        assert list(sharp) == AXES and sharp["k"] < 0.5 < min(sharp["i"], sharp["j"])
        assert f"k {sharp['k']:.3f}   of the truth's 1, in detail too fine for slices 2 voxels apart\n" in out
        assert report["ratio"] == 2 and report["features"] is None
        assert run("--ratio 5 --json d.json")[0] == 0
        assert json.loads((tmp_path / "d.json").read_text())["sharpness"]["k"] > sharp["k"]

    @pytest.mark.parametrize(("heads", "name"), [(None, "alexnet_distance"), ([np.ones(1, np.float32)], "lpips")])
    def test_tells_by_its_name_how_different_the_two_look(self, run, tmp_path, monkeypatch, heads, name):
        weights = FeatureWeights("alexnet", {}, "torchvision", "ab" * 32)
        monkeypatch.setattr(comparing, "load_features", lambda source: weights)
        monkeypatch.setattr(comparing, "installed_heads", lambda weights: heads)
        monkeypatch.setattr(
            method_features,
            "distance_of_planes",
            lambda *given: lambda x, y: np.full(len(x), 0.25 if given[2] else 0.5),
        )
        code, out, _ = run("--features alexnet:net.pth --json c.json")
        report = json.loads((tmp_path / "c.json").read_text())
        assert code == 0 and report[name] == (0.25 if heads else 0.5)
        assert {"lpips", "alexnet_distance"} & set(report) == {name}
        assert report["features"] == {"name": "alexnet@torchvision", "hash": "sha256:" + "ab" * 32}
        assert f"{name} {report[name]:.4f}   by alexnet@torchvision\n" in out

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ("--heads vgg.pth", "name them by --features"),
            ("--device cuda", "leave out the device 'cuda'"),
            ("--features none", "name some by --features"),
            ("--features vgg", "choose one of vgg16:FILE"),
            ("--features vgg16:missing.pth", "missing.pth"),
            ("--ratio 1", "ratio"),
        ],
    )
    def test_refuses_what_has_no_effect_or_is_not_there(self, run, options, told):
        code, out, err = run(options)
        assert code == 2 and out == "" and told in err

    @pytest.mark.parametrize("options", ["--features alexnet:net.pth", "--features alexnet:x.pth --heads net.pth"])
    def test_never_replaces_weights(self, run, tmp_path, options):
        (tmp_path / "net.pth").write_bytes(b"weights")
        code, _, err = run(f"{options} --json net.pth --overwrite")
        assert code == 2 and f"is given both as {options.split()[-2]}" in err
        assert (tmp_path / "net.pth").read_bytes() == b"weights"

    def test_of_volumes_too_small_for_the_network_is_refused(self):
        weights = FeatureWeights("vgg16", _weights_of_vgg16(), "file", "")
        distance = method_features.distance_of_planes(weights, torch.device("cpu"))
        with pytest.raises(InputError, match="too small for vgg16, which needs 16"):
            distance(np.zeros((1, 15, 20), np.float32), np.zeros((1, 15, 20), np.float32))


def _weights_of_vgg16() -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, np.float32) for name, shape in method_features.feature_shapes("vgg16").items()}
