"""The panel, driven as a person would: real widgets, real scene, real processes of the CLI modules."""

from __future__ import annotations

import os

import numpy as np
import pytest
import slicer

from host import Host
from scans import (
    THICKNESS,
    ijk_to_ras,
    isotropic_node,
    load_extension,
    node_names,
    oblique,
    scan_node,
    small_scan_node,
)

SMORE, TIKHONOV = 0, 1
Status = slicer.vtkMRMLCommandLineModuleNode


@pytest.fixture
def scan(panel):
    """An oblique scan, selected in the panel by its user."""
    node = scan_node(turn=oblique(20))
    panel.ui.inputVolumeSelector.setCurrentNode(node)
    return node


def estimate(host, panel) -> None:
    panel.ui.estimateButton.click()
    host.waitForJobs()


def super_resolve(host, panel, method: int = TIKHONOV) -> None:
    panel.ui.methodComboBox.setCurrentIndex(method)
    panel.ui.superResolveButton.click()
    host.waitForJobs(300)


class TestScan:
    def test_without_one_every_button_says_so(self, panel):
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            assert not button.enabled
            assert button.toolTip == "Select a scan."
        assert not panel.ui.measureButton.enabled

    def test_the_first_volume_is_selected(self, extension):
        node = scan_node()
        panel = extension.enterModule("SliceProfileSR")
        assert panel.ui.inputVolumeSelector.currentNode() is node

    def test_is_described(self, panel, scan):
        assert "72 × 80 × 18 voxels of 2 × 2 × 8 mm" in panel.ui.scanDescriptionLabel.text
        assert panel.ui.estimateButton.enabled and panel.ui.superResolveButton.enabled

    def test_what_cannot_be_used_disables_the_buttons_and_says_why(self, panel, scan):
        panel.ui.inputVolumeSelector.setCurrentNode(isotropic_node())
        assert "already isotropic" in panel.ui.scanProblemLabel.text
        assert "--" not in panel.ui.scanProblemLabel.text
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            assert not button.enabled
            assert button.toolTip == panel.ui.scanProblemLabel.text
        panel.ui.inputVolumeSelector.setCurrentNode(scan)
        assert panel.ui.estimateButton.enabled

    def test_another_axis_may_be_told(self, panel, scan):
        panel.ui.axisComboBox.setCurrentIndex(1)
        assert "choose axis k" in panel.ui.scanProblemLabel.text
        panel.ui.axisComboBox.setCurrentIndex(3)
        assert panel.ui.scanProblemLabel.text == ""

    def test_voxels_that_change_are_looked_at_again(self, panel, scan):
        voxels = slicer.util.arrayFromVolume(scan)
        voxels[:] = 0
        slicer.util.arrayFromVolumeModified(scan)
        assert "same value" in panel.ui.scanProblemLabel.text


