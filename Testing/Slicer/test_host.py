"""The host itself: with a small module and a small CLI module it does what Slicer does, and refuses what it refuses."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
import vtk

from host import Host

TOY = Path(__file__).parent / "toy"
Status = slicer.vtkMRMLCommandLineModuleNode


@pytest.fixture
def toy(host: Host):
    """The toy module's panel, shown."""
    host.addCommandLineModule(TOY / "Scale.py")
    host.loadModule(TOY / "Toy.py")
    return host.enterModule("Toy")


@pytest.fixture
def volume(host: Host):
    """A volume in the scene, obliquely oriented."""
    matrix = vtk.vtkMatrix4x4()
    transform = vtk.vtkTransform()
    transform.RotateX(20)
    transform.Scale(0.5, 0.5, 3)
    matrix.DeepCopy(transform.GetMatrix())
    node = slicer.util.addVolumeFromArray(np.arange(4 * 6 * 8, dtype=np.float32).reshape(4, 6, 8), matrix, "Scan")
    return node


def press(panel, volume, output, **values) -> None:
    """Fill the panel in and press its button."""
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.outputSelector.setCurrentNode(output)
    for name, value in values.items():
        getattr(panel.ui, name).value = value
    panel.ui.applyButton.click()


def new_volume():
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Result")


def affine(volume) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


# Qt as PythonQt shows it


def test_properties_are_attributes_and_setters_stay(host):
    label = qt.QLabel("a")
    label.text = "b"
    assert label.text == "b"
    label.setText("c")
    label.name = "n"
    assert (label.text, label.objectName, label.enabled, label.isEnabled()) == ("c", "n", True, True)


@pytest.mark.parametrize("code", ["w.txt", "w.txt = 1", "w.destroyed = 1", "w.connect('pressed(int)', print)"])
@pytest.mark.parametrize("make", [lambda: qt.QPushButton(), lambda: slicer.qMRMLNodeComboBox()])
def test_what_a_widget_lacks_is_refused(host, make, code):
    with pytest.raises(AttributeError):
        exec(code, {"w": make()})


def test_signals_connect_by_signature_and_by_attribute(host):
    button, heard = qt.QPushButton(), []
    button.connect("clicked(bool)", heard.append)
    button.clicked.connect(lambda: heard.append("again"))
    button.click()
    button.disconnect("clicked(bool)", heard.append)
    button.click()
    assert heard == [False, "again", "again"]


# Loading a module


def test_panel_has_its_life_cycle(host, toy):
    assert toy.parent.isEntered and toy.calls == ["enter"]
    host.exitModule()
    assert toy.calls == ["enter", "exit"] and not toy.parent.isEntered
    assert slicer.util.getModuleLogic("Toy") is toy.logic
    again = host.enterModule("Toy")
    assert again is toy
    reloaded = host.reloadModule("Toy")
    assert reloaded is not toy and toy.calls[-1] == "cleanup"
    assert slicer.modules.ToyWidget is reloaded


def test_another_module_is_selected_as_the_user_does(host, toy):
    slicer.util.selectModule("Plots")
    slicer.util.selectModule("Toy")
    assert toy.calls == ["enter", "exit", "enter"] and slicer.util.selectedModule() == "Toy"


def test_two_panels_share_a_scene(host, toy):
    other = slicer.util.getNewModuleWidget("Toy")
    other.node.factor = 7
    assert other is not toy and toy.ui.factorBox.value == 7


def test_end_of_application_cleans_up():
    with Host() as host:
        host.loadModule(TOY / "Toy.py")
        panel = host.enterModule("Toy")
    assert panel.calls[-1] == "cleanup"


def test_module_test_case_runs(host, toy):
    slicer.modules.ToyInstance.runTest(msec=1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<property name="noneDisplay">', '<property name="noneText">'),
        ('class="qSlicerCLIProgressBar" name', 'class="qSlicerNoSuchBar" name'),
        ("<receiver>inputSelector</receiver><slot>setMRMLScene", "<receiver>inputSelector</receiver><slot>setScene"),
        ("<signal>mrmlSceneChanged", "<signal>sceneChanged"),
    ],
)
def test_mistakes_in_the_ui_file_are_refused(host, tmp_path, old, new):
    shutil.copytree(TOY, tmp_path / "toy")
    file = tmp_path / "toy" / "Resources" / "UI" / "Toy.ui"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises((ValueError, AttributeError, RuntimeError)):
        slicer.util.loadUI(str(file))


