"""Fixtures that play Slicer, empty or with the extension loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

try:
    from host import Host
    from scans import load_extension
except ImportError as error:
    if ".so" not in str(error) and error.name not in ("PySide6", "slicer"):  # not the machine's fault
        raise
    missing = str(error)
    collect_ignore_glob = ["test_*.py"]
else:
    missing = ""


def pytest_report_header() -> str | None:
    """Say so where the panel's tests cannot run."""
    return f"NOT RUN: Testing/Slicer, as {missing}; README.md, Development, tells what to install" if missing else None


@pytest.fixture
def host() -> Iterator[Host]:
    """Slicer with nothing loaded; afterwards nothing may have been raised unseen or gone wrong silently."""
    with Host() as played:
        yield played
    assert not played.exceptions
    assert not played.violations


@pytest.fixture
def extension(host: Host) -> Host:
    """Slicer with the extension, its panel not yet opened."""
    load_extension(host)
    return host


@pytest.fixture
def panel(extension: Host) -> Any:
    """The panel, opened on an empty scene."""
    return extension.enterModule("SliceProfileSR")


@pytest.fixture
def logic(extension: Host) -> Any:
    """The module's logic, as the console gets it."""
    import slicer

    return slicer.util.getModuleLogic("SliceProfileSR")
