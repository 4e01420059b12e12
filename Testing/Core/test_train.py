"""Training on a collection: from files to a model, killed and resumed, by one process and by two."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from small_training import SMALL, small_presets
from SuperResolveLib import InputError, Volume, load_model, read_volume, super_resolve, train, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.errors import Cancelled
from SuperResolveLib.methods.supervised.presets import PRESETS, PUBLISHED, Adversarial
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate

SCRIPT = Path(__file__).with_name("small_training.py")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects' thin volumes, a scan with thick slices, and a file that is none."""
    folder = tmp_path_factory.mktemp("scans")
    for number in range(3):
        volume = synthetic_anatomy(number, 40)
        (folder / f"sub-{number}").mkdir()
        write_volume(volume, folder / f"sub-{number}" / f"sub-{number}_T1w.nii.gz")
    thick = Volume(synthetic_anatomy(7, 40).data[:, :, ::4].copy(), np.diag([1.0, 1.0, 4.0, 1.0]))
    write_volume(thick, folder / "thick.nii.gz")
    (folder / "broken.nii.gz").write_bytes(b"nothing")
    return folder


@pytest.fixture(autouse=True)
def small():
    with small_presets():
        yield


def trained(scans: Path, folder: Path, **options):
    folder.mkdir(parents=True, exist_ok=True)
    return train("supervised", [scans], **{"iterations": 12, "work": folder, **options})


def test_from_files_to_a_model_that_restores(scans, tmp_path):
    said: list[str] = []
    result = trained(scans, tmp_path, say=said.append)
    card = result.model.card
    assert card.trained_on == {"scans": 2, "subjects": 2, "synthetic": 0, "modalities": ["T1w"]}
    assert card.validation is not None and set(card.validation) == {"scans", "subjects", "model", "spline", "tikhonov"}
    assert any("thick.nii.gz" in sentence and "thin volumes are needed" in sentence for sentence in said)
    assert any("broken.nii.gz" in sentence for sentence in said)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == list(range(1, 13))
    assert {"psnr", "ssim", "psnr_tikhonov", "psnr_spline", "loss"} <= set(lines[0])
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    truth = read_volume(scans / "sub-0" / "sub-0_T1w.nii.gz")
    profile = SliceProfile.gaussian(2.5, 1.0)
    scan = simulate(truth, profile, 2.5, "k")
    restored = super_resolve(scan, profile, model=result.model, like=truth)
    assert restored.shape == truth.shape and restored.method == "supervised"


def test_validation_holds_no_subject_of_the_training_set(scans, tmp_path):
    with pytest.raises(InputError, match="subject"):
        train("supervised", [scans / "sub-0"], iterations=2, validate=0.5, work=tmp_path)


def test_nothing_that_can_serve_is_one_sentence(scans, tmp_path, capsys):
    code = main(["train", "supervised", str(scans / "thick.nii.gz"), "-o", str(tmp_path / "m.safetensors")])
    assert code == 2
    told = capsys.readouterr().err
    assert "thin volumes are needed" in told and "Traceback" not in told
    assert not list(tmp_path.glob("*.safetensors"))


