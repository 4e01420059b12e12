"""The experiments on CT-guided super-resolution: that every part runs and goes on where it was, and what it judges."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from Experiments.case import Case
from Experiments.command import DATA_VARIABLE
from Experiments.command import main as run_experiment
from Experiments.ct_guided import trained
from Experiments.ct_guided.command import PARTS
from Experiments.ct_guided.plan import CT, Plan, coarser
from Experiments.ct_guided.rows import drift
from SuperResolveLib import Volume, write_volume
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.degradation import cubic_reading
from SuperResolveLib.physics.phantom.head_phantom import head_phantom

#: Networks that learn nothing in no time.
TOY = ["--size", "36", "--iterations", "2", "--pseudo", "1", "--joint", "1", "--learned", "1", "--synthetic", "1"]
TOY += ["--blocks", "1", "--layers", "1", "--channels", "2", "--width", "2", "--batch", "1", "--patch", "24"]
TOY += ["--joint-patch", "24", "--features", "none"]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as that of the shared data, with two subjects' heads and two volumes of CT."""
    folder = tmp_path_factory.mktemp("data")
    for place in ("iso", "ct"):
        (folder / place).mkdir()
    heads = [head_phantom((48, 48, 49), 3.5, seed=seed) for seed in range(2)]
    for name, head in zip(("a_t1", "b_t1"), heads, strict=True):
        write_volume(head, folder / "iso" / f"{name}.nii.gz")
    for file, head in zip(CT.values(), heads, strict=True):
        scaled = 2000 * head.data / head.data.max() - 1000
        write_volume(head.on_grid(scaled.astype(np.float32), head.affine), folder / file)
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all parts, which share networks."""
    return tmp_path_factory.mktemp("out")


@pytest.fixture(autouse=True)
def small_anatomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "synthetic_anatomy", lambda seed: synthetic_anatomy(seed, 40))


def run(scans: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setenv(DATA_VARIABLE, str(scans))
    return run_experiment(["ct-guided", words[0], *TOY, *words[1:], "--out", str(out)])


@pytest.mark.parametrize(
    ("part", "more", "cells"),
    [
        ("table1", ["--rows", "bicubic", "b-spline", "tikhonov", "ct-guided", "ct-guided fast", "rdn"], 6),
        ("table1", ["--rows", "bicubic", "ct-guided fast", "--kinds", "thin", "--mr", "own"], 6 + 2),
        ("table2", [], 7),
        ("anatomy", [], 8),
        ("figure4", [], 2),
    ],
)
def test_each_part_writes_its_files(part, more, cells, scans, out, monkeypatch) -> None:
    assert run(scans, out, monkeypatch, part, *more) == 0
    name = f"ct-guided-{part}"
    assert all((out / f"{name}.{ending}").stat().st_size for ending in ("csv", "md", "png"))
    with (out / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == cells and all(math.isfinite(float(row["psnr"])) for row in rows if row.get("psnr"))
    text = (out / f"{name}.md").read_text()
    assert str(scans) not in text and "22.1 million" in text
    assert {row["trained_on"] for row in rows} <= {"b_t1", "its own slices, a_t1", ""}


def test_networks_are_trained_once_and_shared_among_parts(scans, out, monkeypatch, capsys) -> None:
    for step in ("supervised.SupervisedStep", "ct_guided.joint.JointStep"):
        room = "training" if step.startswith("supervised") else "methods"
        monkeypatch.setattr(f"SuperResolveLib.{room}.{step}.update", None)
    assert run(scans, out, monkeypatch, "table2") == 0
    assert "7 of them finished already" in capsys.readouterr().err
    assert run(scans, out, monkeypatch, "anatomy", "--rows", "thigh/ct", "--seed", "0") == 0
    (out / "ct-guided-anatomy.jsonl").unlink()
    assert run(scans, out, monkeypatch, "anatomy", "--rows", "bicubic", "thigh/ct", "thigh/joint") == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--held-out", "x"], "x cannot be held out"),
        (["--rows", "x"], "there is no row 'x'"),
        (["--ratio", "1"], "a ratio of 1 is not possible"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(words, message, scans, out, monkeypatch, capsys) -> None:
    assert run(scans, out, monkeypatch, "table1", *words) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_all_that_are_promised_are_there() -> None:
    assert PARTS.keys() == {"table1", "table2", "anatomy", "figure4"}
    compared = {"bicubic", "b-spline", "tikhonov", "tscn", "zssr", "smore", "ct-guided", "rdn", "reconresnet"}
    assert compared <= set(PARTS["table1"].rows)


def test_the_truth_does_not_drift_from_its_scan_and_an_interpolation_does() -> None:
    truth = head_phantom((30, 32, 49), 5.0, seed=1)
    for kind in ("thin", "thick"):
        case = Case.of(truth, kind, 4.0, "k")
        assert drift(case, truth) < 1e-4
    assert drift(case, case.interpolated(cubic_reading)) > 0.1


def test_fine_ct_is_averaged_to_the_scale_of_heads_in_its_place() -> None:
    data = np.random.default_rng(0).random((9, 6, 5), np.float32)
    made = coarser(Volume(data, np.diag([0.45, 0.5, 1.0, 1.0])))
    assert made.shape == (4, 3, 5) and made.spacing == pytest.approx((0.9, 1.0, 1.0))
    np.testing.assert_allclose(made.data[0, 0, 0], data[:2, :2, 0].mean(), rtol=1e-6)
    assert made.affine[0, 3] == pytest.approx(0.225)


def test_presets_have_the_sizes_that_are_asked_for_and_are_otherwise_the_methods_own() -> None:
    plan = Plan({}, {}, Path(), channels=7, batch=3, rate=0.5)
    paper, fast = plan.preset("paper"), plan.preset("fast")
    assert paper.networks["srnet"]["growth"] == fast.networks["srnet"]["channels"] == 7
    assert (paper.published, fast.published) == (True, False) and (paper.batch, paper.learning_rate) == (3, 0.5)
    assert fast.learning_rate != 0.5 and paper.joint.minimax and not fast.joint.minimax
