"""Runs by Slicer's own means: its node, its logic and its processing thread, with real processes of the scripts."""

from __future__ import annotations

import logging
import time

import numpy as np
import pytest
import slicer
from PySide6.QtCore import QTimer

from plays import COMPUTATION, Played
from scans import scan_node, scratch_nodes
from waiting import wait, wait_until

CLI = "vtkMRMLCommandLineModuleNode"
Status = slicer.vtkMRMLCommandLineModuleNode

#: A CLI module that does nothing, but for what the text in its place says.
SCRIPT = """#!/usr/bin/env python-real
import os, shutil, sys, time
flags = dict(zip(sys.argv[1:-2:2], sys.argv[2:-2:2]))
{does}
"""
WRITES = """
for target in (sys.argv[-1], flags["--residual"]):
    shutil.copy(sys.argv[-2], target)
open(flags.get("--used_profile", os.devnull), "w").write("offset_mm\\tweight\\n-1\\t1\\n0\\t2\\n1\\t1\\n")
open(flags["--returnparameterfile"], "w").write("fwhm = 2\\nfwhmLow = 1\\nfwhmHigh = 3\\n")
"""


@pytest.fixture
def host(views, installer):
    """The module with Slicer's own runner."""
    with Played(None, views, installer) as played:
        from SliceProfileSRLib.slicerCli import SlicerCliRunner

        played._runner = SlicerCliRunner()
        yield played
    assert not played.exceptions


def runs() -> list:
    return slicer.util.getNodesByClass(CLI)


def choose(panel, method: str) -> None:
    panel.ui.methodComboBox.setCurrentIndex(panel.ui.methodComboBox.findData(method))


@pytest.fixture
def panel(host, cli_modules):
    """The panel with a scan selected, whose runs are Slicer's."""
    opened = host.open()
    opened.ui.inputVolumeSelector.setCurrentNode(scan_node())
    return opened


def ended() -> bool:
    return not any(node.IsBusy() for node in runs())


def test_a_module_that_was_not_loaded_is_told(host):
    slicer.modules.__dict__.clear()
    from SliceProfileSRLib.slicerCli import SlicerCliRunner

    with pytest.raises(ValueError, match="SuperResolve was not loaded: add the folder"):
        SlicerCliRunner().check("SuperResolve")


def test_estimates_and_super_resolves_with_progress(panel):
    panel.ui.estimateButton.click()
    told = set()
    while not ended():
        told.add((panel.ui.estimateProgressBar.value() > 0, panel.ui.estimateStageLabel.text()[:7]))
        wait(0.01)
    wait_until(lambda: "80 % probability" in panel.ui.profileLabel.text())
    assert (True, "fitting") in told
    choose(panel, "tikhonov")
    panel.ui.superResolveButton.click()
    wait_until(lambda: panel.ui.outputVolumeSelector.currentNode() is not None)
    assert panel.ui.outputVolumeSelector.currentNode().GetImageData().GetDimensions() == (72, 80, 72)
    assert "times the scan's noise" in panel.ui.resultLabel.text()
    assert not scratch_nodes()


def test_waits_in_the_console_and_leaves_nothing(host, cli_modules):
    profile = host.make_logic().estimateProfile(scan_node())
    assert profile.GetNumberOfRows() > 3 and not runs()


def test_an_error_is_told_in_its_sentence_and_logged(panel, caplog):
    choose(panel, "tikhonov")
    panel.ui.outputSpacingSpinBox.setValue(50.0)
    with caplog.at_level(logging.ERROR):
        panel.ui.superResolveButton.click()
        wait_until(ended)
        wait_until(lambda: panel.ui.superResolveMessageLabel.text())
    assert panel.ui.superResolveMessageLabel.text().startswith("An output spacing of 50 mm is not between")
    assert any("50 mm" in record.message for record in caplog.records)


