"""Files are written whole or not at all: what is refused before a run, what is kept, and what a killed run leaves."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import ENVIRONMENT
from SuperResolveLib import InputError
from SuperResolveLib.image_io import files
from SuperResolveLib.image_io.aside import sweep
from SuperResolveLib.image_io.files import check_paths, check_target, replacing, write_whole
from SuperResolveLib.image_io.locks import locked

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX modes and signals")

#: Begins to write a file, says so, and waits for ever.
WRITING = """
import sys, time
from SuperResolveLib.image_io.files import replacing
with replacing(sys.argv[1]) as hidden:
    hidden.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def writing(tmp_path):
    """A process in the middle of writing ``out.nii.gz``."""
    command = [sys.executable, "-c", WRITING, str(tmp_path / "out.nii.gz")]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_what_a_killed_run_left_is_removed_by_the_next_and_a_live_ones_is_not(writing, tmp_path):
    (left,) = names(tmp_path)
    assert left.startswith(".") and left.endswith(".nii.gz")
    (tmp_path / ".keep").touch()
    check_target(tmp_path / "out.nii.gz")
    with replacing(tmp_path / "other.nii.gz") as hidden:
        hidden.write_text("whole")
    assert names(tmp_path) == sorted([left, ".keep", "other.nii.gz"])
    writing.kill()
    writing.wait()
    write_whole(tmp_path / "out.nii.gz", b"whole")
    assert names(tmp_path) == [".keep", "other.nii.gz", "out.nii.gz"]


@posix
def test_a_run_that_is_told_to_end_leaves_nothing(writing, tmp_path):
    writing.send_signal(signal.SIGINT)
    writing.wait()
    assert names(tmp_path) == []


def test_a_hidden_file_of_this_process_is_not_swept(tmp_path):
    with replacing(tmp_path / "out.txt") as hidden:
        hidden.write_text("whole")
        sweep(tmp_path)
        assert hidden.exists()
    assert (tmp_path / "out.txt").read_text() == "whole"


@pytest.mark.parametrize("name", ["a" * 248 + ".nii.gz", "é" * 124 + ".nii.gz", "a." + "b" * 253])
def test_a_name_as_long_as_the_file_system_allows_is_written(tmp_path, name):
    write_whole(tmp_path / name, b"whole")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a" * 249 + ".nii.gz", "é" * 125 + ".nii.gz", "a\0.nii"])
def test_an_impossible_name_is_refused_and_named(tmp_path, name):
    with pytest.raises(InputError, match="choose another") as refused:
        check_target(tmp_path / name)
    assert name.replace("\0", "\\x00") in str(refused.value)
    assert names(tmp_path) == []


@posix
def test_a_full_disk_is_told_before_the_run_and_while_writing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(InputError, match=r"out\.nii cannot be written: No space left"):
            check_target(tmp_path / "out.nii")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"out\.nii cannot be written: No space left"):
        write_whole(tmp_path / "out.nii", b"whole")
    assert names(tmp_path) == []


@posix
def test_a_limit_on_the_size_of_files_leaves_nothing_and_is_no_success(tmp_path):
    code = "import resource as r, sys; r.setrlimit(r.RLIMIT_FSIZE, (5000, 5000))\n"
    code += "from SuperResolveLib.image_io.files import write_whole\n"
    code += "from SuperResolveLib.errors import InputError\n"
    code += "try: write_whole(sys.argv[1], bytes(6000))\nexcept InputError as error: sys.exit(str(error))"
    command = [sys.executable, "-c", code, str(tmp_path / "out.nii")]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 1 and "out.nii cannot be written: File too large" in done.stderr
    assert names(tmp_path) == []


def test_what_reads_back_differently_is_not_put_in_place(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "checksum", lambda path: "other")
    with pytest.raises(InputError, match="does not hold what was written"):
        write_whole(tmp_path / "out.nii", b"whole")
    assert names(tmp_path) == []


@posix
def test_the_mode_of_a_file_is_kept_and_a_new_one_follows_the_umask(tmp_path):
    secret, fresh = tmp_path / "secret.tsv", tmp_path / "fresh.tsv"
    secret.touch(0o600)
    before = os.umask(0o027)
    try:
        for path in (secret, fresh):
            write_whole(path, b"whole")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (secret, fresh)] == [0o600, 0o640]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_write_protected_file_is_never_replaced(tmp_path, overwrite):
    path = tmp_path / "out.nii"
    path.write_text("kept")
    path.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        check_paths({}, {"--output": path}, overwrite)
    with pytest.raises(InputError, match="write-protected"):
        write_whole(path, b"new")
    assert path.read_text() == "kept"


def test_an_existing_file_is_refused_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "out.nii"
    path.touch()
    with pytest.raises(InputError, match=r"out\.nii exists already: .*--overwrite"):
        check_paths({}, {"--output": path})
    check_paths({}, {"--output": path}, overwrite=True)


@pytest.mark.parametrize(
    ("scan", "there", "output", "told"),
    [
        ("scan.nii", "scan.nii", "scan.nii", "SCAN"),
        ("scan.nii.gz", "scan.json", "scan.json", "the sidecar of SCAN"),
        ("scan.mhd", "voxels.zraw", "voxels.zraw", "the data of SCAN"),
        ("scan.nhdr", "voxels.raw", "voxels.raw", "the data of SCAN"),
        ("series", "series/s01.dcm", "series/s01.dcm", "a file of SCAN"),
        ("scan.nii", "scan.nii", "hard.nii", "SCAN"),
        ("scan.nii", "scan.nii", "soft.nii", "SCAN"),
        ("series", "series/s01.dcm", "hard.nii", "a file of SCAN"),
    ],
)
def test_no_part_of_an_input_is_an_output(tmp_path, scan, there, output, told):
    (tmp_path / "series").mkdir()
    if scan.endswith("hdr"):
        (tmp_path / scan).write_text("NRRD0004\ndata file: voxels.raw\n")
    if scan.endswith("mhd"):
        (tmp_path / scan).write_text("NDims = 3\nElementDataFile = voxels.zraw\n")
    (tmp_path / there).touch()
    if output.startswith("hard"):
        os.link(tmp_path / there, tmp_path / output)
    if output.startswith("soft"):
        (tmp_path / output).symlink_to(tmp_path / there)
    with pytest.raises(InputError, match=f"is given both as {told} and as --json"):
        check_paths({"SCAN": tmp_path / scan}, {"--json": tmp_path / output}, overwrite=True)


def test_a_lock_keeps_others_waiting(tmp_path):
    code = "import sys; from SuperResolveLib.image_io.locks import try_lock\n"
    code += "with open(sys.argv[1], 'ab') as file: print(try_lock(file.fileno()))"
    command = [sys.executable, "-c", code, str(tmp_path / "record")]

    def another() -> str:
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout.strip()

    with (tmp_path / "record").open("ab") as file, locked(file):
        assert another() == "False"
    assert another() == "True"