def test_selector_without_connection_stays_without_scene(host, tmp_path, volume):
    text = (TOY / "Resources" / "UI" / "Toy.ui").read_text()
    start, end = text.index("<connections>"), text.index("</connections>")
    (tmp_path / "Toy.ui").write_text(text[:start] + "<connections>" + text[end:])
    panel = slicer.util.loadUI(str(tmp_path / "Toy.ui"))
    panel.setMRMLScene(slicer.mrmlScene)
    selector = slicer.util.childWidgetVariables(panel).inputSelector
    selector.setCurrentNode(volume)
    assert not selector.enabled and selector.currentNode() is None


# Node selectors


def test_selector_follows_the_scene(host, toy, volume):
    selector, heard = toy.ui.inputSelector, []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    other = new_volume()
    selector.setCurrentNode(volume)
    volume.SetName("Renamed")
    assert selector.comboBox().currentText == "Renamed"
    slicer.mrmlScene.RemoveNode(volume)
    assert selector.currentNode() is other
    other.SetHideFromEditors(True)
    other.Modified()
    assert selector.currentNode() is None and selector.nodeCount() == 0
    assert heard == [volume, other, None]
    with pytest.raises(ValueError):
        selector.setCurrentNode("Scan")


def test_selector_creates_and_deletes(host, toy):
    selector = toy.ui.outputSelector
    box = selector.comboBox()
    entries = [box.itemText(row) for row in range(box.count)]
    box.activated.emit(entries.index("Create new Volume"))
    assert selector.currentNode().GetName() == "Result"
    entries = [box.itemText(row) for row in range(box.count)]
    box.activated.emit(entries.index("Delete current Volume"))
    assert selector.currentNode() is None


# The parameter node


def test_parameters_are_bound_both_ways(host, toy, volume):
    toy.ui.inputSelector.setCurrentNode(volume)
    toy.ui.factorBox.value = 4
    toy.ui.speedBox.currentIndex = 0
    toy.ui.invertBox.checked = True
    assert (toy.node.inputVolume, toy.node.factor, toy.node.speed.name, toy.node.invert) == (volume, 4, "SLOW", True)
    toy.node.rounds, toy.node.device, toy.node.note = 5, "cpu", "hello"
    assert (toy.ui.roundsBox.value, toy.ui.deviceBox.currentText, toy.ui.noteEdit.text) == (5, "cpu", "hello")
    toy.node.inputVolume = None
    assert toy.ui.inputSelector.currentNode() is None


def test_parameters_lie_in_the_node_as_slicer_stores_them(host, toy, volume):
    toy.node.inputVolume = toy.node.outputVolume = volume
    node = toy.node.parameterNode
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert stored == {
        "inputVolume": "",
        "outputVolume.0": "",
        "factor": "2.0",
        "rounds": "3",
        "speed": "FAST",
        "device": "auto",
        "invert": "False",
        "note": "",
    }
    assert node.GetNodeReference("inputVolume") is node.GetNodeReference("outputVolume.0") is volume
    toy.node.outputVolume = None
    assert node.GetParameter("outputVolume.1") == "True" and not node.HasParameter("outputVolume.0")


@pytest.mark.parametrize(("name", "value"), [("factor", 11), ("rounds", 1.5), ("device", "gpu"), ("speed", "FAST")])
def test_parameters_refuse_what_they_cannot_hold(host, toy, name, value):
    with pytest.raises((TypeError, ValueError)):
        setattr(toy.node, name, value)


# CLI modules


def test_job_reports_progress_and_returns_its_results(host, toy, volume):
    output, seen = new_volume(), set()
    press(toy, volume, output, factorBox=3)
    assert toy.job.IsA("vtkMRMLCommandLineModuleNode") and toy.job.IsBusy()

    def watch() -> bool:
        stage = slicer.util.findChild(toy.ui.progressBar, "StageProgressBar")
        seen.add((toy.job.GetStatusString(), stage.format if stage.visible else ""))
        return not toy.job.IsBusy()

    host.waitUntil(watch)
    assert toy.ui.statusLabel.text == "Completed"
    assert ("Running", "round 2") in seen
    np.testing.assert_array_equal(slicer.util.array(output.GetID()), 3 * slicer.util.array(volume.GetID()))
    assert float(toy.job.GetParameterAsString("maximum")) == 3 * 191
    assert toy.job.GetOutputText() == "scaling\n"
    assert output.GetDisplayNode() is not None
    np.testing.assert_allclose(affine(output), affine(volume), atol=1e-5)


