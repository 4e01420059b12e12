"""Training from the panel and the console: a process of its own that outlives scene and Slicer.

The process is real, and so is what it tells in its work folder; what it trains is a toy.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import slicer

import toy_training
from plays import COMPUTATION, Played, RecordedInstaller, RecordedViews
from SuperResolveLib.slicer_cli.describe import described
from SuperResolveLib.workflows import training_state
from SuperResolveLib.workflows.training_state import TrainingState, read_state, write_state
from waiting import wait
from waiting import wait_until as wait_long_until

HERE = Path(__file__).parent
LONG = 24.0  # hours


@pytest.fixture
def script(tmp_path, monkeypatch) -> Path:
    """The toy beside the XML of the CLI module; it is the only method, also for the panel."""
    from SuperResolveLib.methods.trainables import TRAINABLES

    found = type(TRAINABLES).__getitem__
    monkeypatch.setattr(
        type(TRAINABLES),
        "__getitem__",
        lambda self, name: toy_training.Toy() if self.what == TRAINABLES.what else found(self, name),
    )
    monkeypatch.setattr(TRAINABLES, "homes", {"supervised": "a toy"})
    monkeypatch.setenv("PYTHONPATH", str(COMPUTATION))
    copied = tmp_path / "modules" / "TrainSuperResolution.py"
    copied.parent.mkdir()
    shutil.copy(HERE / "toy_training.py", copied)
    xml = (COMPUTATION / "TrainSuperResolution.xml").read_text(encoding="utf-8")
    copied.with_suffix(".xml").write_text(described(copied.stem, xml), encoding="utf-8")
    return copied


@pytest.fixture
def scans(tmp_path) -> Path:
    """A folder that is not empty."""
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.nii.gz").touch()
    return folder


@pytest.fixture
def work(tmp_path) -> Iterator[Path]:
    """The work folder; what still trains in it afterwards is ended."""
    folder = tmp_path / "model.training"
    yield folder
    state = read_state(folder)
    if state is not None and state.is_alive and state.pid != os.getpid():
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, signal.SIGKILL)


@pytest.fixture
def play(script, tmp_path):
    """Starts the application, with the same settings each time."""
    return lambda: Played(None, RecordedViews(), RecordedInstaller(), script, tmp_path / "settings.ini")


@pytest.fixture
def host(play) -> Iterator[Played]:
    with play() as played:
        yield played
    assert not played.exceptions


def opened(host: Played):
    """The panel, with the section open and looking often."""
    from SliceProfileSRLib.panel import trainingSection

    trainingSection.INTERVAL = 50
    panel = host.open()
    panel.ui.trainingCollapsibleButton.setProperty("collapsed", False)
    return panel


def wait_until(condition) -> None:
    wait_long_until(condition, 30)


def choose(panel, scans: Path, model: Path, hours: float = 0.0) -> None:
    panel.ui.trainingScansLineEdit.setText(str(scans))
    panel.ui.trainedModelPathLineEdit.setCurrentPath(str(model))
    panel.ui.trainingHoursSpinBox.setValue(hours)


def text(panel) -> str:
    return panel.ui.trainingStateLabel.toolTip()


def test_nothing_of_it_is_loaded_before_the_section_is_opened(host):
    panel = host.open()
    assert not [name for name in sys.modules if name.endswith((".trainingSection", ".training.training"))]
    assert panel.ui.trainingCollapsibleButton.property("collapsed")


def test_trains_to_the_end_and_draws_the_curve(host, scans, work, tmp_path):
    panel = opened(host)
    assert not panel.ui.resumeTrainingButton.isEnabled() and not panel.ui.stopTrainingButton.isEnabled()
    choose(panel, scans, tmp_path / "model.safetensors")
    panel.ui.trainingPresetComboBox.setCurrentIndex(1)
    panel.ui.trainingNetworkComboBox.setCurrentIndex(1)
    panel.ui.startTrainingButton.click()
    assert not panel.ui.startTrainingButton.isEnabled() and panel.ui.showLearningCurveButton.isEnabled()
    panel.ui.showLearningCurveButton.click()
    wait_until(lambda: text(panel).startswith("Done"))
    assert (tmp_path / "model.safetensors").read_bytes() == b"weights"
    assert "a.nii.gz is no scan" in text(panel)
    assert "preset paper, network rdn" in (work / "training.log").read_text()
    chart = slicer.util.getNode("Learning curve")
    names = [chart.GetNthPlotSeriesNode(place).GetName() for place in range(chart.GetNumberOfPlotSeriesNodes())]
    assert names == ["model", "Tikhonov", "spline"]
    table = chart.GetNthPlotSeriesNode(0).GetTableNode()
    assert table.GetNumberOfRows() == 4 and table.GetColumnName(1) == "psnr"
    assert panel.panel._views.charts == ["Learning curve of model"]
    assert panel.ui.trainingProgressBar.isHidden() and panel.ui.startTrainingButton.isEnabled()


def test_is_stopped_and_resumed(host, scans, work, tmp_path):
    panel = opened(host)
    choose(panel, scans, tmp_path / "model.safetensors", LONG)
    panel.ui.startTrainingButton.click()
    wait_until(lambda: text(panel).startswith("Goes on, started"))
    wait_until(lambda: "iterations, preset fast" in text(panel))
    assert not panel.ui.trainingProgressBar.isHidden()
    host.close_scene()  # which ends no training
    host.enter(panel)
    wait_until(lambda: (work / "kept.txt").exists() and int((work / "kept.txt").read_text() or 0) > 2)
    panel.ui.stopTrainingButton.click()
    wait_until(lambda: text(panel).startswith("Stopped at"))
    kept = int((work / "kept.txt").read_text())
    panel.ui.trainingHoursSpinBox.setValue(0.0)  # of which the training that is resumed knows nothing
    panel.ui.resumeTrainingButton.click()
    wait_until(lambda: f"from iteration {kept}" in text(panel))
    assert "200000 iterations" in text(panel)
    panel.logic.training(work).stop()
    wait_until(lambda: text(panel).startswith("Stopped at"))


def test_survives_a_restart_of_slicer(play, scans, work, tmp_path):
    with play() as first:
        panel = opened(first)
        choose(panel, scans, tmp_path / "model.safetensors", LONG)
        panel.ui.startTrainingButton.click()
        wait_until(lambda: text(panel).startswith("Goes on, started"))
        pid = panel.logic.training(work).pid
    assert read_state(work).is_alive
    with play() as second:
        again = second.open()
        assert not again.ui.trainingCollapsibleButton.property("collapsed")
        assert text(again).startswith("Goes on, started") and " %" in text(again)
        assert again.ui.trainingScansLineEdit.text() == str(scans)
        assert again.ui.trainingHoursSpinBox.value() == LONG
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        again.panel._trainingSection.refresh()
        assert text(again).startswith("Ended without finishing") and again.ui.resumeTrainingButton.isEnabled()
        assert not second.exceptions


def test_a_stale_heartbeat_tells_that_it_ended(host, work, tmp_path):
    work.mkdir()
    (work / "call.json").write_text("{}")
    now = time.time()
    told = TrainingState(
        os.getpid(), "elsewhere", now - 900, now - 600, 0.4, "training", 60.0, "running", "", str(tmp_path / "m")
    )
    write_state(told, work)
    report = host.make_logic().training(work).state()
    assert report.phase.canResume and report.text.startswith("Ended without finishing, at 40 %")
    (work / "training.json").write_text("{")
    assert host.make_logic().training(work).state().phase.canResume


def test_an_error_is_told_in_its_sentence(host, work, tmp_path):
    (tmp_path / "empty").mkdir()
    panel = opened(host)
    choose(panel, tmp_path / "empty", tmp_path / "model.safetensors")
    panel.ui.startTrainingButton.click()
    wait_until(lambda: panel.ui.trainingMessageLabel.toolTip())
    assert panel.ui.trainingMessageLabel.toolTip().startswith("There is no scan in")
    assert panel.ui.resumeTrainingButton.isEnabled()


def test_two_do_not_train_in_one_folder(host, script, scans, work, tmp_path):
    logic = host.make_logic()
    training = logic.startTraining([scans], tmp_path / "model.safetensors", hours=LONG, workFolder=work)
    wait_until(lambda: training.state().phase.value == "running")
    assert training.pid and training.workFolder == work
    with pytest.raises(ValueError, match="goes on in"):
        logic.startTraining([scans], tmp_path / "model.safetensors", workFolder=work)
    arguments = ["--work", str(work), str(scans), str(tmp_path / "other.safetensors")]
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "a training goes on in" in done.stderr
    assert training.state().phase.value == "running"
    os.kill(training.pid, signal.SIGTERM)
    wait_until(lambda: training.state().phase.value == "stopped")
    assert int((work / "kept.txt").read_text()) >= 0


def test_stopped_as_it_starts_it_can_be_resumed(host, scans, work, tmp_path):
    training = host.make_logic().startTraining([scans], tmp_path / "model.safetensors", hours=LONG)
    training.stop()
    wait_until(lambda: training.state().phase.canResume)
    assert host.make_logic().training(work).state().phase.canResume


@pytest.mark.parametrize(
    ("folders", "model", "told"),
    [
        ([], "m.safetensors", "nothing to learn from"),
        (["nowhere"], "m.safetensors", "There is no folder"),
        (["."], "m.nii.gz", "must end in .safetensors"),
        (["."], "nowhere/m.safetensors", "for the model"),
        (["."], "", "Choose a file"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(host, tmp_path, monkeypatch, folders, model, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=told):
        host.make_logic().startTraining(folders, model)
    with pytest.raises(ValueError, match="to go on with"):
        host.make_logic().resumeTraining(tmp_path)
    assert not list(tmp_path.glob("*.training"))


def test_states_are_read_as_they_were_written(tmp_path):
    now = time.time()
    told = TrainingState(os.getpid(), "", now, now, 0.5, "a stage", None, "running", "said", "m")
    write_state(told, tmp_path)
    assert read_state(tmp_path) == told
    assert json.loads((tmp_path / training_state.STATE).read_text())["pid"] == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == [training_state.STATE]


def test_a_folder_is_added_beside_others(host, tmp_path, monkeypatch):
    import qt

    panel = opened(host)
    chosen = iter([str(tmp_path / "a"), str(tmp_path / "b"), "", str(tmp_path / "a")])
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: next(chosen))
    for _ in range(4):
        panel.ui.addTrainingFolderButton.click()
    assert panel.ui.trainingScansLineEdit.text() == f"{tmp_path / 'a'}; {tmp_path / 'b'}"
    wait(0.01)


def test_slicers_own_runs_take_it_too(host, script, scans, work, tmp_path):
    """In batch: folders, files and returned sentences as Slicer hands them over."""
    from host.cli_modules import CliModules

    modules = CliModules(host.app_logic, host.scene)
    modules.add(script)
    model = tmp_path / "model.safetensors"
    parameters = {"inputDirectory": str(scans), "modelFile": str(model), "workDirectory": str(work), "seed": 3}
    node = slicer.cli.runSync(slicer.modules.trainsuperresolution, None, parameters)
    modules.close()
    assert node.GetErrorText() == "" and model.read_bytes() == b"weights"
    assert node.GetParameterAsString("warnings") == "a.nii.gz is no scan"
    assert read_state(work).state == "done"
