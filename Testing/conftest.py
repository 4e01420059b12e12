"""What the tests of the computation and of the panel share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes, which together use the processors
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real volumes: SLICEPROFILESR_DATA, or shared/data beside the checkout; tests skip where there are none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SLICEPROFILESR_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"the real volumes are not here: there is no folder {folder} (SLICEPROFILESR_DATA names another)")
    return folder