def test_runs_wait_for_each_other_and_are_cancelled_alone(panel):
    first = panel.ui.inputVolumeSelector.currentNode()
    panel.ui.estimateButton.click()
    panel.ui.inputVolumeSelector.setCurrentNode(scan_node("Other"))
    panel.ui.estimateButton.click()
    assert panel.ui.estimateMessageLabel.text() == "Waits until another run has ended."
    panel.ui.estimateCancelButton.click()
    wait_until(ended)
    wait_until(lambda: panel.ui.estimateMessageLabel.text() == "Cancelled; nothing was changed.")
    panel.ui.inputVolumeSelector.setCurrentNode(first)
    wait_until(lambda: "80 % probability" in panel.ui.profileLabel.text())


def test_cancel_ends_the_process(panel):
    choose(panel, "smore")
    panel.ui.superResolveButton.click()
    wait_until(lambda: panel.ui.superResolveStageLabel.text())
    panel.ui.superResolveCancelButton.click()
    wait_until(ended, 20)
    wait_until(lambda: panel.ui.superResolveMessageLabel.text() == "Cancelled; nothing was changed.")


def test_a_cancel_that_slicer_forgets_is_repeated_until_the_end(host):
    from SliceProfileSRLib import slicerCli

    node = slicer.mrmlScene.AddNewNodeByClass(CLI)
    node.SetStatus(Status.Running)
    run = slicerCli.SlicerCliRun(node, [], lambda: None)
    run.cancel()
    assert node.GetStatus() == Status.Cancelling
    node.SetStatus(Status.Running)  # as Slicer does once the inputs are written
    assert run.state.name == "CANCELLING"
    slicer.mrmlScene.RemoveNode(node)
    wait_until(lambda: node.GetStatus() == Status.Cancelling, 5)
    for state in (Status.Completing, Status.Cancelled):
        node.SetStatus(state)
        wait(1.2 * slicerCli.CANCEL_AGAIN_AFTER / 1000)
        assert node.GetStatus() == state
    node.SetStatus(Status.Completed)  # too late to be cancelled, but nobody wants it any more
    assert run.state.name == "CANCELLED"


def test_outputs_that_follow_the_end_are_waited_for(host, monkeypatch):
    """Slicer may say Completed when it has read but the first output."""
    from SliceProfileSRLib import slicerCli

    monkeypatch.setattr(slicerCli, "OUTPUTS_FOLLOW_WITHIN", 0.3)
    for comes in (True, False):
        node, told = slicer.mrmlScene.AddNewNodeByClass(CLI), []
        output = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        run = slicerCli.SlicerCliRun(node, [output], lambda told=told: told.append(1))
        node.SetStatus(Status.Completed)
        assert run.state.name == "RUNNING"
        if comes:
            slicer.util.updateVolumeFromArray(output, np.ones((2, 3, 4)))
            assert run.state.name == "COMPLETED"
        count = len(told)
        wait(0.6)
        assert run.state.name == "COMPLETED" and len(told) > count  # late, or never
        run.discard()
        assert not runs()


@pytest.fixture
def played(host, cli_modules, tmp_path):
    """Lets the module SuperResolve be a script that does what a text says."""

    def play(does: str) -> None:
        script = tmp_path / "SuperResolve.py"
        script.write_text(SCRIPT.format(does=does))
        script.with_suffix(".xml").write_text((COMPUTATION / "SuperResolve.xml").read_text())
        cli_modules.add(script)

    return play


