"""The experiments on SOUP-GAN: what they judge and learn from, and that every part runs and goes on where it was."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from Experiments.case import READINGS, Case
from Experiments.command import DATA_VARIABLE
from Experiments.command import main as run_experiment
from Experiments.soup import blocks, kevinsr
from Experiments.soup.command import PARTS
from Experiments.soup.plan import Plan
from Experiments.soup.tables import leads
from Experiments.soup.tensor_bundle import MAGIC, read_bundle
from SuperResolveLib import InputError, Volume, write_volume
from SuperResolveLib.methods.networks import load_network
from SuperResolveLib.physics.phantom.head_phantom import head_phantom

#: Networks that learn nothing in no time.
TOY = ["--size", "28", "--channels", "4", "--layers", "0", "--batch", "1", "--patch", "8"]
TOY += ["--iterations", "2", "--fast", "2", "--tuning", "1"]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as that of the shared data, with three subjects' T1 volumes, and in ``other`` what is judged only."""
    folder = tmp_path_factory.mktemp("data")
    heads = [head_phantom((52, 52, 53), 3.5, seed=seed) for seed in range(2)]
    for place, names in (("iso", ("a_t1", "b_t1", "c_t1")), ("other", ("d_flair",))):
        (folder / place).mkdir()
        for number, name in enumerate(names):
            write_volume(heads[number % 2], folder / place / f"{name}.nii.gz")
    affine = heads[0].affine @ np.diag([1.0, 1.0, 3.0, 1.0])
    write_volume(Volume(np.ascontiguousarray(heads[0].data[:, :, ::3]), affine), folder / "other" / "a_pd.nii.gz")
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all parts, which share networks."""
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def truth() -> Volume:
    return head_phantom((30, 32, 49), 5.0, seed=1)


@pytest.fixture(autouse=True)
def without_public_weights(monkeypatch):
    monkeypatch.setattr(kevinsr, "PACKAGE", "NoSuchPackage")
    monkeypatch.setattr(blocks, "A_SIDE", 2)


class TestParts:
    def run(self, scans: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
        monkeypatch.setenv(DATA_VARIABLE, str(scans))
        judged = []
        if words[0].startswith("figure8"):
            judged = ["--judged", str(scans / "other" / ("a_pd" if "scan" in words[0] else "d_flair")) + ".nii.gz"]
        return run_experiment(["soup", words[0], *TOY, *words[1:], *judged, "--out", str(out)])

    @pytest.mark.parametrize(
        ("part", "more", "cells"),
        [
            ("figure2", ["--ratios", "2.5", "--kinds", "thin"], 7),
            ("figure4", ["--ratios", "2", "3", "--kinds", "thick", "--rows", "cubic", "single-scale"], 2 * 2),
            ("figure3", ["--ratios", "2"], 3),
            ("figure8", ["--ratios", "2", "--rows", "cubic", "multi-scale", "fast"], 2 * 3),
            ("figure8-scan", ["--rows", "cubic", "multi-scale"], 2),
            ("mixing", ["--ratios", "2.5", "--rows", "cubic", "multi-scale/outputs", "fast-outputs/parameters"], 3),
            ("leak", ["--ratios", "2", "--size", "52"], 3),
        ],
    )
    def test_each_writes_its_files(self, part, more, cells, scans, out, monkeypatch, capsys):
        assert self.run(scans, out, monkeypatch, part, *more) == 0
        assert all((out / f"soup-{part}.{ending}").stat().st_size for ending in ("csv", "md", "png"))
        with (out / f"soup-{part}.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == cells
        assert all(math.isfinite(float(row["psnr"])) for row in rows if "psnr" in row)
        text, told = (out / f"soup-{part}.md").read_text(), capsys.readouterr().err
        assert str(scans) not in text and ("622,986" in text) == (part != "figure8-scan")
        assert (kevinsr.ABSENT in told) == (part == "figure2")
        learned = {row["trained_on"] for row in rows if row.get("trained_on")}
        assert "b_t1, c_t1" in learned and all("d_flair" not in names for names in learned)

    def test_networks_are_trained_once_and_further_folds_join(self, scans, out, monkeypatch, capsys):
        words = ["figure4", "--ratios", "2", "3", "--kinds", "thick", "--rows", "cubic", "single-scale"]
        monkeypatch.setattr("SuperResolveLib.training.supervised.SupervisedStep.update", None)
        assert self.run(scans, out, monkeypatch, *words) == 0
        assert "4 of them finished already" in capsys.readouterr().err
        assert self.run(scans, out, monkeypatch, *words[:4], "2.5", *words[4:]) == 0  # from its checkpoint
        monkeypatch.undo()
        monkeypatch.setattr(blocks, "A_SIDE", 2)
        more = ["figure4", "--ratios", "2", "--kinds", "thick", "--rows", "cubic", "multi-scale", "--held-out", "b_t1"]
        assert self.run(scans, out, monkeypatch, *more) == 0
        text = (out / "soup-figure4.md").read_text()
        assert "| a_t1 | 0 | single-scale |" in text and "| b_t1 | 0 | multi-scale |" in text

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--held-out", "x"], "x cannot be held out"),
            (["--rows", "x"], "there is no row 'x'"),
            (["--ratios", "1"], "a ratio of 1 is not possible"),
        ],
    )
    def test_what_is_not_there_is_refused_in_a_sentence(self, words, message, scans, out, monkeypatch, capsys):
        assert self.run(scans, out, monkeypatch, "figure2", *words) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1

    def test_without_features_nothing_is_tuned(self, scans, out, monkeypatch, capsys):
        assert self.run(scans, out, monkeypatch, "figure3", "--ratios", "2", "--features", "none") == 0
        assert "the row perceptual is left out" in capsys.readouterr().err

    def test_all_that_are_promised_are_there(self):
        assert PARTS.keys() == {"figure2", "figure3", "figure4", "figure8", "figure8-scan", "mixing", "leak"}
        assert PARTS["figure2"].ratios == (2, 2.5, 3, 3.5, 4, 5, 6)


class TestCase:
    @pytest.mark.parametrize("ratio", [2, 3, 5])
    def test_thick_slices_are_means_of_planes(self, truth, ratio):
        case = Case.of(truth, "thick", ratio, "k")
        count = case.scan.shape[2] - 1  # the last may reach beyond the volume
        means = truth.data[:, :, : count * ratio].reshape(30, 32, count, ratio).mean(axis=3)
        np.testing.assert_allclose(case.scan.data[:, :, :count], means, atol=1e-3)

    def test_thin_slices_are_planes_wherever_they_lie(self, truth):
        for axis in ("i", "k"):
            case = Case.of(truth, "thin", 3, axis)
            planes = truth.data[::3] if axis == "i" else truth.data[:, :, ::3]
            np.testing.assert_array_equal(case.scan.data, planes)
            step = case.scan.affine[:3, case.through] / truth.affine[:3, case.through].clip(1e-9)
            assert step.max() == pytest.approx(3)

    def test_interpolation_is_at_exact_positions(self, truth):
        ramp = np.broadcast_to(np.arange(49, dtype=np.float32), truth.shape)
        for kind in ("thin", "thick"):
            case = Case.of(truth.on_grid(np.ascontiguousarray(ramp), truth.affine), kind, 2.5, "k")
            for reading in READINGS.values():
                inner = case.interpolated(reading).data[:, :, 12:-12]
                np.testing.assert_allclose(inner, ramp[:, :, 12:-12], atol=0.05)

    def test_the_truth_is_without_error_and_as_sharp_as_itself(self, truth):
        figures = Case.of(truth, "thick", 4, "k").figures(truth)
        assert figures["psnr"] == math.inf and figures["rmse"] == 0
        assert figures["ssim"] == pytest.approx(1) and figures["sharpness"] == pytest.approx(1)


def test_blocks_held_out_are_those_that_are_not_learned_from():
    middle = head_phantom((20, 22, 24), 7.0, seed=0)
    mask = blocks.held_out_mask(middle, "a", 0)
    every, kept = (blocks.blocks_to_learn_from(middle, "a", 0, split) for split in (False, True))
    assert sum(block.data.size for block in every) == middle.data.size
    assert sum(block.data.size for block in kept) == (~mask).sum() < middle.data.size
    for block in kept:
        corner = np.linalg.solve(middle.affine, block.affine[:, 3])[:3].round().astype(int)
        part = tuple(slice(first, first + size) for first, size in zip(corner, block.shape, strict=True))
        assert not mask[part].any()
        np.testing.assert_array_equal(middle.data[part], block.data)


def test_no_subject_is_trained_on_and_judged():
    volumes = {name: Path(name) for name in ("chris_t1", "mr_t1", "uih_t1")}
    plan = Plan(volumes, {"chris_pd": Path("chris_pd")}, Path())
    assert plan.trained_on("uih_t1") == ["mr_t1"]
    assert plan.folder("uih_t1", 0, "x") != Plan(volumes, {}, Path()).folder("uih_t1", 0, "x")


def test_leads_are_over_the_same_volume_and_ratio():
    rows = [
        {"volume": volume, "seed": 0, "cell": f"thin@{ratio}", "method": method, "preset": "", "psnr": psnr}
        for volume, ratio, method, psnr in (
            ("a", 2, "cubic", 30.0),
            ("a", 2, "fast", 31.0),
            ("b", 2, "cubic", 20.0),
            ("b", 2, "fast", 20.5),
            ("b", 2.5, "fast", 19.0),
        )
    ]
    (table,) = leads(rows)
    assert table.lines == [["a", "0", "fast", "+1.00", ""], ["b", "0", "fast", "+0.50", ""]]


# the authors' weights


def bundle(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Write a tensor bundle of one block, whose keys share what they can."""

    def varying(value: int) -> bytes:
        most = bytes([value & 127 | (128 if value > 127 else 0)])
        return most + varying(value >> 7) if value > 127 else most

    def counted(number: int, message: bytes) -> bytes:
        return bytes([number << 3 | 2]) + varying(len(message)) + message

    def block(entries: list[tuple[bytes, bytes]]) -> bytes:
        written, before = b"", b""
        for key, value in entries:
            shared = next((n for n, (x, y) in enumerate(zip(key, before, strict=False)) if x != y), 0)
            written += varying(shared) + varying(len(key) - shared) + varying(len(value)) + key[shared:] + value
            before = key
        return written + bytes(4) + (1).to_bytes(4, "little")

    data, entries = b"", [(b"", counted(1, b"x"))]
    for key, array in sorted(tensors.items()):
        shape = b"".join(counted(2, b"\x08" + varying(size)) for size in array.shape)
        told = b"\x08\x01" + counted(2, shape) + b"\x20" + varying(len(data)) + b"\x28" + varying(array.nbytes)
        entries.append((key.encode(), told + b"\x35" + bytes(4)))
        data += array.astype("<f4").tobytes()
    first = block(entries)
    where = varying(0) + varying(len(first))
    second = block([(b"~", where)])
    footer = varying(0) + varying(0) + varying(len(first) + 5) + varying(len(second))
    index = first + bytes(5) + second + bytes(5) + footer.ljust(40, b"\0") + MAGIC
    path.with_name(f"{path.name}.index").write_bytes(index)
    path.with_name(f"{path.name}.data-00000-of-00001").write_bytes(data)