def start(scans: Path, model: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), "train", "supervised", str(scans), "-o", str(model), "--iterations", "12"]
    command += ["--checkpoint-minutes", "0.0005", "--seed", "3", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finished(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return out


def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(scans, tmp_path):
    whole = tmp_path / "whole.safetensors"
    finished(start(scans, whole))
    killed = tmp_path / "killed.safetensors"
    process = start(scans, killed)
    log = tmp_path / "killed.training" / "metrics.jsonl"
    deadline = time.monotonic() + 100
    while not (log.exists() and len(log.read_text().splitlines()) >= 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not killed.exists()
    out = finished(start(scans, killed, "--resume"))
    assert "going on from iteration" in out
    assert killed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "killed.training").exists()  # nothing is left to go on from


def test_resume_without_a_checkpoint_starts_anew_and_says_so(scans, tmp_path):
    said: list[str] = []
    trained(scans, tmp_path, resume=True, iterations=2, say=said.append)
    assert any("no checkpoint" in sentence and "starting anew" in sentence for sentence in said)


def test_a_checkpoint_of_another_run_is_refused(scans, tmp_path):
    trained(scans, tmp_path, iterations=4, seed=1)
    with pytest.raises(InputError, match="seed 1, now 2"):
        trained(scans, tmp_path, iterations=4, seed=2, resume=True)


def test_cancelled_leaves_a_checkpoint(scans, tmp_path):
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        trained(scans, tmp_path, progress=cancel)
    said: list[str] = []
    trained(scans, tmp_path, resume=True, say=said.append)
    assert said[-1].startswith("going on from iteration")


def test_two_processes_that_share_batches_train_the_same(scans, tmp_path):
    alone = trained(scans, tmp_path / "one", iterations=4, validate=0.0)
    command = [sys.executable, str(SCRIPT), "train", "supervised", str(scans), "-o", str(tmp_path / "two.safetensors")]
    report, figure = tmp_path / "two.json", tmp_path / "two.png"
    command += ["--iterations", "4", "--validate", "0", "--devices", "2", "--device", "cpu"]
    command += ["--json", str(report), "--plot", str(figure)]
    finished(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    shared = load_model(tmp_path / "two.safetensors")
    for name, tensor in alone.model.tensors.items():
        assert np.allclose(shared.tensors[name], tensor, rtol=1e-4, atol=1e-6), name
    told = json.loads(report.read_text())
    assert (told["method"], told["iterations"], len(told["left_out"])) == ("supervised", {"regression": 4}, 2)
    assert told["seconds"] > 0 and figure.read_bytes().startswith(b"\x89PNG")


def test_without_validation_all_is_trained_and_the_last_state_is_kept(scans, tmp_path):
    validations = 26  # more than the patience of a run that is judged
    result = trained(scans, tmp_path, iterations=validations, validate=0.0)
    assert [entry["iteration"] for entry in result.entries] == list(range(1, validations + 1))
    kept = trained(scans, tmp_path / "few", iterations=1, validate=0.0).model
    assert any(not np.array_equal(kept.tensors[name], result.model.tensors[name]) for name in kept.tensors)


def test_goes_on_from_a_model_but_not_of_another_network(scans, tmp_path):
    first = trained(scans, tmp_path / "a", iterations=3, validate=0.0).model
    second = trained(scans, tmp_path / "b", iterations=3, validate=0.0, from_model=first).model
    assert any(not np.array_equal(first.tensors[name], second.tensors[name]) for name in first.tensors)
    with pytest.raises(InputError, match="another network"):
        trained(scans, tmp_path / "c", iterations=3, network="dcsrn", from_model=first)


def test_mdcsrn_as_published_goes_on_against_its_critic(scans):
    published = replace(SMALL, patch=8, iterations=4, averaging=0.0, adversarial=Adversarial(8, 1e-3))
    small = replace(PRESETS["paper"], networks={"mdcsrn": {"growth": 2, "blocks": 1, "units": 1}})
    with patch.dict(PRESETS, paper=small), patch.dict(PUBLISHED, mdcsrn=published):
        both = train("supervised", [scans], preset="paper", network="mdcsrn").model
        first = train("supervised", [scans], preset="paper", network="mdcsrn", stages=("regression",)).model
        with pytest.raises(InputError, match="goes on from what the stage regression trained"):
            train("supervised", [scans], preset="paper", network="mdcsrn", stages=("adversarial",))
        later = train(
            "supervised", [scans], preset="paper", network="mdcsrn", stages=("adversarial",), from_model=first
        ).model
    assert later.card.stages == ("adversarial",)
    assert both.card.stages == ("regression", "adversarial") and both.card.losses["adversarial"] == 1e-3
    assert both.card.iterations == {"regression": 4, "adversarial": 8}
    assert any(not np.array_equal(both.tensors[name], first.tensors[name]) for name in first.tensors)
    with pytest.raises(InputError, match="no stage 'adversarial' with the network deepresolve and the preset fast"):
        train("supervised", [scans], network="deepresolve", stages=("regression", "adversarial"))


def test_hours_end_it(scans, tmp_path):
    said: list[str] = []
    result = trained(scans, tmp_path, iterations=None, hours=0.002, say=said.append)
    assert any("iterations, about" in sentence for sentence in said)
    assert result.seconds < 60


def test_synthetic_anatomy_alone_will_do(tmp_path):
    result = train("supervised", synthetic=2, iterations=2, work=tmp_path, validate=0.0)
    assert result.model.card.trained_on["synthetic"] == 2


def test_thick_scans_alone_teach_xuan(scans, tmp_path):
    kept = tmp_path / "synthesis"
    options = {"keep_synthesis": kept}
    trained_on = {"validate": 0.0, "ratios": (4.0, 4.0), "iterations": 6, "options": options, "work": tmp_path}
    model = train("xuan", [scans / "thick.nii.gz"], **trained_on).model
    assert (model.card.operator, model.card.stages) == ("select", ("synthesis", "generator"))
    assert not [name for name in model.tensors if "encoder" in name or "decoder" in name]
    (path,) = kept.iterdir()
    scan, thin = read_volume(scans / "thick.nii.gz"), read_volume(path)
    assert thin.shape == (40, 40, 4 * 9 + 1) and thin.spacing == pytest.approx((1, 1, 1))
    restored = super_resolve(scan, SliceProfile.rect(4.0, 1.0), model=model)
    assert any("not their thickness" in warning for warning in restored.warnings)
    assert restored.data_consistency_rmse < 1


def test_xuan_goes_on_in_its_second_stage(scans, tmp_path):
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if "generator" in stage and (stage_fraction or 0) > 0.4:
            raise Cancelled

    options = {"validate": 0.0, "iterations": 8, "seed": 2}
    whole = train("xuan", [scans / "thick.nii.gz"], work=tmp_path / "a", **options).model
    with pytest.raises(Cancelled):
        train("xuan", [scans / "thick.nii.gz"], work=tmp_path / "b", progress=cancel, **options)
    resumed = train("xuan", [scans / "thick.nii.gz"], work=tmp_path / "b", resume=True, **options).model
    assert all(np.array_equal(whole.tensors[name], resumed.tensors[name]) for name in whole.tensors)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hours": 1.0}, "both say how long"),
        ({"preset": "quick"}, "no preset 'quick'"),
        ({"network": "unet"}, "no network 'unet'"),
        ({"stages": ("synthesis",)}, "no stage 'synthesis'"),
        ({"options": {"keep_synthesis": "x"}}, "no option --keep-synthesis"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(options, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        train("supervised", [tmp_path / "missing"], **{"iterations": 2, **options})
