"""What an installation holds: the library and its command, and neither experiments nor tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files in the wheel, built from a copy of the source, as building leaves files behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    for name in ("SuperResolve", "Testing"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, source]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_holds_the_whole_library_and_nothing_else(names):
    library = {str(path.relative_to(PROJECT / "SuperResolve")) for path in (PROJECT / "SuperResolve").rglob("*.py")}
    scripts = {
        "BringBackToSlices.py",
        "EstimateSliceProfile.py",
        "SuperResolve.py",
        "TrainSuperResolution.py",
    }  # Slicer's; the command line has the command
    assert {name for name in names if name.endswith(".py")} == library - scripts
    assert "SuperResolveLib/py.typed" in names


def test_holds_no_experiment(names):
    assert not [name for name in names if "xperiment" in name or name.startswith("Testing")]


def test_installs_the_command(names):
    assert [name for name in names if name.endswith("entry_points.txt")]