class TestPublicWeights:
    @pytest.fixture
    def theirs(self, tmp_path, monkeypatch) -> Iterator[dict[str, np.ndarray]]:
        """Weights of their shapes, in a package whose code must not run."""
        random, found = np.random.default_rng(0), {}
        widths = [(1, 32)] * 5 + [(32, 32)] * 5 + [(32, 1)] * 5 + [(1, 32)] + [(32, 32)] * 17 + [(32, 1)] * 5
        for number, (inputs, outputs) in enumerate(widths):
            key = f"layer_with_weights-{number}/{{}}/.ATTRIBUTES/VARIABLE_VALUE"
            kernel = random.normal(0, (13 * (inputs + outputs)) ** -0.5, (3, 3, 3, inputs, outputs))
            found[key.format("kernel")] = kernel.astype(np.float32)
            found[key.format("bias")] = (100 * random.random(outputs)).astype(np.float32)
        variables = tmp_path / "ToySR" / kevinsr.BUNDLE
        variables.parent.mkdir(parents=True)
        (tmp_path / "ToySR" / "__init__.py").write_text("raise SystemError")
        bundle(variables, found)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(kevinsr, "PACKAGE", "ToySR")
        yield found
        assert "ToySR" not in sys.modules

    def test_they_are_read_and_take_intensities_from_0_to_1(self, theirs):
        assert kevinsr.is_there()
        model = kevinsr.public_model()
        assert sum(tensor.size for tensor in model.tensors.values()) == 622_986
        network = load_network(model)
        start = torch.rand(1, 1, 3, 4, 5, generator=torch.Generator().manual_seed(0))
        np.testing.assert_allclose(
            network.at_scale(4)(start).detach().numpy(),
            by_hand(theirs, 10_000 * start, 2) / 10_000,
            rtol=1e-4,
            atol=1e-5,
        )

    def test_what_is_no_bundle_is_refused(self, theirs, tmp_path):
        path = tmp_path / "ToySR" / kevinsr.BUNDLE
        index = path.with_name("variables.index")
        for broken in (b"", b"x" * 100, index.read_bytes()[:-20] + index.read_bytes()[-8:]):
            index.write_bytes(broken)
            with pytest.raises(InputError, match="variables"):
                read_bundle(path)


def by_hand(weights: dict[str, np.ndarray], start: torch.Tensor, scale: int) -> np.ndarray:
    """Their network at the whole scale of that number."""

    def convolved(number: int, images: torch.Tensor) -> torch.Tensor:
        key = f"layer_with_weights-{number}/{{}}/.ATTRIBUTES/VARIABLE_VALUE"
        kernel, bias = (torch.from_numpy(weights[key.format(kind)]) for kind in ("kernel", "bias"))
        return torch.nn.functional.conv3d(images, kernel.permute(4, 3, 0, 1, 2), bias, padding=1)

    entered = start
    for number in (scale, 5 + scale, 10 + scale):
        entered = convolved(number, entered).relu()
    entered = images = entered + start
    for number in range(15, 28):
        images = convolved(number, images).relu()
    return (entered + convolved(33 + scale, convolved(28 + scale, images).relu())).numpy()
