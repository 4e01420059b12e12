"""The command ``slice-profile-sr``: what it writes and says, and how it refuses."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy import ndimage

from command_line import ENVIRONMENT, start
from SuperResolveLib import (
    Cancelled,
    InputError,
    SliceProfile,
    Volume,
    __version__,
    read_profile,
    read_volume,
    super_resolve,
    write_volume,
)
from SuperResolveLib.command.main import cli, main
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.image_io.profile_table import write_profile
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows import choice, resolution_left
from SuperResolveLib.workflows import demo as demo_module
from SuperResolveLib.workflows import estimate as estimation

#: The module of super_resolve, in which it can be replaced.
from test_instant import model as instant_model

RESOLVING = sys.modules[super_resolve.__module__]
COMMANDS = [
    "demo",
    "estimate",
    "super-resolve",
    "to-slices",
    "measure",
    "simulate",
    "compare",
    "evaluate",
    "methods",
    "train",
    "models",
    "batch",
]


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """``hr``, a blob with texture, isotropic; ``lr``, a scan with slices 4 mm apart; ``int`` and ``nan``, odd ones."""
    folder = tmp_path_factory.mktemp("volumes")
    random = np.random.default_rng(0)
    distance = np.linalg.norm(np.indices((24, 26, 48)) - np.reshape((12, 13, 24), (3, 1, 1, 1)), axis=0)
    texture = ndimage.gaussian_filter(random.normal(size=distance.shape), 1.2) * 200
    data = np.where(distance < 11, 100 + texture, 5 + random.normal(size=distance.shape)).astype(np.float32)
    write_volume(Volume(data, np.eye(4)), folder / "hr.nii.gz")
    scan = Volume(data[:, :, ::4], np.diag([1.0, 1.0, 4.0, 1.0]))
    write_volume(scan, folder / "lr.nii.gz")
    write_volume(
        replace(scan, data=np.round(data[:, :, ::4]), stored_type=np.dtype(np.int16)), folder / "int.nrrd", True
    )
    spoilt = scan.data.copy()
    spoilt[1, 2, 3] = np.nan
    write_volume(replace(scan, data=spoilt), folder / "nan.nii")
    return folder


@pytest.fixture
def run(volumes, tmp_path, monkeypatch, capsys):
    """Run a command line in an empty folder, with ``hr``, ``lr``, ``int`` and ``nan`` for the volumes."""
    monkeypatch.chdir(tmp_path)
    files = {path.name.partition(".")[0]: str(path) for path in volumes.iterdir()}

    def call(line: str) -> tuple[int, str, str]:
        code = main([files.get(word, word) for word in shlex.split(line)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def quick_estimation(monkeypatch):
    """An estimation that knows the answer; what it was asked is in the list."""
    asked = []

    def estimate(scan, **settings):
        asked.append(settings)
        settings.pop("progress")(0.5, "estimating")
        profile = SliceProfile.gaussian(4.0, 1.0)
        return EstimatedProfile(
            weights=profile.weights,
            tap_spacing=1.0,
            interval_mm=(3.8, 4.3),
            method="spectral",
            preset=settings.get("preset") or "",
            device="cpu",
            seed=settings.get("seed", 0),
            axis=2,
            prior_share=0.26,
            warnings=("the FWHM is uncertain",),
            seconds=0.5,
        )

    monkeypatch.setattr(estimation, "estimate_profile", estimate)
    monkeypatch.setattr(estimation, "measure_resolution", estimate)
    monkeypatch.setattr(RESOLVING, "estimate_profile", estimate)
    monkeypatch.setattr(resolution_left, "measure_resolution", estimate)
    return asked


@pytest.fixture
def real_measurement():
    """For tests about what is left of the slices; others do not measure it, which takes seconds."""


@pytest.fixture(autouse=True)
def quick_measurement(request, monkeypatch):
    if "real_measurement" not in request.fixturenames:
        monkeypatch.setattr(resolution_left, "measure_resolution", _refused)


def _refused(*arguments, **settings):
    raise InputError("this volume cannot be measured")


def written(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_commands_are_those_announced():
    assert list(cli.list_commands(None)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(run, command):
    code, out, err = run(f"{command} --help")
    assert (code, err) == (0, "")
    assert "--quiet" in out
    assert f"Usage: slice-profile-sr {command}" in out


def test_version(run):
    assert run("--version")[:2] == (0, f"slice-profile-sr, version {__version__}\n")


def test_methods_lists_what_each_needs(run):
    code, out, _ = run("methods")
    assert code == 0
    for info in (*ESTIMATORS.infos(), *METHODS.infos()):
        line = next(line for line in out.splitlines() if line.split()[:1] == [info.name])
        assert info.learns_from in line
        assert all(preset.name in line for preset in info.presets)
        assert all(told in line for told in info.tells)


def test_simulate_as_han(run, tmp_path):
    code, out, _ = run("simulate hr -o lr2.nii.gz --profile gaussian:3 --ratio 3 --axis i")
    assert code == 0
    assert "8 x 26 x 48 voxels of 3 x 1 x 1 mm" in out
    assert read_volume(tmp_path / "lr2.nii.gz").spacing == pytest.approx((3.0, 1.0, 1.0))


def test_estimate_writes_profile_report_and_plot(run, tmp_path, quick_estimation):
    settings = "--axis k --seed 7 --method espreso --preset paper"
    code, out, err = run(f"estimate lr -o p.tsv --json p.json --plot p.png {settings}")
    assert code == 0
    assert written(tmp_path) == ["p.json", "p.png", "p.tsv"]
    assert read_profile(tmp_path / "p.tsv").fwhm_mm == pytest.approx(SliceProfile.gaussian(4.0, 1.0).fwhm_mm)
    report = json.loads((tmp_path / "p.json").read_text())
    assert report["interval_mm"] == [3.8, 4.3]
    assert report["warnings"] == ["the FWHM is uncertain"]
    assert report["output"] == "p.tsv"
    assert "(3.80 to 4.30)" in out and "prior 26 %" in out
    assert err == "warning: the FWHM is uncertain\n"
    asked = {
        "axis": "k",
        "device": "auto",
        "seed": 7,
        "method": "espreso",
        "preset": "paper",
        "acquired_resolution": (),
        "prior": None,
    }
    assert quick_estimation == [asked]


@pytest.mark.parametrize("line", ["estimate lr -o p.tsv", "super-resolve lr -o out.nii.gz --method tikhonov"])
def test_the_prior_is_handed_on(run, quick_estimation, line):
    assert run(f"{line} --prior broad --overwrite")[0] == 0
    assert quick_estimation[0]["prior"] == "broad"
    assert "scanner (" in run(f"{line.split()[0]} --help")[1]


def test_super_resolve_estimates_a_profile_unless_given_one(run, tmp_path, quick_estimation):
    code, out, err = run("super-resolve lr -o out.nii.gz --method tikhonov --json out.json")
    assert code == 0
    result = read_volume(tmp_path / "out.nii.gz")
    assert result.spacing == pytest.approx((1.0, 1.0, 1.0))
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["interval_mm"] == [3.8, 4.3]
    assert report["profile_from"] == "the scan itself"
    assert report["output_shape"] == list(result.shape)
    assert report["data_consistency_rmse"] >= 0
    assert err == "warning: the FWHM is uncertain\n"
    assert "out.nii.gz" in out


@pytest.mark.parametrize(
    ("options", "planes"), [("", 48), ("--spacing 2", 24), ("--like hr", 48), ("--axis k --combine average", 48)]
)
def test_super_resolve_with_a_given_profile(run, tmp_path, options, planes):
    code, _, err = run(f"super-resolve lr -o out.mha --method bspline --profile rect:4 {options}")
    assert (code, err) == (0, "")
    assert read_volume(tmp_path / "out.mha").shape == (24, 26, planes)


def test_super_resolve_keeps_integers_only_when_asked(run, tmp_path):
    for option, kind in (("", "f"), ("--keep-type", "i")):
        assert run(f"super-resolve int -o out.nii --method bspline --profile gaussian:4 --overwrite {option}")[0] == 0
        assert read_volume(tmp_path / "out.nii").stored_type.kind == kind


def test_no_data_consistency_is_handed_on(run, monkeypatch):
    asked = {}

    def refuse(scan, **settings):
        asked.update(settings)
        raise InputError("enough")

    monkeypatch.setattr(RESOLVING, "super_resolve", refuse)
    run("super-resolve lr -o out.nii --no-data-consistency --preset balanced")
    assert asked["consistent"] is False
    assert asked["preset"] == "balanced"
    run("super-resolve lr -o out.nii")
    assert asked["consistent"] is True


@pytest.mark.parametrize(("options", "method"), [("", "instant"), ("--preset fast", "smore")])
def test_super_resolve_chooses_the_method_and_says_which(run, tmp_path, monkeypatch, options, method):
    shipped = instant_model()
    monkeypatch.setattr(choice, "shipped_model", lambda name: shipped)
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    code, out, err = run(f"super-resolve lr -o out.nii --profile gaussian:4 --device cpu --json j {options}")
    assert (code, err) == (0, "")
    report = json.loads((tmp_path / "j").read_text())
    assert report["method"] == method and report["choice"].startswith(f"chosen automatically: {method}, ")
    assert f"method   {report['choice']}\n" in out


def test_super_resolve_writes_the_residual(run, tmp_path):
    code, _, _ = run("super-resolve lr -o out.nii --method tikhonov --profile gaussian:4 --residual r.nrrd --json j")
    assert code == 0
    residual, report = read_volume(tmp_path / "r.nrrd"), json.loads((tmp_path / "j").read_text())
    assert residual.shape == (24, 26, 12)
    in_noise = np.sqrt(np.mean(residual.data**2)) / report["noise"]
    assert report["data_consistency_rmse"] == pytest.approx(in_noise, rel=1e-4)
    assert run("super-resolve lr -o out.nii --method tikhonov --profile gaussian:4 --residual out.nii")[0] == 2
    assert run("super-resolve lr -o out.nii --method tikhonov --profile gaussian:4 --residual r.png")[0] == 2


def test_super_resolve_writes_the_uncertainty_and_its_parts(run, tmp_path, monkeypatch):
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    line = "super-resolve lr -o out.nii --method smore --profile gaussian:4 --device cpu --json j"
    code, out, _ = run(f"{line} --uncertainty u.nii.gz")
    assert code == 0
    assert written(tmp_path) == ["j", "out.nii", "u.nii.gz", "u_invented.nii.gz", "u_seen.nii.gz"]
    report = json.loads((tmp_path / "j").read_text())
    told = report["uncertainty"]
    assert f"error    expected {told['total']:.2f} x noise" in out
    result, total = read_volume(tmp_path / "out.nii"), read_volume(tmp_path / "u.nii.gz")
    parts = [read_volume(tmp_path / f"u_{part}.nii.gz").data for part in ("seen", "invented")]
    np.testing.assert_allclose(total.affine, result.affine, atol=1e-5)
    np.testing.assert_allclose(total.data**2, parts[0] ** 2 + parts[1] ** 2, rtol=1e-4)
    assert told["invented_share"] == pytest.approx(np.sum(parts[1] ** 2) / np.sum(total.data**2), rel=1e-4)
    assert run(f"{line} --overwrite")[0] == 0
    assert json.loads((tmp_path / "j").read_text())["uncertainty"] is None


class Unchanged(Generator):
    """Answers its start."""

    receptive_radius = 0

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        return start


@pytest.fixture
def model_file(tmp_path, monkeypatch):
    """``m.safetensors``, whatever it holds, is read as a model that adds nothing to Tikhonov's inverse."""
    card = Card(
        method="supervised",
        network="none",
        network_arguments={},
        operator="profile",
        consistent=True,
        start="tikhonov",
        ratios=(2.0, 3.0),
        fwhm_ratios=None,
        voxels_mm=(1.0, 1.0),
        preset="paper",
    )
    reading, networks = ModuleType("models"), ModuleType("networks")
    reading.load_model = lambda path: Model(card, {"weight": np.zeros(1, np.float32)})
    networks.load_network = lambda model: Unchanged()
    monkeypatch.setitem(sys.modules, "SuperResolveLib.workflows.models", reading)
    monkeypatch.setitem(sys.modules, "SuperResolveLib.methods.networks", networks)
    (tmp_path / "m.safetensors").write_bytes(b"a model")


