"""The command line modules as Slicer runs them: scripts in a process of their own, NRRD files, returned parameters."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import SimpleITK as sitk

import cli_scripts
from cli_scripts import FOLDER, MODULES, PATIENCE, command_line, environment, run
from SuperResolveLib import InputError, SliceProfile, Volume, read_profile, read_volume, write_profile, write_volume
from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.physics.acquisition import degrade
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.simulation import simulate

#: Packages that Slicer does not come with.
NOT_IN_SLICER = ("click", "matplotlib", "nibabel", "skimage", "torch", "tqdm")


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> Path:
    """A scan of a head phantom: 24 oblique slices, 4 in-plane voxels apart, 8 mm thick."""
    isotropic = head_phantom((96, 112, 96), spacing=1.8, seed=0)
    simulated = simulate(isotropic, SliceProfile.gaussian(8.0, 1.8), 4.0, "k", noise_sigma=2.0)
    turn = np.eye(4)
    turn[:3, :3] = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn[:3, 3] = (12.5, -40.0, 7.25)
    path = tmp_path_factory.mktemp("scan") / "scan.nrrd"
    write_volume(Volume(simulated.data, turn @ simulated.affine), path)
    return path


@pytest.fixture(scope="module")
def isotropic(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("isotropic") / "isotropic.nrrd"
    write_volume(head_phantom((64, 72, 64), spacing=2.5, seed=0), path)
    return path


def resolve(scan: Path, to: Path, **values: object) -> cli_scripts.Run:
    """A quick super-resolution into a folder."""
    given = {"method": "tikhonov", "profileShape": "gaussian", "profileWidth": 8.0, "returnFile": to / "returned"}
    return run("SuperResolve", **{**given, "inputVolume": scan, "outputVolume": to / "out.nrrd", **values})


def test_brings_a_volume_back_to_slices(scan, tmp_path):
    write_profile(SliceProfile.gaussian(8.0, 1.8), tmp_path / "profile.tsv")
    made = resolve(scan, tmp_path, profileTable=tmp_path / "profile.tsv", residualVolume=tmp_path / "left.nrrd")
    assert made.code == 0
    values = {"scanVolume": scan, "profileTable": tmp_path / "profile.tsv", "returnFile": tmp_path / "returned"}
    done = run("BringBackToSlices", inputVolume=tmp_path / "out.nrrd", outputVolume=tmp_path / "seen.nrrd", **values)
    assert (done.code, done.stderr) == (0, "")
    seen, left, whole = (read_volume(path).data for path in (tmp_path / "seen.nrrd", tmp_path / "left.nrrd", scan))
    np.testing.assert_allclose(whole - seen, left, atol=1e-2)
    labels = np.where(read_volume(tmp_path / "out.nrrd").data > 50, 3, 0).astype(np.float32)
    write_volume(replace(read_volume(tmp_path / "out.nrrd"), data=labels), tmp_path / "labels.nrrd")
    files = {"inputVolume": tmp_path / "labels.nrrd", "outputVolume": tmp_path / "thick.nrrd"}
    done = run("BringBackToSlices", labels=True, **files, **values)
    assert (done.code, done.stderr) == (0, "")
    label, before, after = map(float, done.returned["volumes"].split())
    assert label == 3 and after == pytest.approx(before, rel=0.1)
    assert run("BringBackToSlices", **files).code == 2


def test_estimates_a_profile(scan, tmp_path):
    table = tmp_path / "profile.tsv"
    done = run("EstimateSliceProfile", inputVolume=scan, profileTable=table, returnFile=tmp_path / "returned")
    assert (done.code, done.stderr) == (0, "")
    widths = ["fwhm", "fwhmLow", "fwhmHigh", "priorShare", "fwhmRatio"]
    assert list(done.returned) == [*widths, "measuredAxis", "warnings"]
    width = float(done.returned["fwhm"])
    assert width == pytest.approx(8.0, abs=1.6)
    assert float(done.returned["fwhmLow"]) <= width <= float(done.returned["fwhmHigh"])
    assert 0 < float(done.returned["priorShare"]) < 1
    assert float(done.returned["fwhmRatio"]) == pytest.approx(width / 1.8, rel=1e-4)
    assert done.returned["measuredAxis"] == "k"
    assert read_profile(table).fwhm_mm == pytest.approx(width, rel=1e-3)


def test_a_method_that_does_not_tell_its_prior_share_returns_none(scan, tmp_path):
    done = run("EstimateSliceProfile", method="espreso", inputVolume=scan, returnFile=tmp_path / "returned")
    assert (done.code, float(done.returned["priorShare"])) == (0, -1.0)


def test_measures_the_resolution_of_a_volume(isotropic, tmp_path):
    done = run("EstimateSliceProfile", measure=True, inputVolume=isotropic, returnFile=tmp_path / "returned")
    assert done.code == 0, done.stderr
    assert float(done.returned["fwhmRatio"]) < 1.5
    assert done.returned["measuredAxis"] in ("i", "j", "k")


def test_super_resolves_where_the_scan_lies(scan, tmp_path):
    files = {"usedProfileTable": tmp_path / "used.tsv", "residualVolume": tmp_path / "residual.nrrd"}
    done = resolve(scan, tmp_path, **files)
    assert (done.code, done.stderr) == (0, "")
    assert sorted(os.listdir(tmp_path)) == ["out.nrrd", "residual.nrrd", "returned", "used.tsv"]
    before, result, residual = (read_volume(path) for path in (scan, tmp_path / "out.nrrd", files["residualVolume"]))
    assert sitk.ReadImage(str(tmp_path / "out.nrrd")).GetPixelIDTypeAsString() == "32-bit float"

    geometry = scan_geometry(before)
    grid, profile = output_grid(before, geometry), SliceProfile.gaussian(8.0, 1.8)
    for volume, affine in ((result, grid.affine), (residual, before.affine)):
        np.testing.assert_allclose(corners(volume, volume.affine), corners(volume, affine), atol=1e-2 * 1.8)
    problem = Problem.of(before, geometry, profile, grid)
    expected = before.data - degrade(problem.stack.operator.matrix, result.data, geometry.axis)
    np.testing.assert_allclose(residual.data, expected, atol=1e-5 * np.ptp(before.data))
    assert read_profile(files["usedProfileTable"]).fwhm_mm == pytest.approx(profile.fwhm_mm)

    texts = ("profileWarnings", "choice", "warnings")
    assert done.returned["profileWarnings"] == done.returned["choice"] == ""
    returned = {name: float(value) for name, value in done.returned.items() if name not in texts}
    assert float(returned["priorShare"]) == -1
    assert returned["fwhm"] == returned["fwhmLow"] == returned["fwhmHigh"] == pytest.approx(profile.fwhm_mm)
    in_noise = np.sqrt(np.mean(residual.data**2)) / returned["noise"]
    assert returned["dataConsistencyRmse"] == pytest.approx(in_noise, rel=1e-4)


def test_writes_what_the_scan_does_not_determine(scan, tmp_path, monkeypatch):
    from SuperResolveLib.methods.smore import super_resolve as smore
    from SuperResolveLib.slicer_cli.run import run as run_here

    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    files = {"outputVolume": tmp_path / "out.nrrd", "inventedVolume": tmp_path / "invented.nrrd"}
    given = {"method": "smore", "preset": "fast", "profileShape": "gaussian", "profileWidth": 8.0, "device": "cpu"}
    script, *words = command_line("SuperResolve", inputVolume=scan, **given, **files)[1:]
    assert run_here(script, "super_resolve", words) == 0
    result, invented = (read_volume(path) for path in files.values())
    np.testing.assert_array_equal(invented.affine, result.affine)
    assert invented.data.min() > 0
    both = resolve(scan, tmp_path, uncertaintyVolume=tmp_path / "u.nrrd")
    assert both.code == 2 and "cannot tell its uncertainty" in both.stderr


def test_automatic_takes_no_notice_of_a_preset_and_tells_what_ran(scan, tmp_path, monkeypatch):
    """Slicer hands over all parameters, whether they matter or not."""
    from SuperResolveLib.slicer_cli import super_resolve as module
    from SuperResolveLib.slicer_cli.run import run as run_here

    asked, resolve_scan = {}, module.super_resolution.super_resolve

    def resolved(volume, **arguments):
        asked.update(arguments)
        quick = {**arguments, "method": "tikhonov", "combine": "average", "consistent": True}
        return replace(resolve_scan(volume, **quick), choice="chosen automatically: tikhonov, which is quick")

    monkeypatch.setattr(module.super_resolution, "super_resolve", resolved)
    given = {"inputVolume": scan, "outputVolume": tmp_path / "out.nrrd", "returnFile": tmp_path / "returned"}
    chosen = {"preset": "balanced", "combine": "fba", "noDataConsistency": True, "profileShape": "gaussian"}
    script, *words = command_line("SuperResolve", **given, **chosen)[1:]
    assert run_here(script, "super_resolve", words) == 0
    assert (asked["method"], asked["preset"], asked["combine"], asked["consistent"]) == ("auto", None, "fba", False)
    assert "choice = chosen automatically: tikhonov, which is quick\n" in (tmp_path / "returned").read_text()


def test_a_model_takes_the_place_of_the_method(scan, tmp_path, monkeypatch):
    """Slicer hands over method and preset all the same."""
    from SuperResolveLib.model import Card, Model
    from SuperResolveLib.slicer_cli import super_resolve as module
    from SuperResolveLib.slicer_cli.run import run as run_here

    card = Card(
        method="supervised",
        network="none",
        network_arguments={},
        operator="select",
        consistent=False,
        start="cubic",
        ratios=(2.0, 8.0),
        fwhm_ratios=None,
        voxels_mm=(1.0, 3.0),
    )
    asked = {}

    def resolved(volume, **arguments):
        asked.update(arguments)
        raise InputError("far enough")

    reading = ModuleType("models")
    reading.load_model = lambda path: Model(card, {"weight": np.frombuffer(path.read_bytes(), np.uint8)})
    monkeypatch.setitem(sys.modules, "SuperResolveLib.workflows.models", reading)
    monkeypatch.setattr(module.super_resolution, "super_resolve", resolved)
    (tmp_path / "m.safetensors").write_bytes(b"1")
    given = {"inputVolume": scan, "outputVolume": tmp_path / "out.nrrd", "model": tmp_path / "m.safetensors"}
    chosen = {"method": "smore", "preset": "fast", "combine": "fba", "noDataConsistency": True}
    script, *words = command_line("SuperResolve", **given, **chosen)[1:]
    assert run_here(script, "super_resolve", words) == 2
    assert asked["model"].card is card and (asked["method"], asked["preset"]) == ("auto", None)
    assert (asked["combine"], asked["consistent"]) == ("average", True)
    _, *words = command_line("SuperResolve", **given, returnFile=tmp_path / "m.safetensors")[1:]
    asked.clear()
    assert run_here(script, "super_resolve", words) == 2 and not asked
    assert (tmp_path / "m.safetensors").read_bytes() == b"1"


def corners(volume: Volume, affine: np.ndarray) -> np.ndarray:
    """Where an affine puts the volume's outermost voxels."""
    ends = np.array(list(np.ndindex(2, 2, 2))) * (np.array(volume.shape) - 1)
    return np.c_[ends, np.ones(8)] @ affine.T


