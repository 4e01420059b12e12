"""Fixtures: the module in a scene, with runs, views and a user that tests play, or with real runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

try:
    from host import Host
    from host.scripted_runner import ScriptedRunner
    from plays import COMPUTATION, Played, RecordedInstaller, RecordedViews
except ImportError as error:
    if ".so" not in str(error) and error.name not in ("PySide6", "slicer"):  # not the machine's fault
        raise
    missing = str(error)
    collect_ignore_glob = ["test_*.py"]
else:
    missing = ""


def pytest_report_header() -> str | None:
    """Say so where the panel's tests cannot run."""
    return f"NOT RUN: Testing/Slicer, as {missing}; CONTRIBUTING.md, Tests, tells what to install" if missing else None


@pytest.fixture
def runner() -> Iterator[ScriptedRunner]:
    """Runs that go on until the test ends them."""
    return ScriptedRunner()


@pytest.fixture
def script_runner() -> Iterator[Any]:
    """Runs of the CLI modules' scripts as processes."""
    from host.script_runner import ScriptRunner

    made = ScriptRunner(COMPUTATION)
    yield made
    made.close()


@pytest.fixture
def views() -> RecordedViews:
    """Views that note what they are to show."""
    return RecordedViews()


@pytest.fixture
def installer() -> RecordedInstaller:
    """A user who agrees to everything, and an installer that notes what it is to install."""
    return RecordedInstaller()


@pytest.fixture
def host(runner: Any, views: RecordedViews, installer: RecordedInstaller) -> Iterator[Host]:
    """The module in an empty scene; afterwards nothing may have been raised unseen."""
    with Played(runner, views, installer) as played:
        yield played
    assert not played.exceptions


@pytest.fixture
def real_host(script_runner: Any, views: RecordedViews, installer: RecordedInstaller) -> Iterator[Host]:
    """As ``host``, with real runs."""
    with Played(script_runner, views, installer) as played:
        yield played
    assert not played.exceptions


@pytest.fixture
def panel(host: Host) -> Any:
    """The panel, opened on an empty scene."""
    return host.open()


@pytest.fixture
def real_panel(real_host: Host) -> Any:
    """The panel, opened on an empty scene, with real runs."""
    return real_host.open()


@pytest.fixture
def logic(real_host: Host) -> Any:
    """The module's logic, as the console gets it, with real runs."""
    return real_host.make_logic()


@pytest.fixture
def cli_modules(host: Host) -> Iterator[Any]:
    """The CLI modules, run by Slicer's own logic in Slicer's own processing thread."""
    from host.cli_modules import CliModules

    modules = CliModules(host.app_logic, host.scene)
    for name in ("BringBackToSlices", "EstimateSliceProfile", "SuperResolve"):
        modules.add(COMPUTATION / f"{name}.py")
    yield modules
    modules.close()