def test_super_resolve_with_a_model(run, tmp_path, model_file):
    code, out, err = run("super-resolve lr -o out.nii --model m.safetensors --profile gaussian:4 --device cpu --json j")
    assert code == 0, err
    assert "model    supervised (paper), network none, consistency by the operator profile" in out
    assert "the slices are 4 in-plane voxels apart and the model has learned 2 to 3" in err
    report = json.loads((tmp_path / "j").read_text())
    assert (report["method"], report["preset"], report["model"]["network"]) == ("supervised", "paper", "none")
    assert report["model"]["sha256"] == hashlib.sha256(b"a model").hexdigest()
    assert run("super-resolve lr -o t.nii --method tikhonov --profile gaussian:4 --json k")[0] == 0
    assert json.loads((tmp_path / "k").read_text())["model"] is None
    data, tikhonov = read_volume(tmp_path / "out.nii").data, read_volume(tmp_path / "t.nii").data
    assert 0 < np.sqrt(np.mean((data - tikhonov) ** 2)) < 2 * report["noise"]  # which is not made consistent


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--method smore", "--model and --method both say"),
        ("--preset fast", "--model and --preset both say"),
        ("--combine fba", "--model and --combine both say"),
        ("--json m.safetensors --overwrite", "m.safetensors is given both as --model and as --json"),
        ("--uncertainty u.nii", "supervised cannot tell its uncertainty"),
    ],
)
def test_what_a_model_takes_the_place_of_is_refused(run, tmp_path, model_file, options, message):
    code, _, err = run(f"super-resolve lr -o out.nii --model m.safetensors --profile gaussian:4 {options}")
    assert code == 2 and message in err
    assert written(tmp_path) == ["m.safetensors"]


