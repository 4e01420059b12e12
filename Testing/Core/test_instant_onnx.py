"""Instant without torch: ONNX Runtime gives the same answer, from a file that is written here and tells what it is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from command_line import ENVIRONMENT
from SuperResolveLib import InputError, Volume, super_resolve, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.image_io.model_file import read_model, write_model
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.methods.instant.method import Instant
from SuperResolveLib.methods.learned import Learned
from SuperResolveLib.methods.method import MethodSettings
from SuperResolveLib.methods.networks import build_network, load_network, tensors_of
from SuperResolveLib.methods.through_plane.adding_network import AddingNetwork
from SuperResolveLib.methods.through_plane.network import network_for
from SuperResolveLib.methods.through_plane.onnx_convolutions import OnnxConvolutions, threads
from SuperResolveLib.methods.through_plane.onnx_graph import onnx_graph
from SuperResolveLib.methods.through_plane.told import fine_grid_of, told
from SuperResolveLib.methods.through_plane.torch_network import TorchConvolutions
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.model import Model
from SuperResolveLib.networks.gated_edsr_sizes import FACTOR, TOLD, receptive_radius
from SuperResolveLib.progress import silent
from SuperResolveLib.workflows import shipped_models
from test_instant import CARD, PROFILE, model, problem_of, random_network

DEPTH = int(CARD.network_arguments["depth"])
#: The largest difference between the libraries, of the range of the answer.
AGREE = 1e-4


def in_onnx(of: Model) -> OnnxConvolutions:
    depth = int(of.card.network_arguments["depth"])
    return OnnxConvolutions(onnx_graph(of.tensors, depth, ""), receptive_radius(depth))


def in_torch(of: Model) -> TorchConvolutions:
    return TorchConvolutions(load_network(of), "cpu")


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=AGREE * np.ptp(expected))


@pytest.fixture(scope="module")
def both() -> tuple[OnnxConvolutions, TorchConvolutions]:
    return in_onnx(model()), in_torch(model())


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.just(FACTOR + 1), st.integers(1, 12), st.integers(1, 25)),
    acquisition=st.tuples(*[st.floats(-2, 2, width=32)] * TOLD),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_libraries_give_the_same_for_any_shape_and_acquisition(both, shape, acquisition, seed):
    """Also where there are fewer slices and pixels than the mean of slices is taken over."""
    image = np.random.default_rng(seed).random(shape, np.float32)
    found, expected = (each(image, np.array(acquisition, np.float32)) for each in both)
    assert found.shape == (shape[0], FACTOR, *shape[2:]) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1.0, float(np.abs(expected).max())))


def telling() -> Model:
    """A model that tells the variance of its error."""
    network = random_network().with_errors(True)
    torch.nn.init.normal_(network.errors.tail.weight, std=0.1)
    network.errors.level.fill_(-5.0)
    network.errors.highest.fill_(-4.8)
    return Model(replace(CARD, network_arguments=network.arguments), tensors_of(network))


@pytest.mark.parametrize("shape", [(1, FACTOR + 1, 2, 3), (3, FACTOR + 1, 11, 40)])
def test_both_libraries_tell_the_same_error(shape):
    image, acquisition = np.random.default_rng(1).random(shape, np.float32), np.array([0.5, -1, 0.2], np.float32)
    of = telling()
    (added, logs), (expected, expected_logs) = (
        each.with_log_variance(image, acquisition) for each in (in_onnx(of), in_torch(of))
    )
    np.testing.assert_allclose(added, in_torch(of)(image, acquisition), atol=1e-5 * np.abs(added).max())
    np.testing.assert_allclose(added, expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(logs, expected_logs, atol=1e-4)
    assert logs.max() == np.float32(-4.8) and logs.min() < -5


def test_uncertainty_is_the_same_without_torch(scan):
    of = telling()
    graph = onnx_graph(of.tensors, DEPTH, "")
    both = [
        Instant(MethodSettings(uncertainty=True, model=of, graph=graph)).restore(problem_of(scan), silent),
        Learned(of, MethodSettings(uncertainty=True)).restore(problem_of(scan), silent),
    ]
    assert_alike(both[0].data, both[1].data)
    found, expected = (each.variances.total(True, True, True) for each in both)
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-3 * expected.max())


def test_the_network_in_numpy_is_the_one_that_is_trained(scan):
    problem = problem_of(scan)
    fine_grid, slices = fine_grid_of(problem), scan.shape[2]
    images = np.random.default_rng(0).random((3, slices, 21), np.float32)
    reading = fine_grid.reading(slices, problem.grid.positions).astype(np.float32)
    acquisition = told(1.5, fine_grid.profile, fine_grid.slice_spacing, fine_grid.damping)
    found = AddingNetwork(in_torch(model()), acquisition, fine_grid, slices)
    trained = network_for(random_network(), fine_grid, 1.5)
    with torch.inference_mode():
        expected, linear = (
            np.einsum("pf,bfw->bpw", reading, each(torch.from_numpy(images)).numpy())
            for each in (trained, trained.without_backbone)
        )
    columns = slice(2, 19)
    np.testing.assert_allclose(
        found.planes(images, reading, columns, False), expected[..., columns], atol=1e-5 * np.ptp(expected)
    )
    np.testing.assert_allclose(found.planes(images, reading, columns, True), linear[..., columns], atol=1e-5)
    assert np.abs(expected - linear).max() > 0.1


def test_a_scan_is_restored_alike_by_both(scan):
    graph = onnx_graph(model().tensors, DEPTH, "")
    with_graph = Instant(MethodSettings(model=model(), graph=graph))
    found = with_graph.restore(problem_of(scan), silent).data
    assert_alike(found, Learned(model(), MethodSettings()).restore(problem_of(scan), silent).data)


# ---- without torch, in a process of its own


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder with a small network in the place of the one that comes with the program."""
    folder = tmp_path / "weights"
    folder.mkdir()
    write_model(model(), folder / "instant.safetensors")
    assert main(["models", str(folder / "instant.safetensors"), "--onnx", str(folder / "instant.onnx")]) == 0
    monkeypatch.setattr(shipped_models, "FOLDER", folder)
    kept = shipped_models.shipped_model, shipped_models.shipped_graph
    for each in kept:
        each.cache_clear()
    yield folder
    for each in kept:
        each.cache_clear()


