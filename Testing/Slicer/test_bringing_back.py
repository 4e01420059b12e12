"""Volumes, label maps and segmentations on thin planes, brought back to the slices of the scan."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk

from scans import ijk_to_ras, scan_node
from waiting import wait_until


@pytest.fixture
def nodes(logic):
    """A scan, its profile and its result."""
    scan = scan_node()
    profile = logic.makeProfile(scan, "gaussian", 8.0)
    return scan, profile, logic.superResolve(scan, profile, method="bspline")


def labels_on(result, className: str = "vtkMRMLLabelMapVolumeNode"):
    """A node with a bright label 1 and a dark label 2 on the voxels of a result."""
    image = slicer.util.arrayFromVolume(result)
    node = slicer.mrmlScene.AddNewNodeByClass(className, "Labels")
    matrix = vtk.vtkMatrix4x4()
    result.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    low, high = np.percentile(image, [60, 90])
    slicer.util.updateVolumeFromArray(node, np.where(image > high, 1, np.where(image > low, 2, 0)).astype(np.int16))
    return node


def segmentation_on(result):
    labelMap = labels_on(result)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tissue")
    node.SetReferenceImageGeometryParameterFromVolumeNode(result)
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelMap, node, "")
    for index, (name, colour) in enumerate((("bright", (1.0, 0.0, 0.0)), ("dark", (0.0, 0.5, 0.0)))):
        node.GetSegmentation().GetNthSegment(index).SetName(name)
        node.GetSegmentation().GetNthSegment(index).SetColor(*colour)
    return node, labelMap


def test_an_image_is_the_scan_but_for_the_residual(logic, nodes):
    from SliceProfileSRLib.resultVolumes import residualOfResult

    scan, _, result = nodes
    seen = logic.bringBackToSlices(result)
    assert seen.GetName() == f"{result.GetName()} on slices"
    assert np.allclose(ijk_to_ras(seen), ijk_to_ras(scan), atol=1e-4)
    left = slicer.util.arrayFromVolume(scan) - slicer.util.arrayFromVolume(seen)
    np.testing.assert_allclose(left, slicer.util.arrayFromVolume(residualOfResult(result)), atol=0.02)


def test_a_segmentation_keeps_its_names_and_colours_and_is_the_label_map(logic, nodes):
    scan, profile, result = nodes
    segmentation, labelMap = segmentation_on(result)
    colours = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")
    labels = logic.bringBackToSlices(labelMap, scan, profile)
    segments = logic.bringBackToSlices(segmentation, scan, profile)
    assert isinstance(labels, slicer.vtkMRMLLabelMapVolumeNode)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLColorTableNode") <= colours + 1  # the label map's default
    brought = segments.GetSegmentation()
    told = [brought.GetNthSegment(index) for index in range(brought.GetNumberOfSegments())]
    assert [segment.GetName() for segment in told] == ["bright", "dark"]
    assert told[0].GetColor() == (1.0, 0.0, 0.0)
    onSlices = slicer.vtkMRMLLabelMapVolumeNode()
    slicer.mrmlScene.AddNode(onSlices)
    slicer.vtkSlicerSegmentationsModuleLogic.ExportAllSegmentsToLabelmapNode(
        segments, onSlices, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    )
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(onSlices), slicer.util.arrayFromVolume(labels))
    assert set(np.unique(slicer.util.arrayFromVolume(labels))) == {0, 1, 2}
    assert np.allclose(ijk_to_ras(onSlices), ijk_to_ras(scan), atol=1e-4)


def test_it_runs_in_the_background_by_slicers_own_logic(host, cli_modules):
    from SliceProfileSRLib.slicerCli import SlicerCliRunner

    host._runner = SlicerCliRunner()
    logic = host.make_logic()
    scan = scan_node()
    labels = labels_on(scan)
    brought = logic.bringBackToSlices(labels, scan, logic.makeProfile(scan, "rect", 8.0))
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(brought), slicer.util.arrayFromVolume(labels))


def test_what_cannot_be_used_is_told(logic, nodes):
    scan, profile, result = nodes
    with pytest.raises(ValueError, match="Nothing is selected"):
        logic.bringBackToSlices(profile, scan)
    with pytest.raises(ValueError, match="a node of its own"):
        logic.bringBackToSlices(result, scan, outputNode=result)
    with pytest.raises(ValueError, match="No volume is selected"):
        logic.bringBackToSlices(labels_on(result))
    result.SetSpacing(3, 3, 3)
    with pytest.raises(ValueError, match="in-plane voxels"):
        logic.bringBackToSlices(result, scan)


class TestPanel:
    def test_an_image_is_shown_below_the_scan_and_segments_tell_their_volumes(self, real_panel, script_runner, views):
        ui, scan = real_panel.ui, scan_node()
        ui.inputVolumeSelector.setCurrentNode(scan)
        ui.profileSourceComboBox.setCurrentIndex(1)
        ui.makeProfileButton.click()
        ui.methodComboBox.setCurrentIndex(ui.methodComboBox.findData("bspline"))
        ui.superResolveButton.click()
        wait_until(lambda: not script_runner.runs, 300)
        result = ui.outputVolumeSelector.currentNode()
        bring_back(ui, result, script_runner)
        assert views.compared[-1] == ("Scan", f"{result.GetName()} on slices")
        assert ui.bringBackLabel.text() == ""  # an image has no labels
        compared = len(views.compared)
        segmentation, _ = segmentation_on(result)
        bring_back(ui, segmentation, script_runner)
        brought = slicer.util.getNode("Tissue on slices")
        assert brought.GetSegmentation().GetNumberOfSegments() == 2 and len(views.compared) == compared
        (name, told), (_, other) = (line.split(": ") for line in ui.bringBackLabel.toolTip().split("\n"))
        before, after = (float(part.split(" ml")[0]) for part in told.split(", on the slices "))
        assert name == "bright" and after == pytest.approx(before, rel=0.2) and other != told

    def test_says_why_not(self, panel):
        ui = panel.ui
        assert ui.bringBackButton.toolTip() == "Select a scan."
        scan = scan_node()
        ui.inputVolumeSelector.setCurrentNode(scan)
        assert not ui.bringBackButton.isEnabled() and "Select a volume, label map" in ui.bringBackButton.toolTip()
        ui.thinNodeSelector.setCurrentNode(scan)
        assert not ui.bringBackButton.isEnabled() and "not the scan itself" in ui.bringBackButton.toolTip()
        ui.thinNodeSelector.setCurrentNode(labels_on(scan))
        assert ui.bringBackButton.isEnabled()

    def test_the_profile_that_is_shown_and_the_axis_are_handed_on(self, panel, runner):
        ui, scan = panel.ui, scan_node()
        ui.inputVolumeSelector.setCurrentNode(scan)
        ui.axisComboBox.setCurrentIndex(3)
        ui.thinNodeSelector.setCurrentNode(labels_on(scan))
        ui.bringBackButton.click()
        assert "profileTable" not in runner.runs[0].call.parameters  # there is none: it is estimated
        assert runner.runs[0].call.parameters["axis"] == "k" and runner.runs[0].call.parameters["labels"]
        ui.bringBackCancelButton.click()
        runner.runs[0].end_cancelled()
        assert ui.bringBackMessageLabel.text() == "Cancelled; nothing was changed."
        assert not slicer.util.getNodes("Labels on slices")
        ui.profileSourceComboBox.setCurrentIndex(1)
        ui.makeProfileButton.click()
        ui.bringBackButton.click()
        assert "profileTable" in runner.runs[1].call.parameters
        runner.runs[1].complete(volumes="3 12.3456 11.98765")
        assert ui.bringBackLabel.text() == "Label 3: 12.35 ml, on the slices 11.99 ml"
        ui.inputVolumeSelector.setCurrentNode(scan_node("Other"))
        assert ui.bringBackLabel.text() == ""


def bring_back(ui, node, script_runner) -> None:
    ui.thinNodeSelector.setCurrentNode(node)
    ui.bringBackButton.click()
    wait_until(lambda: not script_runner.runs, 300)
    assert ui.bringBackMessageLabel.text() == ""