def test_a_table_goes_before_a_shape(scan, tmp_path):
    write_profile(SliceProfile.rect(6.0, 1.8), tmp_path / "profile.tsv")
    done = resolve(scan, tmp_path, profileTable=tmp_path / "profile.tsv", outputSpacing=3.6)
    assert float(done.returned["fwhm"]) == pytest.approx(SliceProfile.rect(6.0, 1.8).fwhm_mm)
    assert read_volume(tmp_path / "out.nrrd").spacing[2] == pytest.approx(3.6, rel=1e-5)


def test_what_is_told_of_the_acquisition_reaches_both(scan, tmp_path):
    told = {"acquiredResolution": "3.6,1.8", "profileShape": "estimated"}
    done = resolve(scan, tmp_path, **told)
    assert "3.60 mm along i" in done.returned["warnings"]
    assert float(done.returned["fwhmLow"]) < float(done.returned["fwhmHigh"])
    assert 0 < float(done.returned["priorShare"]) < 1
    assert "3.60 mm along i" in done.returned["profileWarnings"]
    del told["profileShape"]
    done = run("EstimateSliceProfile", inputVolume=scan, returnFile=tmp_path / "returned", **told)
    assert "given as 3.60 mm along i" in done.returned["warnings"]
    assert any(line.startswith("warning: in-plane zero filling") for line in done.log)


