"""The command's streams may be closed, full, unread, narrow, or of an encoding that lacks the characters."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from command_line import ENVIRONMENT
from SuperResolveLib import Volume, write_volume

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")

COMMAND = f"{sys.executable} -m SuperResolveLib"
RUN = f"{COMMAND} super-resolve scan.nii -o out.nii --method tikhonov --profile gaussian:30 --overwrite"


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    data = np.random.default_rng(0).normal(100, 20, (36, 36, 12)).astype(np.float32)
    path = tmp_path_factory.mktemp("scan") / "scan.nii"
    write_volume(Volume(data, np.diag([1.0, 1.0, 5.0, 1.0])), path)
    return path


@pytest.fixture
def shell(scan, tmp_path):
    """Run a shell command in an empty folder with the scan."""
    (tmp_path / "scan.nii").write_bytes(scan.read_bytes())

    def call(line: str, **environment: str) -> tuple[int, str, str]:
        process = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=tmp_path,
            env={**ENVIRONMENT, **environment},
            capture_output=True,
            timeout=120,
        )
        return process.returncode, process.stdout.decode("utf-8", "replace"), process.stderr.decode("utf-8", "replace")

    return call


@pytest.mark.parametrize(
    "streams",
    ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full", ">/dev/full 2>&1", "-v 2>/dev/full"],
)
def test_what_was_done_does_not_depend_on_who_listens(shell, tmp_path, streams):
    code, out, err = shell(f"{RUN} {streams}")
    assert (code, "Traceback" in out + err, "Exception ignored" in err) == (0, False, False)
    assert (tmp_path / "out.nii").stat().st_size == 352 + 4 * 36 * 36 * 60


@pytest.mark.parametrize("words", ["super-resolve --help", "methods", "--version"])
def test_a_reader_that_leaves_ends_nothing_badly(shell, words):
    code, _, err = shell(f"{COMMAND} {words} | head -c 0")
    assert (code, err) == (0, "")


def test_a_result_that_cannot_be_told_is_no_success(shell):
    for words in ("methods", "compare scan.nii scan.nii --mask none"):
        code, _, err = shell(f"{COMMAND} {words} >/dev/full")
        assert code == 2
        assert err.endswith("stdout: No space left on device; send it elsewhere\n") and err.count("error") == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"NO_COLOR": "1"},
    ],
)
def test_names_in_any_encoding_are_written_and_told(shell, tmp_path, environment):
    shell("mv scan.nii $'sc\\xe4n \\xc3\\xa9 $_1.nii'")  # latin-1, UTF-8, and a formula for a plot's title
    estimate = f"{COMMAND} estimate sc*.nii -o $'pr\\xe4 \\xc3\\xa9.tsv' --plot p.png --json j.json"
    code, out, err = shell(estimate, **environment)
    assert (code, "Traceback" in err) == (0, False), err
    assert "wrote    pr" in out
    assert json.loads((tmp_path / "j.json").read_text())["output"].endswith(".tsv")
    code, _, err = shell(f"{COMMAND} measure $'nothing \\xe4 \\xc3\\xa9.nii'", **environment)
    assert code == 2 and err.startswith("slice-profile-sr: error: there is no file or folder nothing")


def test_a_narrow_terminal(scan, tmp_path):
    import termios

    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (10, 40))
    arguments = ["super-resolve", str(scan), "-o", str(tmp_path / "out.nii"), "--method=tikhonov", "-v"]
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-m", "SuperResolveLib", *arguments], stdout=subprocess.PIPE, stderr=follower, env=environment
    )
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):  # when nobody writes any more
        while told := os.read(leader, 4096):
            shown += told
    os.close(leader)
    assert process.wait() == 0
    assert b"Traceback" not in shown
    bars = [line.split("\n")[0] for line in shown.decode().split("\r") if "%" in line]
    assert bars and max(map(len, bars)) <= 40
