"""A new method is one file and one line in the registry: command, report, logic and CLI modules then know it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import toy_method
from cli_scripts import FOLDER
from command_line import run_python
from SuperResolveLib import InputError, SliceProfile, Volume, read_volume, super_resolve, write_volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.slicer_cli.arguments import Arguments
from SuperResolveLib.slicer_cli.describe import described

REGISTER = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import toy_method; sys.modules["SuperResolveLib.methods.toy"] = toy_method
from SuperResolveLib.methods.registry import METHODS
METHODS.homes["toy"] = "methods.toy:Toy"
from SuperResolveLib.command.main import main
"""


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> type[toy_method.Toy]:
    """The toy, registered for the test."""
    monkeypatch.setitem(sys.modules, "SuperResolveLib.methods.toy", toy_method)
    monkeypatch.setitem(METHODS.homes, "toy", "methods.toy:Toy")
    return toy_method.Toy


@pytest.fixture(scope="module")
def scan() -> Volume:
    data = np.random.default_rng(0).normal(100, 10, (24, 26, 12)).astype(np.float32)
    return Volume(data, np.diag([1.0, 1.0, 4.0, 1.0]))


@pytest.fixture(scope="module")
def scan_file(scan: Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "scan.nii"
    write_volume(scan, path)
    return path


def test_the_command_lists_it_and_offers_it(toy):
    listed = run_python(REGISTER + "main(['methods']); main(['super-resolve', '--help'])")
    assert "Picks the nearest slice." in listed
    assert "auto|smore|instant|edssr|zssr|tscn|tikhonov|bspline|toy" in listed  # the choices of --method
    assert "toy: plain, bright" in " ".join(listed.split())


def test_the_command_runs_it_and_the_report_tells_of_it(scan_file, tmp_path, toy):
    arguments = ["super-resolve", str(scan_file), "-o", str(tmp_path / "out.nii"), "--method", "toy"]
    arguments += ["--preset", "bright", "--profile", "rect:4", "--json", str(tmp_path / "report.json")]
    run_python(REGISTER + f"assert main({arguments!r}) == 0")
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["method"], report["preset"], report["operator"]) == ("toy", "bright", "select")
    assert "toys are not for patients" in report["warnings"]
    assert any("not their thickness" in warning for warning in report["warnings"])
    assert read_volume(tmp_path / "out.nii").shape == (24, 26, 48)


def test_its_result_is_made_consistent_by_its_operator(scan, toy):
    result = super_resolve(scan, SliceProfile.rect(4, 1.0), "toy", preset="bright")
    # The planes of the answer lie between the slices: selecting reads them by cubic convolution.
    at_slice = np.array([-0.0625, 0.5625, 0.5625, -0.0625])
    middle = np.tensordot(result.data[:, :, 20:24], at_slice, axes=1)
    np.testing.assert_allclose(middle, scan.data[:, :, 5], atol=0.2 * result.noise)
    assert result.data_consistency_rmse < 0.2
    plain = super_resolve(scan, SliceProfile.rect(4, 1.0), "toy", consistent=False)
    np.testing.assert_array_equal(plain.data[:, :, 20:24], np.repeat(scan.data[:, :, 5:6], 4, axis=2))


def test_what_it_cannot_do_is_refused(scan, toy):
    with pytest.raises(InputError, match="toy cannot tell its uncertainty: choose smore"):
        super_resolve(scan, SliceProfile.rect(4, 1.0), "toy", uncertainty=True)
    with pytest.raises(InputError, match="toy has no preset 'fast': choose one of plain, bright"):
        super_resolve(scan, SliceProfile.rect(4, 1.0), "toy", preset="fast")


def test_the_cli_module_is_described_with_it(toy):
    text = described("SuperResolve", (FOLDER / "SuperResolve.xml").read_text(encoding="utf-8"))
    assert "<element>toy</element>" in text and "<element>bright</element>" in text
    assert "toy: Picks the nearest slice." in text


def test_the_cli_module_takes_a_preset_of_its_own_only(toy):
    assert Arguments({"preset": "bright"}, None).preset(toy.info) == "bright"
    assert Arguments({"preset": "fast"}, None).preset(toy.info) is None
