"""What becomes of volumes, measurements, choices and runs as a scene is saved, read, copied, changed and undone."""

from __future__ import annotations

import pytest
import slicer

from scans import isotropic_node, node_names, scan_node, scratch_nodes

WIDTHS = {"fwhm": 6.0, "fwhmLow": 5.0, "fwhmHigh": 7.0}


@pytest.fixture
def scan(panel):
    """A scan, selected in the panel."""
    node = scan_node()
    panel.ui.inputVolumeSelector.setCurrentNode(node)
    return node


@pytest.fixture
def done(panel, scan, runner):
    """The panel after an estimate, a super-resolution with uncertainty and a measurement."""
    panel.ui.uncertaintyCheckBox.setChecked(True)
    for button in (panel.ui.estimateButton, panel.ui.superResolveButton, panel.ui.measureButton):
        button.click()
        runner.runs[-1].complete(**WIDTHS)
    return panel


def offered(selector) -> list[str]:
    box = selector.comboBox()
    return [box.itemText(row) for row in range(box.count())]


def table_rows() -> list[str]:
    table = slicer.util.getNode("Resolution measurements")
    return [table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())]


class TestReading:
    @pytest.mark.parametrize("closed", [True, False])
    def test_a_scene_keeps_its_references_while_the_panel_is_open(self, host, done, tmp_path, closed):
        from SliceProfileSRLib import resultVolumes

        path = tmp_path / "scene.mrb"
        assert slicer.util.saveScene(str(path))
        if closed:
            host.close_scene()
        slicer.util.loadScene(str(path))
        node = done.panel.parameters.node
        assert node.inputVolume.GetName() == "Scan"
        result, profile = node.outputVolume, node.profileTable
        assert result.GetName() == "Scan super-resolved" and profile.GetName() == "Scan slice profile"
        assert resultVolumes.scanOfResult(result) is node.inputVolume
        assert resultVolumes.residualOfResult(result).GetName() == "Scan residual"
        assert resultVolumes.uncertaintyOfResult(result).GetName() == "Scan uncertainty"
        assert done.ui.outputVolumeSelector.currentNode() is result and done.ui.compareButton.isEnabled()

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("method", "Method.SMORE"),
            ("preset", "Preset.FAST"),
            ("estimationMethod", "of old"),
            ("device", "Device.TPU"),
            ("axis", "K2"),
            ("profileSource", "GUESSED"),
            ("profileWidth", "wide"),
            ("outputSpacing", "-4"),
            ("seed", "0.5"),
            ("of the future", "7"),
        ],
    )
    def test_choices_of_another_version_take_sensible_values(self, host, name, text):
        scan_node()
        slicer.mrmlScene.AddNode(host.make_logic().createParameterNode()).SetParameter(name, text)
        panel = host.open()
        node = panel.panel.parameters.node
        assert panel.ui.methodComboBox.property("currentData") == "auto"
        assert (node.device.name, node.axis.name, node.profileSource.name) == ("AUTO", "AUTO", "ESTIMATED")
        assert (node.profileWidth, node.outputSpacing, node.seed) == (5.0, 0.0, 0)
        assert panel.ui.estimateButton.isEnabled() and panel.ui.superResolveButton.isEnabled()


class TestCopies:
    def test_a_clone_has_a_row_of_its_own_and_the_table_follows(self, host, done):
        volumes = slicer.vtkSlicerVolumesLogic()
        volumes.SetMRMLApplicationLogic(host.app_logic)
        volumes.SetMRMLScene(slicer.mrmlScene)
        result = done.panel.parameters.node.outputVolume
        before = table_rows()
        clone = volumes.CloneVolume(slicer.mrmlScene, result, "Clone")
        done.ui.measuredVolumeSelector.setCurrentNode(clone)
        assert done.ui.measurementLabel.text() == ""
        done.ui.measureButton.click()
        done.logic._runner.runs[-1].complete(**{**WIDTHS, "fwhm": 6.5})
        assert table_rows() == [*before, "Clone"]
        clone.SetName("Renamed")
        assert table_rows() == [*before, "Renamed"]
        slicer.mrmlScene.RemoveNode(clone)
        assert table_rows() == before


