"""What can be chosen for a training in the panel: the options of each method, refused at once where they cannot be."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from SuperResolveLib.workflows.training_call import call_of
from SuperResolveLib.workflows.training_request import Request
from SuperResolveLib.workflows.training_state import TrainingState, read_call, write_call, write_state


@pytest.fixture
def started(host, monkeypatch) -> list[list[str]]:
    """The command lines of the trainings that were started; none is."""
    from SliceProfileSRLib.training.detachedScript import DetachedScript

    lines: list[list[str]] = []

    def start(self, arguments, log):
        lines.append(list(arguments))
        return subprocess.Popen([sys.executable, "-S", "-c", ""])

    monkeypatch.setattr(DetachedScript, "start", start)
    return lines


@pytest.fixture
def opened(panel):
    """The panel with the section open."""
    return unfolded(panel)


def unfolded(panel):
    panel.ui.trainingCollapsibleButton.setProperty("collapsed", False)
    return panel


def choose(panel, method: str) -> None:
    panel.ui.trainingMethodComboBox.setCurrentIndex(panel.ui.trainingMethodComboBox.findData(method))


def rows(panel) -> dict:
    """The rows of the options that are shown, by name."""
    found = panel.panel._trainingSection._options._rows
    return {name: row for name, row in found.items() if not row.label.isHidden()}


def test_each_method_has_its_own_options(opened):
    shown = {}
    for method in ("supervised", "xuan", "ct-guided", "soup"):
        choose(opened, method)
        shown[method] = list(rows(opened))
    assert shown == {
        "supervised": [],
        "xuan": ["keep_synthesis"],
        "ct-guided": ["kind", "features", "ct", "ct_window", "keep_translations", "export_translation"],
        "soup": ["kind", "mixing", "features"],
    }
    own = rows(opened)
    assert all(row.label.buddy() is row.box and row.box.toolTip() for row in own.values())
    assert [row.box.isEditable() for row in own.values()] == [True, False, True]
    assert [row.label.text() for row in own.values()] == ["Kind of s&lices:", "&Between ratios:", "Fe&atures:"]
    stages = opened.ui.trainingStagesComboBox
    texts = [stages.itemText(row) for row in range(stages.count())]
    assert texts == ["all: squared-error, perceptual", "squared-error", "perceptual"] and not stages.isHidden()
    choose(opened, "supervised")
    assert stages.isHidden()


def test_what_is_typed_wrongly_is_told_at_once(opened, tmp_path):
    ui = opened.ui
    choose(opened, "soup")
    own = rows(opened)
    for widget, wrong, right, told in (
        (own["kind"].box.lineEdit(), "thicker", "gaussian:4", "'thicker' is no profile"),
        (own["features"].box.lineEdit(), "vgg16:nowhere.pth", "self", "nowhere.pth is not there"),
        (ui.trainingRatiosLineEdit, "6-2", "2-6", "6-2 is no range of ratios"),
    ):
        widget.setText(wrong)
        assert told.lower() in ui.trainingMessageLabel.toolTip().lower() and not ui.startTrainingButton.isEnabled()
        widget.setText(right)
        assert ui.trainingMessageLabel.isHidden() and ui.startTrainingButton.isEnabled()
    ui.trainingStagesComboBox.setCurrentIndex(2)
    own["features"].box.setCurrentIndex(0)
    assert "needs --features" in ui.trainingMessageLabel.toolTip()


def test_ct_is_chosen_as_a_folder_and_a_file_takes_the_translation(opened, started, tmp_path, monkeypatch):
    import qt

    ui, scans = opened.ui, tmp_path / "scans"
    scans.mkdir()
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(scans))
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.safetensors"), ""))
    choose(opened, "ct-guided")
    ui.trainingScansLineEdit.setText(str(scans))
    ui.trainedModelPathLineEdit.setCurrentPath(str(tmp_path / "m.safetensors"))
    assert "name them by --ct" in ui.trainingMessageLabel.toolTip() and not ui.startTrainingButton.isEnabled()
    own = rows(opened)
    own["ct_window"].box.setEditText("300,-200")
    own["ct"].onBrowse()
    own["export_translation"].onBrowse()
    assert "cannot be windowed from 300 to -200" in ui.trainingMessageLabel.toolTip()
    own["ct_window"].box.setEditText("-100,400")
    ui.startTrainingButton.click()
    call = read_call(tmp_path / "m.training")
    given = [call[name] for name in ("ct", "ctWindow", "exportTranslation")]
    assert given == [str(scans), "-100,400", str(tmp_path / "t.safetensors")] and started


def test_choices_are_handed_over_and_outlive_the_scene(opened, host, started, tmp_path, monkeypatch):
    import qt

    ui, scans, weights = opened.ui, tmp_path / "scans", tmp_path / "vgg19-mine.pth"
    scans.mkdir()
    weights.touch()
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *_: (str(weights), ""))
    choose(opened, "soup")
    own = rows(opened)
    own["kind"].box.setCurrentIndex(own["kind"].box.findData("thin"))
    own["mixing"].box.setCurrentIndex(1)
    own["features"].onBrowse()
    ui.trainingRatiosLineEdit.setText("2-4")
    ui.trainingSyntheticSpinBox.setValue(3)
    ui.trainingScansLineEdit.setText(str(scans))
    ui.trainedModelPathLineEdit.setCurrentPath(str(tmp_path / "m.safetensors"))
    host.close_scene()
    host.enter(opened)
    again = unfolded(host.open())
    assert rows(again)["features"].box.currentText() == f"vgg19:{weights}" and rows(again)["mixing"].box.currentIndex()
    again.ui.startTrainingButton.click()
    call = read_call(tmp_path / "m.training")
    given = {name: call[name] for name in ("method", "kind", "mixing", "features", "ratios", "synthetic")}
    assert given == {
        "method": "soup", "kind": "thin", "mixing": "outputs", "features": f"vgg19:{weights}", "ratios": "2.0-4.0",
        "synthetic": 3,
    }  # fmt: skip
    assert started[0][started[0].index("--kind") + 1] == "thin"


def test_a_training_that_the_command_began_is_shown_and_resumed(opened, host, started, tmp_path, monkeypatch):
    """By its work folder alone; and no other training is begun there."""
    monkeypatch.chdir(tmp_path)
    for name in ("w", "thin"):
        (tmp_path / name).mkdir()
    model = Path("head.safetensors")
    request = Request(
        method="xuan", sources=(Path("thin"),), work=Path("w"), hours=2.0, options={"keep_synthesis": "k"}
    )
    write_call(call_of(request, model), tmp_path / "w")
    now = time.time()
    told = TrainingState(1, "elsewhere", now, now, 0.4, "training", None, "cancelled", "", str(model.absolute()))
    write_state(told, tmp_path / "w")
    (tmp_path / "w" / "metrics.jsonl").write_text('{"stage": "generator", "iteration": 1, "seconds": 9, "psnr": 30}\n')
    ui = opened.ui
    ui.trainingFolderPathLineEdit.setCurrentPath(str(tmp_path / "w"))
    assert ui.trainingStateLabel.text() == "Stopped at 40 %: Resume goes on from there."
    assert len(opened.logic.training(tmp_path / "w").entries()) == 1 and ui.showLearningCurveButton.isEnabled()
    ui.trainingScansLineEdit.setText(str(tmp_path / "thin"))
    ui.trainedModelPathLineEdit.setCurrentPath(str(tmp_path / "other.safetensors"))
    ui.startTrainingButton.click()
    assert "holds the training of" in ui.trainingMessageLabel.toolTip() and not started
    ui.resumeTrainingButton.click()
    (line,) = started
    placed = line[line.index("--") + 1 :]
    assert placed == [str(tmp_path / "thin"), str(tmp_path / "head.safetensors")] and "--resume" in line
    assert line[line.index("--keep_synthesis") + 1] == str(tmp_path / "k")
    assert line[line.index("--hours") + 1] == "2.0" and line[line.index("--work") + 1] == str(tmp_path / "w")


def test_the_console_is_told_what_a_method_has_not(host, tmp_path):
    with pytest.raises(ValueError, match="Supervised has no option --kind: leave it out"):
        host.make_logic().startTraining([tmp_path], tmp_path / "m.safetensors", kind="thin")
