"""A run that is killed, at any moment, leaves no partial output; one that is told to end leaves nothing at all."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from command_line import start
from SuperResolveLib import Volume, read_volume, write_volume

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

ENDINGS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
PATIENCE = 120


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> Path:
    """Noise, which does not compress, so that writing the result takes a while."""
    path = tmp_path_factory.mktemp("scan") / "scan.nii"
    data = np.random.default_rng(0).normal(100, 20, (128, 128, 24)).astype(np.float32)
    write_volume(Volume(data, np.diag([1.0, 1.0, 5.0, 1.0])), path)
    return path


@pytest.fixture
def process(scan, tmp_path):
    arguments = ["super-resolve", scan, "-o", tmp_path / "out.nii.gz", "--json", tmp_path / "out.json"]
    process = start(*arguments, "--method=tikhonov", "--profile=gaussian:5", "--verbose", "--overwrite", bufsize=1)
    yield process
    process.kill()
    process.communicate()


def wait_for_stage(process, stage: str) -> None:
    for line in process.stderr:
        if stage in line:
            return
    raise AssertionError(f"the run ended before {stage!r}")


def wait_for_file(process, folder: Path, ending: str) -> None:
    started = time.monotonic()
    while not any(path.name.endswith(ending) and path.stat().st_size for path in folder.iterdir()):
        assert process.poll() is None, "the run ended before it wrote"
        assert time.monotonic() - started < PATIENCE
        time.sleep(0.001)


def check_ended(process, folder: Path, number: int) -> None:
    """What is left is whole, also where the signal arrived as files were put in place, or after."""
    process.communicate(timeout=PATIENCE)
    assert process.returncode in (ENDINGS[number], 0)
    files = {path.name for path in folder.iterdir()}
    aside = {name for name in files if name.startswith(".")}
    assert not aside or number == signal.SIGKILL  # which gives no chance to clean up
    assert files - aside in (set(), {"out.nii.gz"}, {"out.nii.gz", "out.json"})
    if "out.nii.gz" in files:
        assert read_volume(folder / "out.nii.gz").shape == (128, 128, 120)
    if "out.json" in files:
        assert json.loads((folder / "out.json").read_text())["method"] == "tikhonov"


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("stage", ["reading", "inverting", "writing"])
def test_at_the_beginning_of_a_stage(process, tmp_path, number, stage):
    wait_for_stage(process, stage)
    process.send_signal(number)
    check_ended(process, tmp_path, number)


@pytest.mark.parametrize("number", ENDINGS)
def test_in_the_middle_of_writing(process, tmp_path, number):
    wait_for_file(process, tmp_path, ".nii.gz")
    process.send_signal(number)
    check_ended(process, tmp_path, number)


def test_what_was_there_before_stays(scan, process, tmp_path):
    before = tmp_path / "out.nii.gz"
    before.write_bytes(b"an earlier result")
    wait_for_stage(process, "writing")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    if before.read_bytes() != b"an earlier result":  # the signal arrived after the new one was whole
        assert read_volume(before).shape == (128, 128, 120)