class TestScans:
    def test_maps_label_maps_and_single_slices_are_never_the_scan(self, done, scan):
        import numpy as np

        single = slicer.util.addVolumeFromArray(np.ones((1, 9, 9)), np.eye(4), "Single slice")
        label = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
        selector = done.ui.inputVolumeSelector
        assert set(offered(selector)) == {"None", "Scan", "Scan super-resolved"}
        slicer.mrmlScene.RemoveNode(scan)
        slicer.mrmlScene.RemoveNode(slicer.util.getNode("Scan super-resolved"))
        assert selector.currentNode() is None and set(offered(selector)) == {"None"}
        assert single.GetScene() and label.GetScene() and "Scan residual" in node_names("vtkMRMLScalarVolumeNode")


class TestRefusals:
    @pytest.mark.parametrize("method", ["estimateProfile", "superResolve", "measureResolution"])
    @pytest.mark.parametrize("kind", ["vtkMRMLLabelMapVolumeNode", "vtkMRMLModelNode", "vtkMRMLTableNode"])
    def test_nodes_of_a_wrong_kind_are_refused_at_once(self, host, runner, method, kind):
        with pytest.raises(ValueError, match="cannot be the volume"):
            getattr(host.make_logic(), method)(slicer.mrmlScene.AddNewNodeByClass(kind, "Wrong"))
        assert not runner.runs

    def test_profile_and_output_of_a_wrong_kind_are_refused(self, host, runner):
        logic, scan, other = host.make_logic(), scan_node(), isotropic_node()
        for call in (
            lambda: logic.estimateProfile(scan, other),
            lambda: logic.superResolve(scan, other),
            lambda: logic.superResolve(scan, None, slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")),
            lambda: logic.estimateProfile("Scan"),
        ):
            with pytest.raises(ValueError, match="give a"):
                call()
        assert not runner.runs

    def test_no_estimate_is_made_while_super_resolution_makes_one(self, panel, scan, runner):
        panel.ui.superResolveButton.click()
        panel.ui.estimateButton.click()
        assert len(runner.runs) == 1
        assert "Another run is at work on Scan" in panel.ui.estimateMessageLabel.text()


def remove(name):
    return lambda host, panel: slicer.mrmlScene.RemoveNode(slicer.util.getNode(name))


EVENTS = {
    "scan removed": remove("Scan"),
    "output removed": remove("Scan super-resolved"),
    "profile removed": remove("Scan slice profile"),
    "undone": lambda host, panel: slicer.mrmlScene.Undo(),
    "scene closed": lambda host, panel: host.close_scene(),
    "reloaded": lambda host, panel: panel.onReload(),
    "left": lambda host, panel: host.leave(panel),
    "exit": lambda host, panel: panel.cleanup(),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", ["scheduled", "running", "cancelling", "completing"])
def test_a_run_survives_what_happens_meanwhile(host, done, runner, state, event):
    """Whatever happens in whatever state, nothing is raised, and nothing stays in the scene once the run has ended."""
    slicer.mrmlScene.SetUndoOn()
    slicer.mrmlScene.SaveStateForUndo()
    done.ui.superResolveButton.click()
    run = runner.runs[-1]
    if state == "scheduled":
        run.wait()
    elif state == "cancelling":
        run.cancel()
    else:
        run.tell(1.0 if state == "completing" else 0.3, "writing" if state == "completing" else "training")
    EVENTS[event](host, done)
    if state == "cancelling":
        run.end_cancelled()
    elif run.state.isBusy:
        run.complete(**WIDTHS)
    assert not scratch_nodes()
    assert run.isDiscarded or not run.state.isBusy