def test_error_is_shown_as_the_process_wrote_it(host, toy, volume):
    press(toy, volume, new_volume(), factorBox=6)
    host.waitForJobs()
    assert toy.job.GetStatus() == Status.CompletedWithErrors
    assert toy.job.GetErrorText().strip() == "Scale: the factor must be at most 5."
    assert "at most 5" in slicer.util.findChild(toy.ui.progressBar, "DetailsTextBrowser").plainText


def test_cancel_ends_the_process_and_its_children(host, toy, volume):
    press(toy, volume, new_volume(), roundsBox=9)
    host.waitUntil(lambda: toy.job.GetStatus() == Status.Running and children_of_this_process())
    started = children_of_this_process()
    toy.job.Cancel()
    host.waitForJobs()
    assert toy.job.GetStatus() == Status.Cancelled
    host.waitUntil(lambda: not any(is_alive(pid) for pid in started), 5)


def test_jobs_run_one_after_the_other(host, toy, volume):
    first, second = (toy.logic.scale(volume, new_volume(), 2, 3) for _ in range(2))
    host.waitUntil(lambda: first.GetStatus() == Status.Running)
    assert second.GetStatus() == Status.Scheduled
    second.Cancel()
    host.waitForJobs()
    assert (first.GetStatus(), second.GetStatus()) == (Status.Completed, Status.Cancelled)


def test_waiting_ends_in_completed(host, toy, volume):
    assert toy.logic.scale(volume, new_volume(), 2, wait=True).GetStatus() == Status.Completed


def test_unset_output_is_an_error(host, toy, volume):
    job = toy.logic.scale(volume, None, 2)
    host.waitForJobs()
    assert job.GetStatus() == Status.CompletedWithErrors and "Result" in job.GetErrorText()


def test_scene_closes_while_nothing_runs(host, toy, volume):
    host.closeScene()
    assert toy.calls == ["enter", "startClose", "endClose"]
    assert toy.node.inputVolume is None and toy.ui.inputSelector.nodeCount() == 0


def test_closing_the_scene_under_a_job_is_a_violation():
    with Host() as host:
        host.addCommandLineModule(TOY / "Scale.py")
        host.loadModule(TOY / "Toy.py")
        panel = host.enterModule("Toy")
        volume = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.float32))
        job = panel.logic.scale(volume, new_volume(), 2, 5)
        host.waitUntil(lambda: job.GetStatus() == Status.Running)
        host.closeScene()
        host.waitForJobs()
    assert any("Slicer crashes" in sentence for sentence in host.violations)


def test_unknown_parameter_is_a_violation():
    with Host() as host:
        host.addCommandLineModule(TOY / "Scale.py")
        slicer.cli.createNode(slicer.modules.scale, {"facto": 1.0})
    assert len(host.violations) == 1 and "facto" in host.violations[0]


def test_end_of_application_ends_what_was_to_come():
    heard = []
    with Host() as host:
        qt.QTimer.singleShot(0, lambda: heard.append("soon"))
        host.wait(0.05)
        qt.QTimer.singleShot(50, lambda: heard.append("too late"))
    with Host() as host:
        host.wait(0.1)
    host.close()
    assert heard == ["soon"]


def test_end_of_application_kills_jobs():
    with Host() as host:
        host.addCommandLineModule(TOY / "Scale.py")
        host.loadModule(TOY / "Toy.py")
        panel = host.enterModule("Toy")
        volume = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.float32))
        job = panel.logic.scale(volume, new_volume(), 2, 9)
        host.waitUntil(lambda: job.GetStatus() == Status.Running and children_of_this_process())
        started = children_of_this_process()
    time.sleep(0.1)
    assert not any(is_alive(pid) for pid in started)