def without(packages: tuple[str, ...], weights: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process in which packages cannot be imported."""
    code = f"""
import sys
from pathlib import Path
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ImportError(f"no {{name}} here")
sys.meta_path.insert(0, Blocked())
from SuperResolveLib.command.main import main
from SuperResolveLib.workflows import shipped_models
shipped_models.FOLDER = Path({str(weights)!r})
code = main({[*words]!r})
assert not {{*{packages!r}}} & {{*sys.modules}}
sys.exit(code)
"""
    return subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)


@pytest.fixture
def resolving(scan, tmp_path, monkeypatch) -> Callable[..., list[str]]:
    """The words of a command line that restores a scan into a file of the folder in which tests run."""
    monkeypatch.chdir(tmp_path)
    write_volume(scan, "scan.nii.gz")

    def words(out: str, method: str = "instant") -> list[str]:
        options = ["--axis", "k", "--profile", "gaussian:6", "--method", method, "--json", f"{out}.json"]
        return ["super-resolve", "scan.nii.gz", "-o", f"{out}.nii.gz", *options]

    return words


def test_without_torch_onnx_runtime_computes_the_same(weights, resolving):
    done = without(("torch",), weights, *resolving("found"))
    assert done.returncode == 0, done.stderr
    assert main([*resolving("expected"), "--device", "cpu"]) == 0
    found, expected = (json.loads(Path(f"{name}.json").read_text()) for name in ("found", "expected"))
    assert (found["engine"], found["device"], found["method"]) == ("onnxruntime", "cpu", "instant")
    assert expected["engine"] == "torch"
    assert_alike(read_volume("found.nii.gz").data, read_volume("expected.nii.gz").data)


def test_without_either_both_are_named(weights, resolving):
    done = without(("torch", "onnxruntime"), weights, *resolving("found"))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "'pip install torch'" in done.stderr and "'pip install onnxruntime', which is smaller" in done.stderr


def test_a_graphics_card_is_refused_without_torch_as_of_methods_that_do_without(weights, resolving):
    instant, bspline = (
        without(("torch",), weights, *resolving("found", method), "--device", "cuda")
        for method in ("instant", "bspline")
    )
    assert instant.returncode == bspline.returncode == 2
    assert instant.stderr == bspline.stderr.replace("bspline", "instant")


# ---- what computes


def test_torch_that_is_damaged_is_done_without_but_not_on_a_graphics_card(monkeypatch):
    def damaged(module: str) -> None:
        raise InputError("torch is installed but cannot be loaded")

    assert Instant.info.engine("", "auto") == "torch"
    monkeypatch.setattr("SuperResolveLib.registry.import_with_torch", damaged)
    assert Instant.info.engine("", "auto") == "onnxruntime"
    with pytest.raises(InputError, match="cannot be loaded"):
        Instant.info.engine("", "cuda")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="instant needs torch or onnxruntime"):
        Instant.info.engine("", "cpu")


def test_a_run_is_one_for_torch_unless_only_the_other_is_installed(monkeypatch):
    assert Instant.info.runs_on_torch("")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not Instant.info.runs_on_torch("")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert Instant.info.runs_on_torch("")  # which is then what is to be installed
    assert TRAINABLES["instant"].info.runs_on_torch("fast")


def test_methods_that_leave_no_choice_report_no_engine(scan):
    assert super_resolve(scan, PROFILE, "tikhonov", axis="k").engine is None


def test_methods_tells_what_can_stand_in_for_torch(capsys):
    assert main(["methods"]) == 0
    (row,) = [row for row in capsys.readouterr().out.splitlines() if row.split()[:2] == ["instant", "synthetic"]]
    assert "yes, or onnxruntime" in row


@pytest.mark.parametrize(("told", "expected"), [("3", 3), ("2,1", 2), ("", 0), ("many", 0)])
def test_threads_are_as_many_as_the_environment_says(monkeypatch, told, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads() == expected


# ---- the file


def test_the_file_is_the_same_in_every_run_and_tells_its_weights(weights, tmp_path):
    graph, again = (weights / "instant.onnx").read_bytes(), tmp_path / "again.onnx"
    words = [sys.executable, "-m", "SuperResolveLib", "models", weights / "instant.safetensors", "--onnx", again]
    subprocess.run(words, env={**ENVIRONMENT, "PYTHONHASHSEED": "7"}, cwd=tmp_path, check=True, capture_output=True)
    assert again.read_bytes() == graph
    read = onnx.load(weights / "instant.onnx", load_external_data=False)
    assert {each.key: each.value for each in read.metadata_props} == {
        "weights_sha256": hashlib.sha256((weights / "instant.safetensors").read_bytes()).hexdigest()
    }
    assert not read.doc_string and str(tmp_path).encode() not in graph


@pytest.mark.parametrize(
    ("network", "arguments"),
    [("deepresolve", {"layers": 2, "channels": 2}), ("gated-edsr", {**CARD.network_arguments, "detail": True})],
)
def test_models_of_other_networks_are_not_written(tmp_path, capsys, network, arguments):
    card = replace(CARD, network=network, network_arguments=arguments)
    write_model(Model(card, tensors_of(build_network(network, arguments))), tmp_path / "m.safetensors")
    assert main(["models", str(tmp_path / "m.safetensors"), "--onnx", str(tmp_path / "m.onnx")]) == 2
    told = capsys.readouterr().err
    assert "cannot be written as ONNX" in told and told.count("\n") == 1
    assert not (tmp_path / "m.onnx").exists()


def test_a_file_that_is_there_is_kept_unless_told(weights, capsys):
    words = ["models", str(weights / "instant.safetensors"), "--onnx", str(weights / "instant.onnx")]
    assert main(words) == 2 and "exists already" in capsys.readouterr().err
    (weights / "instant.onnx").write_bytes(b"")
    assert main([*words, "--overwrite"]) == 0 and (weights / "instant.onnx").stat().st_size > 1000
    assert main([*words[:2], "--onnx", str(weights / "instant.pt")]) == 2
    assert "ends in .onnx" in capsys.readouterr().err


def test_writing_without_onnx_is_refused(weights, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnx", None)
    words = ["models", str(weights / "instant.safetensors"), "--onnx", str(weights / "other.onnx")]
    assert main(words) == 2 and "pip install onnx" in capsys.readouterr().err


def test_a_graph_of_other_weights_one_that_is_missing_and_a_damaged_one_are_refused(weights):
    graph = shipped_models.shipped_graph("instant")
    with pytest.raises(InputError, match="cannot load the network"):
        OnnxConvolutions(graph[: len(graph) // 2], 1)
    write_model(model(seed=1), weights / "instant.safetensors")
    shipped_models.shipped_graph.cache_clear()
    with pytest.raises(InputError, match="not that of its weights"):
        shipped_models.shipped_graph("instant")
    (weights / "instant.onnx").unlink()
    with pytest.raises(InputError, match="is missing"):
        shipped_models.shipped_graph("instant")


SHIPPED = shipped_models.FOLDER / "instant.safetensors"


@pytest.mark.skipif(not SHIPPED.is_file(), reason="the weights that come with the program are not here")
def test_the_shipped_graph_is_that_of_the_shipped_weights_and_agrees(scan: Volume):
    """If not: ``slice-profile-sr models weights/instant.safetensors --onnx weights/instant.onnx --overwrite``."""
    shipped = read_model(SHIPPED)
    settings_ = MethodSettings(model=shipped, graph=shipped_models.shipped_graph("instant"))
    found = Instant(settings_).restore(problem_of(scan), silent).data
    assert_alike(found, Learned(shipped, MethodSettings()).restore(problem_of(scan), silent).data)
