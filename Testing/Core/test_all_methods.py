"""The experiment that sets all methods side by side: who is trained on what, and that a run goes on where it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from Experiments.all_methods import TOLD, Fold
from Experiments.command import main as run_experiment
from SuperResolveLib import write_volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.physics.phantom.head_phantom import head_phantom


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("heads")
    files = {name: folder / f"{name}.nii.gz" for name in ("a_t1", "b_t1")}
    for seed, file in enumerate(files.values()):
        write_volume(head_phantom((52, 52, 53), 3.5, seed=seed), file)
    return files


def run(heads: dict[str, Path], out: Path, *words: str) -> int:
    volumes = [str(file) for file in heads.values()]
    return run_experiment(["methods", "--volumes", *volumes, "--size", "28", *words, "--out", str(out)])


def test_of_every_method_is_told_what_it_needs_and_may_invent() -> None:
    assert set(TOLD) == {*METHODS, *TRAINABLES}


def test_methods_are_trained_on_the_other_heads_and_judged_on_the_one_held_out(heads, tmp_path, capsys) -> None:
    words = ["--methods", "tikhonov", "supervised", "--iterations", "supervised=2", "--cells", "gaussian:3@3"]
    assert run(heads, tmp_path, *words) == 0
    with (tmp_path / "methods.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["volume"], row["method"], row["preset"]) for row in rows] == [
        ("a_t1", "tikhonov", ""),
        ("a_t1", "supervised", "fast, 2 iterations"),
    ]
    assert rows[1]["training_seconds"] and not rows[0]["training_seconds"]
    trained, _ = Fold(heads, "a_t1", 0, tmp_path / "methods-work", {"supervised": 2}).trained("supervised")
    assert trained.card.trained_on["scans"] == 1
    capsys.readouterr()
    assert run(heads, tmp_path, *words) == 0 and "2 of them finished already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--held-out", "c"], "c cannot be held out"),
        (["--methods", "magic"], "there is no method 'magic'"),
        (["--methods", "ct-guided"], "name it by --ct"),
        (["--methods", "tikhonov", "--iterations", "smore=3"], "'smore=3' is no number of iterations"),
    ],
)
def test_what_cannot_be_run_is_told(heads, tmp_path, capsys, words: list[str], message: str) -> None:
    assert run(heads, tmp_path, *words) == 2 and message in capsys.readouterr().err