class TestProfile:
    def test_is_estimated_shown_and_drawn(self, host, panel, scan):
        estimate(host, panel)
        table = panel.ui.profileTableSelector.currentNode()
        offsets, weights = (slicer.util.arrayFromTableColumn(table, name) for name in ("offset_mm", "weight"))
        assert weights.sum() == pytest.approx(1)
        width = np.sqrt(weights @ offsets**2) * 2.355
        assert width == pytest.approx(THICKNESS, abs=3)
        assert panel.ui.profileLabel.text.startswith("Slice thickness (FWHM) ")
        assert "80 % probability" in panel.ui.profileLabel.text
        selection = slicer.app.applicationLogic().GetSelectionNode()
        chart = slicer.mrmlScene.GetNodeByID(selection.GetActivePlotChartID())
        assert chart.GetTitle().startswith("Slice profile of Scan: FWHM")
        assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView
        assert panel.ui.estimateButton.enabled and not panel.ui.estimateCancelButton.enabled

    def test_estimating_again_fills_the_same_nodes(self, host, panel, scan):
        estimate(host, panel)
        before = [node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode") if not node.IsA(CLI)]
        estimate(host, panel)
        assert [node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode") if not node.IsA(CLI)] == before

    def test_tells_what_each_method_needs_and_sets_what_it_has(self, panel, scan):
        assert panel.ui.estimationMethodComboBox.currentText.startswith("Automatic")
        assert "Needs nothing besides Slicer" in panel.ui.estimationDescriptionLabel.text
        assert not panel.ui.estimationPresetComboBox.enabled
        panel.ui.estimationPresetComboBox.setCurrentIndex(1)
        assert "PyTorch" not in panel.ui.estimationDescriptionLabel.text
        panel.ui.estimationMethodComboBox.setCurrentIndex(1)
        assert panel.ui.estimationPresetComboBox.enabled
        assert "patches" in panel.ui.estimationDescriptionLabel.text
        assert "PyTorch" in panel.ui.estimationDescriptionLabel.text

    def test_a_method_that_is_chosen_is_used(self, host, panel, scan):
        estimate(host, panel)
        assert panel.ui.profileLabel.text.endswith(" % of this is prior knowledge")
        panel.ui.estimationMethodComboBox.setCurrentIndex(1)
        estimate(host, panel)
        assert panel.ui.profileLabel.text.endswith(" mm")

    def test_a_run_shows_its_progress_and_stage(self, host, panel, scan):
        panel.ui.estimateButton.click()
        bar = panel.ui.estimateProgressBar
        host.waitUntil(
            lambda: bar.visible and slicer.util.findChild(bar, "StageProgressBar").format.startswith("fitting")
        )
        assert not panel.ui.estimateButton.enabled
        assert "running" in panel.ui.estimateButton.toolTip
        assert panel.ui.estimateCancelButton.enabled
        host.waitForJobs()
        assert not bar.visible

    def test_cancel_leaves_everything_as_it_was(self, host, panel, scan):
        before = node_names("vtkMRMLStorableNode")
        panel.ui.estimateButton.click()
        host.waitUntil(lambda: panel.ui.estimateProgressBar.visible)
        panel.ui.estimateCancelButton.click()
        host.waitForJobs()
        assert panel.ui.estimateMessageLabel.text == "Cancelled; nothing was changed."
        assert node_names("vtkMRMLStorableNode") == before
        assert panel.ui.estimateButton.enabled
        estimate(host, panel)
        assert panel.ui.profileTableSelector.currentNode() is not None
        assert panel.ui.estimateMessageLabel.text == ""

    @pytest.mark.parametrize(("source", "name"), [(1, "Gaussian"), (2, "box (rect)")])
    def test_a_given_shape_needs_no_run_and_keeps_the_estimate(self, host, panel, scan, source, name):
        estimate(host, panel)
        estimated = panel.ui.profileTableSelector.currentNode()
        panel.ui.profileSourceComboBox.setCurrentIndex(source)
        assert not panel.ui.estimateButton.visible and panel.ui.profileWidthSpinBox.visible
        panel.ui.profileWidthSpinBox.setValue(6.0)
        panel.ui.makeProfileButton.click()
        assert panel.ui.profileLabel.text.endswith(f" mm, {name}")
        width = float(panel.ui.profileLabel.text.split()[3])
        assert width == pytest.approx(6, abs=0.5)
        assert panel.ui.profileTableSelector.currentNode() is not estimated
        panel.ui.profileSourceComboBox.setCurrentIndex(0)
        assert panel.ui.profileTableSelector.currentNode() is estimated

    def test_a_table_of_the_user_is_taken(self, host, panel, scan, tmp_path):
        path = tmp_path / "mine.tsv"
        path.write_text("offset_mm\tweight\n" + "".join(f"{2 * i}\t{3 - abs(i)}\n" for i in range(-2, 3)))
        table = slicer.util.loadTable(str(path))
        panel.ui.profileSourceComboBox.setCurrentIndex(3)
        assert panel.ui.superResolveButton.toolTip == "Select the table of the slice profile."
        panel.ui.profileTableSelector.setCurrentNode(table)
        assert panel.ui.profileLabel.text == "Slice thickness (FWHM) 6.00 mm, from the table"
        panel.ui.showChartButton.click()
        super_resolve(host, panel)
        assert panel.ui.resultLabel.text

    def test_a_wrong_table_is_told(self, host, panel, scan):
        panel.ui.profileSourceComboBox.setCurrentIndex(3)
        panel.ui.profileTableSelector.setCurrentNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Nothing"))
        assert "Nothing is no profile table" in panel.ui.profileLabel.text
        panel.ui.superResolveButton.click()
        assert "Nothing is no profile table" in panel.ui.superResolveMessageLabel.text

    def test_profiles_of_several_scans_share_the_chart(self, host, panel, scan):
        estimate(host, panel)
        other = scan_node("Other")
        panel.ui.inputVolumeSelector.setCurrentNode(other)
        assert panel.ui.profileTableSelector.currentNode() is None
        panel.ui.keepProfilesCheckBox.click()
        estimate(host, panel)
        (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
        assert chart.GetNumberOfPlotSeriesNodes() == 4
        assert chart.GetTitle() == "Slice profiles of 2 scans"
        names = [chart.GetNthPlotSeriesNode(index).GetName() for index in range(4)]
        assert names[0].startswith("Scan: FWHM ") and names[2].startswith("Other: FWHM ")


CLI = "vtkMRMLCommandLineModuleNode"


class TestSuperResolution:
    def test_result_lies_on_the_scan_and_is_compared_with_it(self, host, panel, scan):
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        slicer.util.updateTransformMatrixFromArray(transform, oblique(5))
        scan.SetAndObserveTransformNodeID(transform.GetID())
        estimate(host, panel)
        super_resolve(host, panel)
        result = panel.ui.outputVolumeSelector.currentNode()
        assert result.GetName() == "Scan super-resolved"
        assert result.GetImageData().GetDimensions() == (72, 80, 72)
        assert np.allclose(result.GetSpacing(), 2)
        # The field of view's corner is where it was: half a voxel before the first voxel's centre, in either volume.
        corners = [ijk_to_ras(node) @ (-0.5, -0.5, -0.5, 1) for node in (scan, result)]
        assert np.allclose(*corners, atol=0.02)
        assert result.GetParentTransformNode() is transform
        views = slicer.app.layoutManager()
        assert views.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView
        host.wait(0.1)
        for name, volume in (("Green", scan), ("Green+", result)):
            composite = views.sliceWidget(name).sliceLogic().GetSliceCompositeNode()
            assert composite.GetBackgroundVolumeID() == volume.GetID()
            assert composite.GetLinkedControl()
        offsets = [views.sliceWidget(name).sliceLogic().GetSliceOffset() for name in ("Green", "Green+")]
        assert offsets[0] == pytest.approx(offsets[1])
        assert "times the scan's noise" in panel.ui.resultLabel.text

    def test_makes_its_own_profile_where_there_is_none(self, host, panel, scan):
        super_resolve(host, panel)
        assert "80 % probability" in panel.ui.profileLabel.text
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Scan slice profile"

    def test_uses_a_given_shape_without_being_asked_to_make_it(self, host, panel, scan):
        panel.ui.profileSourceComboBox.setCurrentIndex(1)
        super_resolve(host, panel)
        assert panel.ui.profileLabel.text.endswith(" mm, Gaussian")

    def test_again_fills_the_same_volumes(self, host, panel, scan):
        super_resolve(host, panel)
        before = node_names("vtkMRMLScalarVolumeNode")
        panel.ui.outputSpacingSpinBox.setValue(4.0)
        super_resolve(host, panel)
        assert node_names("vtkMRMLScalarVolumeNode") == before
        assert panel.ui.outputVolumeSelector.currentNode().GetSpacing()[2] == pytest.approx(4)

    def test_cancelled_leaves_an_earlier_result_alone(self, host, panel, scan):
        super_resolve(host, panel)
        result = panel.ui.outputVolumeSelector.currentNode()
        before = slicer.util.arrayFromVolume(result).copy()
        panel.ui.methodComboBox.setCurrentIndex(0)
        panel.ui.superResolveButton.click()
        stage = slicer.util.findChild(panel.ui.superResolveProgressBar, "StageProgressBar")
        host.waitUntil(lambda: stage.format.startswith("training"), 60)
        panel.ui.superResolveCancelButton.click()
        host.waitForJobs()
        assert panel.ui.superResolveMessageLabel.text == "Cancelled; nothing was changed."
        assert np.array_equal(slicer.util.arrayFromVolume(result), before)
        assert not [name for name in node_names("vtkMRMLNode") if "scratch" in (name or "")]

    def test_an_error_of_the_run_reaches_the_user_as_its_sentence(self, host, panel, scan):
        panel.ui.outputSpacingSpinBox.setValue(50.0)
        super_resolve(host, panel)
        told = panel.ui.superResolveMessageLabel.text
        assert told.startswith("An output spacing of 50 mm is not between")
        assert "\n" not in told and "--" not in told
        bar = panel.ui.superResolveProgressBar
        assert bar.visible and "50 mm" in slicer.util.findChild(bar, "DetailsTextBrowser").plainText
        assert node_names("vtkMRMLScalarVolumeNode") == ["Scan"]
        panel.ui.outputSpacingSpinBox.setValue(0.0)
        super_resolve(host, panel)
        assert panel.ui.superResolveMessageLabel.text == ""

    def test_tells_what_each_method_needs(self, panel, scan):
        described = []
        for index in range(3):
            panel.ui.methodComboBox.setCurrentIndex(index)
            described.append(panel.ui.methodDescriptionLabel.text)
            assert panel.ui.presetComboBox.enabled == panel.ui.uncertaintyCheckBox.enabled == (index == SMORE)
        assert "PyTorch" in described[0] and "minutes" in described[0]
        assert all("Needs nothing besides Slicer" in text for text in described[1:])

    def test_never_writes_over_the_scan(self, host, panel, scan):
        panel.ui.outputVolumeSelector.setCurrentNode(scan)
        panel.ui.superResolveButton.click()
        assert "cannot replace the scan" in panel.ui.superResolveMessageLabel.text


class TestCheck:
    def test_measures_scan_and_result_into_one_table(self, host, panel, scan):
        super_resolve(host, panel)
        for node in (scan, panel.ui.outputVolumeSelector.currentNode()):
            panel.ui.measuredVolumeSelector.setCurrentNode(node)
            panel.ui.measureButton.click()
            host.waitForJobs(120)
            assert panel.ui.measurementLabel.text.startswith("FWHM ")
        table = slicer.util.getNode("Resolution measurements")
        rows = {table.GetCellText(row, 0): row for row in range(table.GetNumberOfRows())}
        assert set(rows) == {"Scan", "Scan super-resolved"}
        assert float(table.GetCellText(rows["Scan"], 2)) > 2
        assert float(table.GetCellText(rows["Scan super-resolved"], 5)) < 5
        assert panel.ui.measurementsTableView.visible

    def test_shows_the_residual_in_diverging_colours(self, host, panel, scan):
        super_resolve(host, panel)
        panel.ui.measuredVolumeSelector.setCurrentNode(scan)
        assert not panel.ui.showResidualButton.enabled and "super-resolved here" in panel.ui.showResidualButton.toolTip
        panel.ui.measuredVolumeSelector.setCurrentNode(panel.ui.outputVolumeSelector.currentNode())
        panel.ui.showResidualButton.click()
        residual = slicer.util.getNode("Scan residual")
        assert residual.GetImageData().GetDimensions() == scan.GetImageData().GetDimensions()
        assert residual.GetDisplayNode().GetLevel() == 0
        composite = slicer.app.layoutManager().sliceWidget("Red+").sliceLogic().GetSliceCompositeNode()
        assert composite.GetBackgroundVolumeID() == residual.GetID()

    def test_shows_the_uncertainty_that_was_mapped_with_the_result(self, host, panel):
        panel.ui.inputVolumeSelector.setCurrentNode(small_scan_node())
        panel.ui.uncertaintyCheckBox.setChecked(True)
        super_resolve(host, panel, SMORE)
        result = panel.ui.outputVolumeSelector.currentNode()
        assert panel.ui.measuredVolumeSelector.currentNode() is result and panel.ui.showUncertaintyButton.enabled
        panel.ui.showUncertaintyButton.click()
        uncertainty = slicer.util.getNode("Small uncertainty")
        assert np.allclose(ijk_to_ras(uncertainty), ijk_to_ras(result))
        values = slicer.util.arrayFromVolume(uncertainty)
        assert values.shape == slicer.util.arrayFromVolume(result).shape and values.min() >= 0 and values.std() > 0
        display = uncertainty.GetDisplayNode()
        assert display.GetLevel() == 0 and np.median(values) < display.GetWindow() / 2 <= values.max()
        views = slicer.app.layoutManager()
        shown = [views.sliceWidget(name).sliceLogic().GetSliceCompositeNode() for name in ("Red", "Red+")]
        assert [node.GetBackgroundVolumeID() for node in shown] == [result.GetID(), uncertainty.GetID()]

        super_resolve(host, panel, TIKHONOV)  # into the same volume, of which that map is not any more
        assert panel.ui.outputVolumeSelector.currentNode() is result
        assert not panel.ui.showUncertaintyButton.enabled
        assert "uncertainty map" in panel.ui.showUncertaintyButton.toolTip
        assert "Small uncertainty" not in node_names("vtkMRMLScalarVolumeNode")

    def test_cancelled_measures_nothing(self, host, panel, scan):
        panel.ui.measuredVolumeSelector.setCurrentNode(scan)
        panel.ui.measureButton.click()
        host.waitUntil(lambda: panel.ui.measureProgressBar.visible)
        panel.ui.measureCancelButton.click()
        host.waitForJobs()
        assert panel.ui.measureMessageLabel.text == "Cancelled; nothing was changed."
        assert panel.ui.measurementLabel.text == "" and not panel.ui.measurementsTableView.visible

    def test_an_old_measurement_does_not_stay_on_a_new_result(self, host, panel, scan):
        super_resolve(host, panel)
        panel.ui.measureButton.click()
        host.waitForJobs(120)
        assert panel.ui.measurementLabel.text
        super_resolve(host, panel, method=2)
        assert panel.ui.measurementLabel.text == ""

    def test_an_unusable_volume_is_told(self, host, panel, scan):
        node = isotropic_node("Flat")
        slicer.util.arrayFromVolume(node)[0, 0, 0] = np.nan
        panel.ui.measuredVolumeSelector.setCurrentNode(node)
        panel.ui.measureButton.click()
        assert "Flat has 1 voxel not finite" in panel.ui.measureMessageLabel.text


class TestSeveralRuns:
    def test_two_scans_do_not_disturb_each_other(self, host, panel, scan):
        other = scan_node("Other")
        panel.ui.estimateButton.click()
        panel.ui.inputVolumeSelector.setCurrentNode(other)
        assert panel.ui.estimateButton.enabled
        panel.ui.estimateButton.click()
        host.waitUntil(lambda: panel.ui.estimateMessageLabel.text == "Waits until another run has ended.")
        panel.ui.inputVolumeSelector.setCurrentNode(scan)
        host.waitUntil(lambda: panel.ui.estimateMessageLabel.text == "")
        assert not panel.ui.estimateButton.enabled
        host.waitForJobs()
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Scan slice profile"
        panel.ui.inputVolumeSelector.setCurrentNode(other)
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Other slice profile"

    def test_a_cancel_that_slicer_forgets_is_repeated_until_the_end(self, host, extension):
        from SliceProfileSRLib import jobs

        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCommandLineModuleNode")
        node.SetStatus(Status.Running)
        jobs.cancel(node)
        assert node.GetStatus() == Status.Cancelling
        node.SetStatus(Status.Running)  # as Slicer does once the inputs are written
        slicer.mrmlScene.RemoveNode(node)
        host.waitUntil(lambda: node.GetStatus() == Status.Cancelling, 5)
        for state in (Status.Completing, Status.Cancelled):
            node.SetStatus(state)
            host.wait(1.2 * jobs.CANCEL_AGAIN_AFTER / 1000)
            assert node.GetStatus() == state

    def test_a_waiting_run_is_cancelled_alone(self, host, panel, scan):
        panel.ui.estimateButton.click()
        panel.ui.inputVolumeSelector.setCurrentNode(scan_node("Other"))
        panel.ui.estimateButton.click()
        host.waitUntil(lambda: panel.ui.estimateCancelButton.enabled)
        panel.ui.estimateCancelButton.click()
        host.waitForJobs()
        assert panel.ui.profileTableSelector.currentNode() is None
        panel.ui.inputVolumeSelector.setCurrentNode(scan)
        assert panel.ui.profileTableSelector.currentNode() is not None

    def test_what_another_run_is_about_to_change_is_not_used(self, host, panel, scan):
        panel.ui.estimateButton.click()
        panel.ui.methodComboBox.setCurrentIndex(TIKHONOV)
        panel.ui.superResolveButton.click()
        assert "Another run is at work on Scan" in panel.ui.superResolveMessageLabel.text
        host.waitForJobs()
        super_resolve(host, panel)
        assert panel.ui.superResolveMessageLabel.text == ""

    def test_outputs_that_follow_the_end_are_waited_for(self, host, panel, scan):
        """Slicer may say Completed when it has read but the first output."""
        panel.ui.methodComboBox.setCurrentIndex(TIKHONOV)
        panel.ui.superResolveButton.click()
        (run,) = slicer.util.getNodesByClass(CLI)
        host.waitUntil(lambda: run.GetStatus() == Status.Running)
        run.SetStatus(Status.Completed)
        assert panel.ui.outputVolumeSelector.currentNode() is None
        run.SetStatus(Status.Running)
        host.waitForJobs()
        assert panel.ui.outputVolumeSelector.currentNode() is not None


class TestLife:
    @pytest.mark.parametrize("waiting", [False, True])
    def test_closing_the_scene_ends_the_run(self, host, panel, scan, waiting):
        panel.ui.methodComboBox.setCurrentIndex(0)
        panel.ui.superResolveButton.click()
        if waiting:
            host.waitUntil(lambda: panel.ui.superResolveProgressBar.visible)
        host.closeScene()
        host.waitForJobs()
        host.wait(0.3)
        assert not slicer.util.getNodesByClass(CLI)
        assert not children_of_this_process()
        assert panel.ui.estimateButton.toolTip == "Select a scan."
        node = scan_node("Next")
        panel.ui.inputVolumeSelector.setCurrentNode(node)
        estimate(host, panel)
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Next slice profile"

    def test_removing_the_scan_ends_its_run(self, host, panel, scan):
        panel.ui.estimateButton.click()
        host.waitUntil(lambda: panel.ui.estimateProgressBar.visible)
        slicer.mrmlScene.RemoveNode(scan)
        host.waitForJobs()
        assert node_names("vtkMRMLTableNode") == []
        assert panel.ui.estimateButton.toolTip == "Select a scan."

    def test_leaving_the_module_lets_the_run_go_on(self, host, panel, scan):
        panel.ui.estimateButton.click()
        host.exitModule()
        host.waitForJobs()
        host.enterModule("SliceProfileSR")
        assert "80 % probability" in panel.ui.profileLabel.text

    def test_a_result_that_comes_meanwhile_is_selected(self, host, panel, scan):
        panel.ui.methodComboBox.setCurrentIndex(TIKHONOV)
        panel.ui.superResolveButton.click()
        host.exitModule()
        layout = slicer.app.layoutManager().layout
        host.waitForJobs()
        assert slicer.app.layoutManager().layout == layout
        host.enterModule("SliceProfileSR")
        assert panel.ui.outputVolumeSelector.currentNode().GetName() == "Scan super-resolved"
        assert panel.ui.compareButton.enabled
        panel.ui.outputVolumeSelector.setCurrentNode(None)
        host.exitModule()
        host.enterModule("SliceProfileSR")
        assert panel.ui.outputVolumeSelector.currentNode() is None

    def test_two_panels_on_one_scene_show_the_same(self, host, panel, scan):
        second = slicer.modules.sliceprofilesr.createNewWidgetRepresentation()
        second.setMRMLScene(slicer.mrmlScene)
        second.enter()
        other = second.self()
        panel.ui.estimateButton.click()
        assert not other.ui.estimateButton.enabled
        host.waitUntil(lambda: other.ui.estimateCancelButton.enabled)
        other.ui.estimateCancelButton.click()
        host.waitForJobs()
        assert panel.ui.estimateMessageLabel.text == other.ui.estimateMessageLabel.text
        other.ui.estimateButton.click()
        host.waitForJobs()
        assert "80 % probability" in panel.ui.profileLabel.text
        assert other.ui.profileLabel.text == panel.ui.profileLabel.text
        host.closeScene()

    def test_reloading_the_module_keeps_what_was_made(self, host, panel, scan):
        estimate(host, panel)
        text = panel.ui.profileLabel.text
        again = host.reloadModule("SliceProfileSR")
        again = host.enterModule("SliceProfileSR") or again
        assert again is not panel
        assert again.ui.profileLabel.text == text
        super_resolve(host, again)
        assert again.ui.resultLabel.text

    def test_a_loaded_scene_brings_the_choices_back(self, host, panel, scan, tmp_path):
        estimate(host, panel)
        super_resolve(host, panel)
        text = panel.ui.profileLabel.text
        panel.ui.seedSpinBox.setValue(7)
        path = tmp_path / "scene.mrb"
        assert slicer.util.saveScene(str(path))
        host.closeScene()
        assert panel.ui.seedSpinBox.value == 0
        slicer.util.loadScene(str(path))
        assert panel.ui.seedSpinBox.value == 7
        assert panel.ui.inputVolumeSelector.currentNode().GetName() == "Scan"
        assert panel.ui.profileLabel.text == text
        assert panel.ui.compareButton.enabled
        panel.ui.compareButton.click()
        estimate(host, panel)
        assert panel.ui.profileLabel.text == text

    def test_the_end_of_the_application_ends_the_run(self):
        with Host() as host:
            load_extension(host)
            panel = host.enterModule("SliceProfileSR")
            panel.ui.inputVolumeSelector.setCurrentNode(scan_node())
            panel.ui.superResolveButton.click()
            host.waitUntil(children_of_this_process)
        assert not host.exceptions
        assert not children_of_this_process()


def children_of_this_process() -> list[str]:
    """The command lines of the CLI processes that this process has started."""
    children = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat") as stat, open(f"/proc/{number}/cmdline") as command:
                line = command.read().replace("\0", " ")
                if int(stat.read().rpartition(")")[2].split()[1]) == os.getpid() and "SuperResolve" in line:
                    children.append(line)
        except OSError:
            continue  # it has ended meanwhile
    return children


def test_real_knee_scan_from_volume_to_linked_comparison(host, panel, data_folder):
    knee = slicer.util.loadVolume(str(data_folder / "aniso" / "pymskt_knee_mese_te12.nii.gz"))
    panel.ui.inputVolumeSelector.setCurrentNode(knee)
    assert "3 mm thick, with a gap of 1 mm" in panel.ui.scanDescriptionLabel.text
    estimate(host, panel)
    assert "well under the slice spacing" in panel.ui.profileWarningsLabel.text
    super_resolve(host, panel)
    result = panel.ui.outputVolumeSelector.currentNode()
    assert np.allclose(result.GetSpacing(), 0.625)
    corners = [ijk_to_ras(node) @ (-0.5, -0.5, -0.5, 1) for node in (knee, result)]
    assert np.allclose(*corners, atol=0.00625 + 0.3125)  # 24 slices of 4 mm are 153.6 planes of 0.625 mm
    host.wait(0.1)
    logics = [slicer.app.layoutManager().sliceWidget(name).sliceLogic() for name in ("Red", "Red+")]
    backgrounds = [logic.GetSliceCompositeNode().GetBackgroundVolumeID() for logic in logics]
    assert backgrounds == [knee.GetID(), result.GetID()]
    assert all(logic.GetSliceCompositeNode().GetLinkedControl() for logic in logics)