@pytest.mark.parametrize(
    "line",
    ["estimate lr -o p.tsv --overwrite", "measure lr", "super-resolve lr -o out.nii --method tikhonov --overwrite"],
)
def test_acquired_resolution_is_handed_on(run, quick_estimation, line):
    for option, told in (("", ()), ("--acquired-resolution 1.5", (1.5,)), ("--acquired-resolution 1,2", (1.0, 2.0))):
        code, _, err = run(f"{line} {option}")
        assert code == 0, err
        assert quick_estimation[-1]["acquired_resolution"] == told
    for wrong in ("fine", "1;2"):
        assert run(f"{line} --acquired-resolution {wrong!r}")[0] == 2


def test_a_profile_of_estimate_serves_super_resolve(run, tmp_path, quick_estimation):
    assert run("estimate lr -o p.tsv")[0] == 0
    assert run("super-resolve lr -o out.nii --method tikhonov --profile p.tsv --json j")[0] == 0
    assert json.loads((tmp_path / "j").read_text())["profile_from"] == "p.tsv"


def test_measure(run, tmp_path, quick_estimation):
    code, out, _ = run("measure hr --json m.json --axis k --quiet")
    assert code == 0
    assert out.startswith("rms width ") and ", FWHM 4." in out
    assert out.endswith("along k\n")
    report = json.loads((tmp_path / "m.json").read_text())
    assert report["fwhm_ratio"] == pytest.approx(report["fwhm_mm"])