@pytest.mark.parametrize("moment", [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize("does", ["time.sleep(60)", WRITES], ids=["works", "has ended"])
def test_closing_the_scene_at_any_moment_is_survived(host, panel, played, does, moment):
    """Slicer's thread looks for the outputs in the scene once it has written the inputs, and crashes without them; and
    for the run's own node once the module has ended.
    """
    played(does)
    voxels = np.random.default_rng(0).integers(1000, size=(40, 256, 256), dtype=np.int16)  # large: to write takes time
    node = slicer.util.addVolumeFromArray(voxels, np.diag([1, 1, 5, 1]), "Large")
    panel.ui.inputVolumeSelector.setCurrentNode(node)
    choose(panel, "tikhonov")
    panel.ui.superResolveButton.click()
    assert len(runs()) == 1
    wait(moment)
    host.close_scene()
    wait_until(lambda: not runs() and not scratch_nodes(), 20)
    assert panel.ui.estimateButton.toolTip() == "Select a scan."


EVENTS = {
    "scan removed": lambda host, panel: slicer.mrmlScene.RemoveNode(slicer.util.getNode("Scan")),
    "output removed": lambda host, panel: slicer.mrmlScene.RemoveNode(slicer.util.getNode("Output")),
    "profile removed": lambda host, panel: slicer.mrmlScene.RemoveNode(slicer.util.getNode("Profile")),
    "undone": lambda host, panel: slicer.mrmlScene.Undo(),
    "reloaded": lambda host, panel: panel.onReload(),
    "exit": lambda host, panel: panel.cleanup(),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", ["Scheduled", "Running", "Cancelling", "Completing"])
def test_what_happens_during_a_run_of_slicer_is_survived(host, panel, played, event, status):
    """Each status is met by watching the node, as Slicer's thread goes through them."""
    played(
        "time.sleep(60)" if status == "Cancelling" else f"time.sleep({1 if status == 'Scheduled' else 0.3})" + WRITES
    )
    scan = panel.ui.inputVolumeSelector.currentNode()
    choose(panel, "tikhonov")
    if status == "Scheduled":  # this lasts where another run comes first
        panel.ui.inputVolumeSelector.setCurrentNode(scan_node("Other"))
        panel.ui.superResolveButton.click()
        panel.ui.inputVolumeSelector.setCurrentNode(scan)
    earlier = runs()
    profile = host.make_logic().makeProfile(scan, "gaussian", 6.0)
    profile.SetName("Profile")
    panel.ui.profileSourceComboBox.setCurrentIndex(3)
    panel.ui.profileTableSelector.setCurrentNode(profile)
    output = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Output")
    panel.ui.outputVolumeSelector.setCurrentNode(output)
    slicer.mrmlScene.SetUndoOn()
    slicer.mrmlScene.SaveStateForUndo()
    happened = []

    def happen() -> None:
        EVENTS[event](host, panel)

    def onStatus(node, _event) -> None:
        if node.GetStatus() == getattr(Status, status) and not happened:
            happened.append(status)
            # a click on Cancel is over before anything else happens; the others happen amid Slicer's own work
            QTimer.singleShot(0, happen) if status == "Cancelling" else happen()

    panel.ui.superResolveButton.click()
    (node,) = (each for each in runs() if each not in earlier)
    node.AddObserver(Status.StatusModifiedEvent, onStatus)
    onStatus(node, None)  # it is scheduled by now
    if status == "Cancelling" and not happened:
        wait_until(lambda: node.GetStatus() == Status.Running, 20)
        panel.ui.superResolveCancelButton.click()
    wait_until(lambda: not scratch_nodes() and not node.IsBusy(), 30)
    assert happened


def test_a_run_that_ended_and_did_not_tell_yet_leaves_nothing_when_it_is_let_go_of(panel, played):
    """Slicer's thread sets the status, and tells of it when the application is idle; a reload may come in between."""
    played("time.sleep(60)")
    choose(panel, "tikhonov")
    panel.ui.superResolveButton.click()
    (node,) = runs()
    wait_until(lambda: node.GetStatus() == Status.Running, 20)
    panel.ui.superResolveCancelButton.click()
    end = time.monotonic() + 20
    while node.GetStatus() != Status.Cancelled and time.monotonic() < end:
        time.sleep(0.01)  # Qt does not live meanwhile, so that nothing is told
    panel.onReload()
    wait_until(lambda: not scratch_nodes(), 10)


def test_the_node_of_a_run_comes_back_after_the_scene_was_closed(host, panel, played):
    played("time.sleep(60)")
    choose(panel, "tikhonov")
    panel.ui.superResolveButton.click()
    (node,) = runs()
    identifier = node.GetID()
    wait_until(lambda: node.GetStatus() == Status.Running)
    host.scene.Clear(False)
    assert host.scene.GetNodeByID(identifier) is node
    outputs = [node.GetParameterAsString(name) for name in ("outputVolume", "residualVolume", "usedProfileTable")]
    assert all(host.scene.GetNodeByID(output) for output in outputs)
    wait_until(lambda: not runs())
    assert not any(host.scene.GetNodeByID(output) for output in outputs)
