"""``slice-profile-sr evaluate``: what is simulated, restored and compared is told in a table, as done by hand."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from SuperResolveLib import Cancelled, InputError, SliceProfile, Volume, evaluate, super_resolve, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.image_io.model_file import write_model
from SuperResolveLib.methods.networks import build_network, tensors_of
from SuperResolveLib.metrics.image_quality import compare, inside_field_of_view
from SuperResolveLib.model import Card, Model
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.evaluation_outputs import table_lines
from SuperResolveLib.workflows.report import evaluate_report

PROFILE = SliceProfile.gaussian(15.0, 5.0)
METHODS = ("bspline", "tikhonov")


@pytest.fixture(scope="module")
def volumes() -> dict[str, Volume]:
    return {f"head {seed}": head_phantom((36, 40, 36), spacing=5.0, seed=seed) for seed in (1, 2)}


@pytest.fixture(scope="module")
def model() -> Model:
    """One that adds nothing to the spline."""
    network = build_network("deepresolve", {"layers": 2, "channels": 2, "zero_last": True})
    card = Card(
        method="supervised",
        network="deepresolve",
        network_arguments=network.arguments,
        operator="profile",
        consistent=False,
        start="spline",
        ratios=(2.0, 6.0),
        fwhm_ratios=(0.5, 1.5),
        voxels_mm=(4.0, 6.0),
    )
    return Model(card, tensors_of(network))


def test_scores_are_those_of_simulating_restoring_and_comparing_by_hand(volumes, model):
    found = evaluate(volumes, PROFILE, 3.3, "j", METHODS, {"mine": model}, mask=None, device="cpu")
    assert [(each.volume, each.method) for each in found.scores] == [
        (volume, method) for volume in volumes for method in (*METHODS, "mine")
    ]
    truth = volumes["head 2"]
    scan = simulate(truth, PROFILE, 3.3, "j")
    result = super_resolve(scan, PROFILE, "tikhonov", axis="j", like=truth)
    expected = compare(truth, result, inside_field_of_view(truth, scan))
    score = found.scores[4]
    assert (score.psnr, score.ssim, score.rmse, score.hfen) == (
        expected.psnr,
        expected.ssim,
        expected.rmse,
        expected.hfen,
    )
    assert found.scores[2].psnr == pytest.approx(found.scores[0].psnr, abs=1e-3)
    assert found.means[1].psnr == pytest.approx((found.scores[1].psnr + found.scores[4].psnr) / 2)
    assert 0 < score.sharpness < 1.5 and score.looks is None
    assert [section.title for section in found.sections] == ["truth", "scan", *METHODS, "mine"]
    assert found.sections[2].image.shape == (truth.shape[1], truth.shape[2])
    assert found.sections[1].image.shape == (scan.shape[1], truth.shape[2])


def test_the_table_has_a_row_for_each_and_means(volumes):
    found = evaluate(volumes, PROFILE, 4.0, methods=METHODS)
    lines = table_lines(found)
    assert re.split(r" {2,}", lines[0]) == ["volume", "method", "PSNR", "SSIM", "HFEN", "sharpness k", "CPU-s"]
    assert len(lines) == 1 + 2 * len(METHODS) + len(METHODS) and lines[-1].startswith("mean ")
    assert f"{found.scores[0].psnr:.2f}" in lines[1]
    alone = evaluate({"one": volumes["head 1"]}, PROFILE, 4.0, methods=METHODS)
    assert len(table_lines(alone)) == 1 + len(METHODS)


def test_every_key_of_its_report_is_in_the_reference(volumes):
    report = evaluate_report(evaluate({"one": volumes["head 1"]}, PROFILE, 4.0, methods=["bspline"]))
    page = (Path(__file__).parents[2] / "docs/reference/json.md").read_text(encoding="utf-8")
    assert set(report) | set(report["rows"][0]) | {"volumes", "models"} <= set(re.findall(r"`(\w+)`", page))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"methods": ["magic"]}, "there is no super-resolution method 'magic'"),
        ({"methods": ["bspline:fast"]}, "bspline has no presets"),
        ({"methods": ["bspline", "bspline"]}, "bspline is named twice"),
        ({"volumes": {}}, "there is no volume to evaluate on"),
        ({"ratio": 9.0}, "at a ratio of 9, 36 planes give 4 slices"),
        ({"profile": SliceProfile.rect(0.3, 5.0)}, "is not plausible"),
        ({"features": "magic"}, "magic"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_restored(volumes, changes, sentence):
    arguments = {"volumes": volumes, "profile": PROFILE, "ratio": 4.0, "methods": ["bspline"], **changes}
    told: list[float] = []
    with pytest.raises(InputError, match=sentence):
        evaluate(**arguments, progress=lambda fraction, *_: told.append(fraction))
    assert not told


def test_can_be_cancelled_and_progress_ends_at_1(volumes):
    told: list[float] = []
    evaluate(volumes, PROFILE, 4.0, methods=METHODS, progress=lambda fraction, *_: told.append(fraction))
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)

    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if fraction > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate(volumes, PROFILE, 4.0, methods=METHODS, progress=cancel)


@pytest.fixture
def folder(volumes, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_volume(volumes["head 1"], "hr.nii.gz")
    write_model(model, "mine.safetensors")
    return tmp_path


USUAL = ["evaluate", "hr.nii.gz", "--ratio", "4", "--profile", "gaussian:15"]


def test_the_command_prints_and_writes_the_table(folder, capsys):
    written = ["--table", "t.tsv", "--json", "t.json", "--plot", "t.png"]
    named = ["--method", "bspline", "--method", "tikhonov", "--model", "mine.safetensors", "--mask", "none"]
    assert main([*USUAL, *named, *written]) == 0
    out = capsys.readouterr().out
    assert re.search(r"hr\.nii\.gz +tikhonov +\d", out) and re.search(r"hr\.nii\.gz +mine\.safetensors +\d", out)
    with open("t.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    report = json.loads(Path("t.json").read_text())
    assert [row["method"] for row in rows] == ["bspline", "tikhonov", "mine.safetensors"]
    assert float(rows[1]["psnr"]) == pytest.approx(report["rows"][1]["psnr"], rel=1e-5)
    assert report["volumes"] == ["hr.nii.gz"] and report["mask"] == "none"
    assert Path("t.png").read_bytes().startswith(b"\x89PNG")
    assert main([*USUAL, *named, *written]) == 2
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "magic"], "there is no super-resolution method 'magic'"),
        (["--table", "t.csv"], "use a name that ends in .tsv"),
        (["--plot", "t.bmp"], "use a name that ends in .png"),
        (["--model", "none.safetensors"], "none.safetensors"),
        (["--heads", "h.pth"], "name them by --features"),
        (["hr.nii.gz"], "is given twice"),
        (["nothing.nii"], "nothing.nii"),
        (["--json", "hr.nii.gz", "--overwrite"], "is given both as HR 1 and as --json"),
        (["--device", "cuda", "--method", "bspline", "--method", "tikhonov"], "cuda"),
    ],
)
def test_the_command_refuses_in_a_sentence_and_writes_nothing(folder, capsys, arguments, sentence):
    before = sorted(folder.iterdir())
    assert main([*USUAL, "--json", "j.json", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_figure_is_drawn_whatever_the_axis(folder, capsys):
    for axis in "ij":
        assert main([*USUAL, "--axis", axis, "--method", "bspline", "--plot", f"{axis}.png"]) == 0
        assert np.all([Path(f"{axis}.png").stat().st_size > 1000])