@pytest.mark.parametrize("mask", ["auto", "none", "hr"])
def test_compare(run, tmp_path, mask):
    run("super-resolve lr -o out.nii.gz --method bspline --profile gaussian:2 --like hr")
    code, out, _ = run(f"compare hr out.nii.gz --mask {mask} --json c.json")
    assert code == 0
    report = json.loads((tmp_path / "c.json").read_text())
    assert set(report) >= {"psnr", "ssim", "rmse", "hfen", "warnings", "versions"}
    assert f"PSNR {report['psnr']:.2f} dB" in out


def test_compare_of_equals_is_strict_json(run, tmp_path):
    assert run("compare hr hr --mask none --json c.json")[0] == 0
    assert json.loads((tmp_path / "c.json").read_text())["psnr"] is None


def test_non_finite_voxels_are_refused_unless_filled(run, tmp_path):
    assert run("super-resolve nan -o out.nii --method bspline --profile gaussian:4")[0] == 2
    code, _, err = run("super-resolve nan -o out.nii --method bspline --profile gaussian:4 --fill-nonfinite 0")
    assert code == 0
    assert err.startswith("warning: ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("super-resolve missing.nii -o out.nii", "no file or folder"),
        ("super-resolve lr -o out.xyz", "ending"),
        ("super-resolve lr -o nowhere/out.nii", "does not exist"),
        ("super-resolve lr -o out.nii --json nowhere/j", "does not exist"),
        ("super-resolve lr -o lr", "--output"),
        ("super-resolve lr -o out.nii --json out.nii", "--json"),
        ("super-resolve lr -o out.nii --profile gaussian:x", "not a number"),
        ("super-resolve lr -o out.nii --uncertainty u.xyz", "ending"),
        ("super-resolve lr -o u_seen.nii --uncertainty u.nii", "the seen part of --uncertainty"),
        ("super-resolve lr -o out.nii --uncertainty u.nii --method tikhonov", "cannot tell its uncertainty"),
        ("super-resolve lr -o out.nii --method nothing", "bspline"),
        ("super-resolve lr -o out.nii --preset nothing", "fast"),
        ("super-resolve lr -o out.nii --method bspline --profile rect:4 --spacing 9", "output spacing"),
        ("super-resolve hr -o out.nii --method bspline --profile rect:4", "isotropic"),
        ("super-resolve lr -o out.nii --axis i --method bspline --profile rect:4", "choose axis k"),
        ("estimate lr -o p.txt", ".tsv"),
        ("estimate lr -o p.tsv --plot p.gif", ".png"),
        ("estimate lr -o p.tsv --plot nowhere/p.png", "does not exist"),
        ("estimate lr -o p.tsv --method nothing", "espreso"),
        ("estimate hr -o p.tsv", "isotropic"),
        ("measure missing.nii", "no file or folder"),
        ("simulate hr -o out.nii --profile gaussian:3 --ratio 0.5 --axis k", "ratio"),
        ("simulate hr -o out.nii --profile triangle:3 --ratio 2 --axis k", "gaussian:MM"),
        ("compare hr lr --mask missing.nii", "no file or folder"),
        ("demo -o nowhere/demo", "does not exist"),
    ],
)
def test_bad_input_is_told_in_one_sentence(run, tmp_path, line, told):
    code, out, err = run(line)
    assert code == 2
    assert out == ""
    assert err.startswith("slice-profile-sr: error: ")
    assert err.count("\n") == 1
    assert told in err
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        "super-resolve lr",
        "super-resolve lr -o out.nii --axis x",
        "super-resolve lr -o out.nii --seed -1",
        "super-resolve lr -o out.nii --spacing 1 --like hr",
        "simulate hr -o out.nii --profile gaussian:3 --ratio 2 --axis auto",
        "nothing",
    ],
)
def test_wrong_usage_is_told(run, tmp_path, line):
    code, out, err = run(line)
    assert code == 2
    assert out == ""
    assert "Usage: slice-profile-sr" in err
    assert written(tmp_path) == []


