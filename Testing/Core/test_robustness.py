"""The fuzz and kill commands: that they would see what is wrong, and that a sample of each finds nothing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from Experiments import command
from Experiments.robustness.dicom_inputs import SERIES
from Experiments.robustness.fuzz import KINDS, OUTPUT, Fuzzer
from Experiments.robustness.inputs import IMAGES, TABLE, scan
from Experiments.robustness.kills import _wrong
from Experiments.robustness.mutations import mutations_of
from Experiments.robustness.trial import MEMORY, Ending, violations
from SuperResolveLib.image_io.profile_table import read_profile
from SuperResolveLib.image_io.volumes import read_volume

SENTENCE = "slice-profile-sr: error: scan.nii cannot be read: check that it is complete"


@pytest.mark.parametrize("kind", [*IMAGES, *SERIES], ids=lambda kind: kind.name)
def test_every_unharmed_input_is_the_same_scan(kind, tmp_path):
    volume = read_volume(kind.write(tmp_path))
    stored = 2 * scan().data - 10 if kind in SERIES else scan().data
    np.testing.assert_array_equal(volume.data, stored)
    np.testing.assert_allclose(volume.affine, scan().affine, atol=2e-5)


def test_the_unharmed_table_is_a_profile(tmp_path):
    assert read_profile(TABLE.write(tmp_path)).fwhm_mm == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_mutations_repeat_and_every_one_can_be_made(kind, tmp_path):
    for number, mutate in enumerate(dict.fromkeys(mutations_of(kind, kind in SERIES))):
        done = []
        for copy in ("a", "b"):
            folder = tmp_path / f"{number}{copy}"
            folder.mkdir()
            kind.write(folder)
            done.append((mutate(np.random.default_rng(number), folder), _contents(folder)))
        assert done[0] == done[1]


def _contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("ending", "files", "wrong"),
    [
        (Ending(0, "", 0), [OUTPUT], []),
        (Ending(2, f"warning: odd\n{SENTENCE}\n", 0), [], []),
        (Ending(None, "", 0), [], ["no end"]),
        (Ending(-11, "", 0), [], ["signal 11"]),
        (Ending(1, "Traceback (most recent call last):\n", 0), [], ["traceback"]),
        (Ending(3, SENTENCE, 0), [], ["exit code 3"]),
        (Ending(2, SENTENCE, 0), [OUTPUT], ["partial file"]),
        (Ending(0, "", 0), [OUTPUT, ".a1"], ["partial file", "output missing"]),
        (Ending(0, "", 0), [], ["output missing"]),
        (Ending(2, "", 0), [], ["no sentence"]),
        (Ending(2, f"{SENTENCE}\n{SENTENCE}\n", 0), [], ["no sentence"]),
        (Ending(2, SENTENCE, 2 * MEMORY), [], [f"memory {2 * MEMORY / 2**20:.0f} MB"]),
    ],
)
def test_what_is_wrong_with_a_run(ending, files, wrong, tmp_path):
    for name in files:
        (tmp_path / name).touch()
    assert violations(ending, {OUTPUT}, tmp_path, usual_memory=1) == wrong


@pytest.mark.parametrize(
    ("signal", "code", "files", "wrong"),
    [
        ("SIGTERM", 143, {}, []),
        ("SIGTERM", 0, {"out.nii": b"all", "out.json": b'{"a": 2}'}, []),
        ("SIGKILL", -9, {".x": b"a"}, []),
        ("SIGKILL", -9, {"out.nii": b"al"}, ["partial out.nii"]),
        ("SIGKILL", -9, {"out.json": b'{"a": '}, ["partial out.json"]),
        ("SIGTERM", 143, {".x": b"a"}, [".x left"]),
        ("SIGTERM", 1, {}, ["exit code 1"]),
        ("SIGINT", 0, {"out.nii": b"all"}, ["exit 0 without its files"]),
    ],
)
def test_what_is_wrong_with_a_killed_run(signal, code, files, wrong, tmp_path):
    for folder in ("out", "tmp"):
        (tmp_path / folder).mkdir()
    for name, contents in files.items():
        (tmp_path / "out" / name).write_bytes(contents)
    whole = {"out.nii": b"all", "out.json": b'{"a": 1}'}
    assert _wrong(signal, code, tmp_path / "out", tmp_path / "tmp", whole) == wrong


def test_a_sample_of_mutated_inputs_is_answered_or_refused():
    fuzzer = Fuzzer(seed=1)
    outcomes = [fuzzer.run(number) for number in range(len(KINDS))]
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert {outcome.code for outcome in outcomes} == {0, 2}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_sample_of_kills_and_its_table(tmp_path):
    assert command.main(["kill", "--count=2", "--seed=3", f"--out={tmp_path}"]) == 0
    assert "0 of 2 handled wrongly" in (tmp_path / "kill.md").read_text()