def test_methods_without_presets_take_no_notice_of_one(scan, tmp_path):
    assert resolve(scan, tmp_path, method="bspline", preset="paper").code == 0
    assert run("EstimateSliceProfile", method="auto", preset="paper", inputVolume=scan).code == 0


def test_progress_rises_and_the_log_tells_the_story(scan, tmp_path):
    done = resolve(scan, tmp_path, profileShape="estimated")
    progress = [float(text) for text in done.reported("progress")]
    assert progress == sorted(progress) and progress[-1] == 1.0
    assert all(0 <= float(text) <= 1 for text in done.reported("stage-progress"))
    stages = [line.partition(" s  ")[2] for line in done.log if " s  " in line]
    assert stages[0] == "reading the scan" and stages[-2:] == ["writing the results", "done"]
    assert "fitting the power spectrum" in stages and "inverting the acquisition" in stages
    assert any(comment.startswith("fitting the power spectrum, gaussian") for comment in done.reported("comment"))
    assert any(line.startswith("rms width ") for line in done.log)
    assert not any("<" in line for line in done.log)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputVolume": "nothing.nrrd"}, "error: there is no file or folder nothing.nrrd: check the path"),
        (
            {"method": "magic"},
            "error: there is no method 'magic': choose one of auto, smore, instant, ",
        ),
        ({"seed": 2**31}, "error: seed cannot be 2147483648: give a number from 0 to 2147483647"),
        ({"outputVolume": "out.jpg"}, "error: the ending of out.jpg names no format to write"),
        ({"usedProfileTable": "used.xlsx"}, "error: the table usedProfileTable cannot be written as used.xlsx"),
        ({"residualVolume": "nowhere/residual.nrrd"}, "error: nowhere/residual.nrrd cannot be written"),
        ({"profileTable": __file__}, "error: "),
        ({"acquiredResolution": "0.5"}, "error: an acquired in-plane resolution of 0.5 mm along i is not possible"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(scan, tmp_path, monkeypatch, wrong, message):
    monkeypatch.chdir(tmp_path)
    done = resolve(scan, tmp_path, **wrong)
    assert done.code == 2
    assert done.stderr.startswith(message) and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_an_isotropic_volume_is_no_scan(isotropic, tmp_path):
    done = run("EstimateSliceProfile", inputVolume=isotropic, profileTable=tmp_path / "profile.tsv")
    assert done.code == 2 and done.stderr.startswith("error: the volume is already isotropic")
    assert os.listdir(tmp_path) == []


def test_an_output_is_not_written_over_the_scan(scan, tmp_path):
    copy = shutil.copy(scan, tmp_path / "scan.nrrd")
    done = resolve(copy, tmp_path, outputVolume=copy)
    assert done.code == 2 and "is given both as inputVolume and as outputVolume" in done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_tells_what_it_can_do(module):
    script = FOLDER / f"{module}.py"
    told = subprocess.run([sys.executable, script, "--xml"], env=environment(), capture_output=True, check=True)
    assert told.stdout.decode() == script.with_suffix(".xml").read_text(encoding="utf-8")
    helped = subprocess.run([sys.executable, script, "--help"], env=environment(), capture_output=True, check=True)
    flags = re.findall(r"<longflag.*?>(\w+)</longflag>", told.stdout.decode())
    assert flags and not [flag for flag in flags if f"--{flag}" not in helped.stdout.decode()]


@pytest.mark.parametrize("module", MODULES)
def test_slicer_takes_the_script_for_a_command_line_module(module):
    script = FOLDER / f"{module}.py"
    assert script.read_bytes().startswith(b"#!/usr/bin/env python-real\n")
    assert os.access(script, os.X_OK) or sys.platform == "win32"


@pytest.mark.parametrize("parent", ["cli-modules", "cli-modules/Release"])
def test_runs_where_slicer_installs_it(scan, tmp_path, parent):
    folder = tmp_path / "lib" / parent
    folder.mkdir(parents=True)
    for module in MODULES:
        for ending in (".py", ".xml"):
            shutil.copy(FOLDER / (module + ending), folder)
    library = tmp_path / "lib" / "qt-scripted-modules" / "SuperResolveLib"
    shutil.copytree(FOLDER / "SuperResolveLib", library, ignore=shutil.ignore_patterns("__pycache__"))
    method = library / "methods" / "bspline.py"
    method.write_text(method.read_text().replace('"interpolating"', '"interpolating, installed"'))
    done = resolve(scan, tmp_path, folder=folder, method="bspline")
    assert done.code == 0, done.stderr
    assert "interpolating, installed" in done.reported("comment")


@pytest.fixture
def without_packages(tmp_path, monkeypatch) -> None:
    """Processes in which packages that Slicer lacks cannot be imported."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {NOT_IN_SLICER}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
    )
    monkeypatch.setattr(cli_scripts, "environment", lambda: {**environment(), "PYTHONPATH": str(folder)})


def test_needs_nothing_that_slicer_lacks(without_packages, scan, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert resolve(scan, out).code == 0
    assert resolve(scan, out, method="bspline").code == 0
    done = run("EstimateSliceProfile", inputVolume=scan, profileTable=out / "profile.tsv")
    assert (done.code, done.stderr) == (0, "")


def test_says_that_torch_is_missing(without_packages, scan, tmp_path):
    done = resolve(scan, tmp_path, method="smore")
    assert done.code == 2 and done.stderr.startswith("error: this needs torch, which is not installed")
    assert done.stderr.count("\n") == 1
    done = run("EstimateSliceProfile", inputVolume=scan, method="espreso", preset="paper")
    assert done.code == 2 and done.stderr.startswith("error: this needs torch, which is not installed")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_being_killed_leaves_nothing_to_see(scan, tmp_path, number, code):
    # Where tests run in the background they ignore it, and so would their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = cli_scripts.start(
        "SuperResolve",
        method="smore",  # takes minutes
        inputVolume=scan,
        outputVolume=tmp_path / "out.nrrd",
        returnFile=tmp_path / "r",
    )
    assert any("training" in line for line in process.stdout)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert not [name for name in os.listdir(tmp_path) if not name.startswith(".")]


def test_ends_by_itself_when_nobody_listens(scan, tmp_path):
    words = command_line("SuperResolve", method="tikhonov", inputVolume=scan, outputVolume=tmp_path / "out.nrrd")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(timeout=PATIENCE) == 130
    assert said == b"cancelled\n"
    assert os.listdir(tmp_path) == []


def test_an_error_that_nobody_foresaw_is_in_the_log(scan, tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import numpy\ndef broken(*_, **__): raise ZeroDivisionError('of the test')\nnumpy.percentile = broken\n"
    )
    monkeypatch.setattr(cli_scripts, "environment", lambda: {**environment(), "PYTHONPATH": str(folder)})
    done = run("EstimateSliceProfile", inputVolume=scan)
    assert done.code == 1
    assert done.stderr == "error: an unexpected ZeroDivisionError ended the run: report it, with the log of the run\n"
    assert "ZeroDivisionError: of the test" in done.stdout