def test_a_report_does_not_overwrite_the_sidecar(run, volumes, tmp_path):
    run("super-resolve lr -o scan.nii --method bspline --profile rect:4 --spacing 2")
    (tmp_path / "scan.json").write_text("{}")
    code, _, err = run("estimate scan.nii -o p.tsv --json scan.json")
    assert code == 2
    assert "sidecar" in err
    assert (tmp_path / "scan.json").read_text() == "{}"


@pytest.mark.parametrize("line", ["--quiet {}", "{} --quiet", "-q {} -q"])
def test_quiet_before_and_after_the_subcommand(run, tmp_path, quick_estimation, line):
    assert run(line.format("super-resolve lr -o out.nii --method bspline --json j")) == (0, "", "")
    assert json.loads((tmp_path / "j").read_text())["warnings"] == ["the FWHM is uncertain"]


@pytest.mark.parametrize("line", ["--verbose {}", "{} -v"])
def test_verbose_before_and_after_the_subcommand(run, line):
    _, _, err = run(line.format("super-resolve lr -o out.nii --method bspline --profile rect:4"))
    stages = [told.partition(" s  ")[2] for told in err.splitlines()]
    assert stages[0].startswith("reading")
    assert "interpolating" in stages
    assert stages[-1] == "writing out.nii"