def children_of_this_process() -> list[int]:
    """The processes of the toy's CLI module; other tests of this process may have left children of their own."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = [pid for task in tasks for pid in task.read_text().split()]
    return [int(pid) for pid in children if b"Scale.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGCONT)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


# Scene, views, dialogs


def test_data_nodes_come_into_the_subject_hierarchy(host, volume):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemByDataNode(volume)
    hidden = slicer.vtkMRMLScalarVolumeNode()
    hidden.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(hidden)
    assert not hierarchy.GetItemByDataNode(hidden)


def test_layouts_bring_their_views(host, volume):
    manager = slicer.app.layoutManager()
    assert manager.sliceViewNames() == ["Red", "Green", "Yellow"]
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
    assert "Red+" in manager.sliceViewNames()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    assert manager.sliceWidget("Yellow").mrmlSliceCompositeNode().GetBackgroundVolumeID() == volume.GetID()


def test_linked_views_follow_each_other_within_their_group(host, volume):
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    upper, lower = manager.sliceWidget("Red"), manager.sliceWidget("Red+")
    for widget in (upper, lower):
        widget.mrmlSliceCompositeNode().SetLinkedControl(True)
        widget.mrmlSliceCompositeNode().SetHotLinkedControl(True)
    scroll(upper, 1.0)
    assert lower.sliceLogic().GetSliceOffset() != pytest.approx(1.0)
    lower.mrmlSliceNode().SetViewGroup(upper.mrmlSliceNode().GetViewGroup())
    scroll(upper, 2.0)
    assert lower.sliceLogic().GetSliceOffset() == pytest.approx(2.0)


def scroll(widget, offset: float) -> None:
    logic = widget.sliceLogic()
    logic.StartSliceOffsetInteraction()
    logic.SetSliceOffset(offset)
    logic.EndSliceOffsetInteraction()


def test_loaded_volume_is_shown(host, volume, tmp_path):
    slicer.util.saveNode(volume, str(tmp_path / "scan.nrrd"))
    loaded = slicer.util.loadVolume(str(tmp_path / "scan.nrrd"))
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == loaded.GetID()
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "nothing.nrrd"))


def test_sample_data_is_fetched_by_its_button(host):
    import SampleData

    register = SampleData.SampleDataLogic.registerCustomSampleDataSource
    made = {"customDownloader": lambda source: source.sampleName, "fileNames": "a.nrrd"}
    register(category="Toy", sampleName="made", uris="made:here", **made)
    register(category="Toy", sampleName="made", uris="made:here", **made)
    assert len(slicer.modules.sampleDataSources["Toy"]) == 1
    assert host.pressSampleButton("made") == "made"
    with pytest.raises(ValueError):
        SampleData.downloadSample("made")
    with pytest.raises(ValueError):
        register(category="Toy", sampleName="lengths", uris=["a", "b"], fileNames=["a"])


def test_chart_is_shown_through_the_real_logic(host):
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart")
    manager = slicer.app.layoutManager()
    slicer.modules.plots.logic().ShowChartInLayout(chart)
    assert manager.plotViewCount == 1
    assert manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNodeID() == chart.GetID()


def test_scene_goes_through_a_bundle(host, toy, volume, tmp_path):
    toy.node.inputVolume = volume
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    host.closeScene()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    host.processEvents()
    loaded = slicer.util.getNode("Scan")
    np.testing.assert_array_equal(slicer.util.array(loaded.GetID()).shape, (4, 6, 8))
    assert toy.node.inputVolume is loaded and toy.ui.inputSelector.currentNode() is loaded


def test_dialogs_are_kept_and_answered(host, toy):
    slicer.util.errorDisplay("Broken.", detailedText="why")
    host.answers.append(qt.QMessageBox.Cancel)
    assert not slicer.util.confirmOkCancelDisplay("Go on?")
    host.answers.append(qt.QMessageBox.Yes)
    yes, no = qt.QMessageBox.Yes, qt.QMessageBox.No
    assert qt.QMessageBox.question(None, "Toy", "Sure?", yes | no) == yes
    assert [message.text for message in host.messages] == ["Broken.", "Go on?", "Sure?"]
    assert host.messages[0].icon == "Critical" and host.messages[0].detailed_text == "why"


def test_error_in_a_slot_is_shown_and_kept():
    with Host() as host:
        host.loadModule(TOY / "Toy.py")
        host.enterModule("Toy").ui.applyButton.click()
    assert host.messages[-1].text == "Toy failed.\n\nSelect a volume."
    assert isinstance(host.exceptions[0], ValueError)


def test_slicer_5_10_has_no_packaging(host):
    from slicer.packaging import pip_check

    assert pip_check("numpy") and not pip_check("no-such-package")


def test_slicer_5_10_installs_through_util():
    with Host(version=(5, 10)) as host:
        with pytest.raises(ImportError):
            importlib.import_module("slicer.packaging")
        slicer.util.pip_install("x")
    assert host.installed == ["x"]


def test_batch_has_no_main_window():
    with Host(main_window=False):
        assert slicer.util.mainWindow() is None


def test_screenshots_show_something(host, toy, volume, tmp_path):
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    host.screenshot(tmp_path / "panel.png")
    host.screenshot(tmp_path / "window.png", whole=True)
    picture = qt.QImage(str(tmp_path / "window.png"))
    assert picture.width() > 1000 and (tmp_path / "panel.png").stat().st_size > 2000
