"""What several tests of the core share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# What passed once passes again; --hypothesis-profile=search looks for examples that nobody has seen yet.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real volumes: SLICEPROFILESR_DATA, or shared/data beside the checkout; tests skip where there are none."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SLICEPROFILESR_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"the real volumes are not here: there is no folder {folder} (SLICEPROFILESR_DATA names another)")
    return folder