def test_verbose_tells_where_an_error_came_from(run):
    _, _, err = run("-v super-resolve missing.nii -o out.nii")
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("slice-profile-sr: error: ")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "cancelled"),
        (Cancelled(), 130, "cancelled"),
        (MemoryError(), 2, "not enough memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            2,
            "not enough memory",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "out.nii"), 2, "out.nii: No space left on device"),
    ],
)
def test_what_stops_a_run_is_told_and_leaves_nothing(run, tmp_path, monkeypatch, error, code, told):
    def fail(*arguments, **settings):
        raise error

    monkeypatch.setattr(RESOLVING, "super_resolve", fail)
    ended, _, err = run("super-resolve lr -o out.nii --json out.json")
    assert ended == code
    assert told in err
    assert err.strip().count("\n") == 0
    assert written(tmp_path) == []


def test_an_error_while_writing_leaves_nothing(run, tmp_path, monkeypatch):
    def fail(*arguments, **settings):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("SuperResolveLib.workflows.super_resolve_outputs.write_volume", fail)
    code, _, err = run("super-resolve lr -o out.nii --json out.json --method bspline --profile rect:4")
    assert code == 2
    assert "No space left" in err
    assert written(tmp_path) == []


def test_an_unforeseen_error_is_not_hidden(run, monkeypatch):
    def fail(*arguments, **settings):
        raise ZeroDivisionError

    monkeypatch.setattr(RESOLVING, "super_resolve", fail)
    with pytest.raises(ZeroDivisionError):
        run("super-resolve lr -o out.nii")


def test_a_pipe_gets_no_progress(volumes, tmp_path):
    process = start(
        "super-resolve", volumes / "lr.nii.gz", "-o", tmp_path / "o.nii", "--method=bspline", "--profile=rect:4"
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert err == ""
    assert "o.nii" in out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_bar_and_results_apart_from_it(volumes, tmp_path):
    import termios

    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (24, 100))
    arguments = [
        "super-resolve",
        volumes / "lr.nii.gz",
        "-o",
        tmp_path / "o.nii",
        "--method=tikhonov",
        "--profile=rect:4",
    ]
    process = start(*arguments, stderr=follower)
    os.close(follower)
    out, _ = process.communicate(timeout=120)
    shown = os.read(leader, 4096)
    os.close(leader)
    assert process.returncode == 0
    assert b"%" in shown
    assert "%" not in out


@pytest.fixture
def quick_demo(monkeypatch, quick_estimation):
    def interpolate(scan, profile, method, preset=None, **settings):
        return super_resolve(scan, profile, "bspline", **settings)

    def estimate(*arguments, **settings):
        return estimation.estimate_profile(*arguments, **settings)

    monkeypatch.setattr(demo_module, "PHANTOM_SHAPE", (40, 44, 60))
    monkeypatch.setattr(demo_module, "super_resolve", interpolate)
    monkeypatch.setattr(demo_module, "estimate_profile", estimate)


def test_demo_writes_everything_and_tells_the_truth_at_the_end(run, tmp_path, quick_demo):
    code, out, _ = run("demo -o here --seed 3")
    assert code == 0
    assert written(tmp_path / "here") == sorted(
        [f"{name}.nii.gz" for name in ("truth", "scan", "bspline", "tikhonov", "result")]
        + ["profile.tsv", "report.json", "demo.png"]
    )
    report = json.loads((tmp_path / "here" / "report.json").read_text())
    assert 3.5 <= report["true_fwhm_mm"] <= 6.2
    assert set(report["scores"]) == {"bspline", "tikhonov", "result"}
    inside = 3.8 <= report["true_fwhm_mm"] <= 4.3
    assert report["true_fwhm_inside"] is inside
    assert f"true       FWHM {report['true_fwhm_mm']:.2f} mm: {'inside' if inside else 'OUTSIDE'} the interval" in out
    for name in written(tmp_path / "here"):
        assert f"wrote    {Path('here') / name}\n" in out
    code, _, err = run("demo -o here --seed 3")
    assert code == 2 and "exists already" in err


def test_the_demo_scan_is_what_it_says(quick_demo):
    made = demo_module.run_demo(seed=1)
    assert made.scan.spacing == pytest.approx((1.0, 1.0, 5.0))
    assert made.result.shape == made.truth.shape
    assert made.true_profile.fwhm_mm != demo_module.draw_profile(2).fwhm_mm


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "super-resolve lr -o out.nii --profile rect:4 --method tikhonov --combine fba",
            "tikhonov has a single result",
        ),
        ("super-resolve lr -o out.nii --profile rect:4 --method tikhonov --device cuda", "on the processor alone"),
        ("super-resolve lr -o out.nii --profile rect:4 --method bspline --no-data-consistency", "no data-consistency"),
        ("super-resolve lr -o out.nii --profile rect:4 --method bspline --preset fast", "has no presets"),
        ("estimate lr -o p.tsv --device cuda", "spectral computes on the processor alone"),
        ("estimate lr -o p.tsv --method espreso --device cuda", "espreso (default) computes on the processor alone"),
        ("measure lr --preset paper", "has no presets"),
        (
            "simulate hr -o out.nii --profile gaussian:3 --ratio 20 --axis k",
            "at a ratio of 20, 48 planes give 3 slices",
        ),
        ("simulate hr -o out.nii --profile gaussian:300 --ratio 2 --axis k", "between 0 and 100 mm"),
        ("simulate hr -o out.nii --profile gaussian:50 --ratio 4 --axis k", "is not plausible"),
        ("super-resolve lr -o out.nii --profile gaussian:50 --method tikhonov", "is not plausible"),
        ("super-resolve lr -o out.nii --profile rect:0.02 --method tikhonov", "far less than the in-plane voxel"),
    ],
)
def test_what_has_no_effect_or_is_not_plausible_is_refused(run, tmp_path, line, told):
    code, out, err = run(line)
    assert (code, out) == (2, "") and told in err and err.count("\n") == 1, err
    assert written(tmp_path) == []


def test_a_table_in_another_unit_is_refused(run, tmp_path):
    write_profile(SliceProfile.gaussian(0.03, 0.01), tmp_path / "metres.tsv")
    code, _, err = run("super-resolve lr -o out.nii --profile metres.tsv --method tikhonov")
    assert code == 2 and "the in-plane voxel" in err


def test_an_unusually_wide_profile_is_warned_of(run):
    code, _, err = run("super-resolve lr -o out.nii --profile gaussian:20 --method tikhonov")
    assert code == 0 and "warning: a slice profile 20 mm wide, where slices are 4 mm apart, is unusually wide" in err


def test_volumes_that_do_not_belong_together_are_warned_of(run, volumes, tmp_path):
    truth = read_volume(volumes / "hr.nii.gz")
    other = replace(truth, data=np.roll(truth.data[::-1, :, ::-1], 12, axis=1))
    write_volume(other, tmp_path / "other.nii")
    affine = truth.affine.copy()
    affine[2, 3] += 30
    write_volume(replace(truth, affine=affine), tmp_path / "moved.nii")
    for name, told in (("other", "the two hardly correlate"), ("moved", "the result covers")):
        code, _, err = run(f"compare hr {name}.nii --mask none --json {name}.json")
        assert code == 0 and told in err
        assert any(told in warning for warning in json.loads((tmp_path / f"{name}.json").read_text())["warnings"])
    assert run("compare hr hr")[2] == ""


def test_what_was_written_is_listed_and_not_replaced_unasked(run, tmp_path):
    line = "super-resolve lr -o out.nii --method tikhonov --profile rect:4 --residual r.nii --json j"
    code, out, _ = run(line)
    assert code == 0
    assert [told.split()[1] for told in out.splitlines() if told.startswith("wrote")] == ["out.nii", "r.nii", "j"]
    before = (tmp_path / "out.nii").read_bytes()
    for again in (line, "simulate hr -o out.nii --profile rect:3 --ratio 2 --axis k", "compare hr hr --json j"):
        code, out, err = run(again)
        assert (code, out) == (2, "") and "exists already" in err and "--overwrite" in err
    assert (tmp_path / "out.nii").read_bytes() == before
    assert run(f"{line} --overwrite")[0] == 0


@pytest.fixture(scope="module")
def textured(tmp_path_factory):
    """A scan large enough to measure, simulated at ratio 4, in a folder."""
    folder = tmp_path_factory.mktemp("textured")
    truth = head_phantom((96, 96, 96), spacing=1.5)
    write_volume(simulate(truth, SliceProfile.gaussian(6.0, 1.5), 4, "k"), folder / "scan.nii")
    return folder


def test_what_is_left_is_told_beside_the_scan_interpolated(real_measurement, run, textured, tmp_path):
    scan = textured / "scan.nii"
    code, out, _ = run(f"super-resolve {scan} -o out.nii --method tikhonov --profile gaussian:6 --json j")
    assert code == 0
    left = json.loads((tmp_path / "j").read_text())["resolution_left"]
    told = next(line for line in out.splitlines() if line.startswith("left"))
    for name in ("interpolated", "result"):
        assert f"{left[name]['fwhm_mm']:.2f} mm" in told
    assert left["interpolated"]["fwhm_mm"] > 4.5  # the slices' own width is 6 mm in a phantom with 1.5 mm voxels
    code, out, _ = run(f"measure out.nii --axis k --scan {scan} --json m")
    assert code == 0 and "-> result" in out
    measured = json.loads((tmp_path / "m").read_text())["resolution_left"]
    for name in ("interpolated", "result"):
        assert measured[name]["fwhm_mm"] == pytest.approx(left[name]["fwhm_mm"], rel=1e-3)


def test_a_width_that_is_not_to_be_trusted_is_marked(run, tmp_path, monkeypatch):
    def doubtful(scan, **settings):
        profile = SliceProfile.gaussian(4.0, 1.0)
        return EstimatedProfile(
            weights=profile.weights,
            tap_spacing=1.0,
            interval_mm=(2.0, 6.0),
            method="spectral",
            preset="",
            device="cpu",
            seed=0,
            axis=2,
            warnings=("the scan hardly determines the slice thickness",),
        )

    monkeypatch.setattr(estimation, "measure_resolution", doubtful)
    code, out, err = run("measure hr --axis k --json j")
    assert code == 0 and out.startswith("NOT TO BE TRUSTED (see the warnings): rms width ") and ", FWHM 4." in out
    assert "hardly determines" in err
    assert json.loads((tmp_path / "j").read_text())["trusted"] is False


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("raise ImportError('DLL load failed while importing _C')", "DLL load failed"),
        ("import torchgen_of_torch", "torchgen_of_torch"),
        ("raise OSError(1114, 'A dynamic link library initialization routine failed')", "dynamic link library"),
        ("raise RuntimeError('module compiled against ABI version 0x1000009')", "ABI version"),
        ("__version__ = '2'", "no attribute 'zeros'"),
        (
            "class zeros:\n def __init__(self, n): pass\n def numpy(self): raise TypeError('no Numpy')",
            "Numpy",
        ),
    ],
)
def test_a_torch_that_cannot_be_loaded_is_told_and_does_not_matter_to_others(volumes, tmp_path, damage, told):
    (tmp_path / "fake" / "torch").mkdir(parents=True)
    (tmp_path / "fake" / "torch" / "__init__.py").write_text(damage)
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path / "fake"), ENVIRONMENT["PYTHONPATH"]])}
    line = ["super-resolve", volumes / "lr.nii.gz", "-o", tmp_path / "o.nii", "--profile=rect:4"]
    process = start(*line, "--method=smore", env=environment)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("slice-profile-sr: error: torch is installed but cannot be loaded (") and told in err
    assert err.count("\n") == 1 and "reinstall it, or choose a method or preset that does without" in err
    if damage.startswith("raise Imp"):
        process = start(*line, "--method=tikhonov", env=environment)
        assert process.communicate(timeout=120)[1] == "" and process.returncode == 0


def test_the_longest_name_of_a_public_report(data_folder, tmp_path):
    scan = data_folder / "cases" / "long_output_name_ascii" / "n_ref.nii.gz"
    if not scan.exists():
        pytest.skip(f"the case is not here: {scan}")
    output = tmp_path / f"{'a' * 243}.nii.gz"
    assert main(["super-resolve", str(scan), "-o", str(output), "--method=tikhonov", "--profile=gaussian:5"]) == 0
    assert written(tmp_path) == [output.name]
