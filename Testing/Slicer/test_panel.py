"""The panel: real widgets and a real scene, with runs that a test ends as it likes, or the scripts as processes."""

from __future__ import annotations

import gc
import os
import re
import shutil

import numpy as np
import pytest
import slicer

from host.script_runner import ScriptRunner
from plays import COMPUTATION, Played
from scans import (
    THICKNESS,
    ijk_to_ras,
    isotropic_node,
    node_names,
    oblique,
    scan_node,
    scratch_nodes,
    small_scan_node,
)
from waiting import wait, wait_until

#: The CLI module SuperResolve with a small network.
LEARNS_LITTLE = f"""
import sys
sys.path.insert(0, {str(COMPUTATION)!r})
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.slicer_cli import run
smore.PRESETS["quick"] = smore.Preset("edsr", 8, 1, 20, 2, 1e-3)
sys.exit(run.run({str(COMPUTATION / "SuperResolve.py")!r}, "super_resolve"))
"""
WIDTHS = {"fwhm": 6.0, "fwhmLow": 5.0, "fwhmHigh": 7.0}


@pytest.fixture
def scan(panel):
    """An oblique scan, selected in the panel by its user."""
    return select(panel, scan_node(turn=oblique(20)))


@pytest.fixture
def real_scan(real_panel):
    """An oblique scan, selected in the panel whose runs are real."""
    return select(real_panel, scan_node(turn=oblique(20)))


def select(panel, node):
    panel.ui.inputVolumeSelector.setCurrentNode(node)
    return node


def choose(box, name: str) -> None:
    """Choose an entry of a combo box by what it stands for."""
    index = box.findData(name)
    assert index >= 0, name
    box.setCurrentIndex(index)


def estimate(panel, runner, **returned) -> None:
    panel.ui.estimateButton.click()
    runner.runs[-1].complete(**{**WIDTHS, **returned})


def super_resolve(panel, runner, method: str = "tikhonov", **returned) -> None:
    choose(panel.ui.methodComboBox, method)
    panel.ui.superResolveButton.click()
    runner.runs[-1].complete(**{**WIDTHS, **returned})


def finish(panel, script_runner, seconds: float = 300) -> None:
    """Wait for the real runs, and see that nothing went wrong in them."""
    wait_until(lambda: not script_runner.runs, seconds)
    labels = (panel.ui.estimateMessageLabel, panel.ui.superResolveMessageLabel, panel.ui.measureMessageLabel)
    assert [label.text() for label in labels] == [""] * 3


def shown(widget) -> bool:
    """Whether a widget would be seen if its section were opened."""
    return not widget.isHidden()


def all_nodes() -> list[str]:
    return [node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")]


class TestScan:
    def test_without_one_every_button_says_so(self, panel):
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            assert not button.isEnabled()
            assert button.toolTip() == "Select a scan."
        assert not panel.ui.measureButton.isEnabled()

    def test_the_first_volume_is_selected(self, host):
        node = scan_node()
        assert host.open().ui.inputVolumeSelector.currentNode() is node

    def test_is_described(self, panel, scan):
        assert "72 × 80 × 18 voxels of 2 × 2 × 8 mm" in panel.ui.scanDescriptionLabel.text()
        assert panel.ui.estimateButton.isEnabled() and panel.ui.superResolveButton.isEnabled()

    def test_what_cannot_be_used_disables_the_buttons_and_says_why(self, panel, scan):
        select(panel, isotropic_node())
        told = panel.ui.scanRefusalLabel.text()
        assert "already isotropic" in told and "--" not in told
        for button in (panel.ui.estimateButton, panel.ui.superResolveButton):
            assert not button.isEnabled()
            assert button.toolTip() == told
        select(panel, scan)
        assert panel.ui.estimateButton.isEnabled()

    def test_another_axis_may_be_told(self, panel, scan):
        panel.ui.axisComboBox.setCurrentIndex(1)
        assert "choose axis k" in panel.ui.scanRefusalLabel.text()
        panel.ui.axisComboBox.setCurrentIndex(3)
        assert panel.ui.scanRefusalLabel.text() == ""

    def test_directions_are_those_of_the_scan_under_its_transforms(self, panel, scan):
        assert "(inferior-superior)" in panel.ui.scanDescriptionLabel.text()
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        scan.SetAndObserveTransformNodeID(transform.GetID())
        assert "(inferior-superior)" in panel.ui.scanDescriptionLabel.text()
        slicer.util.updateTransformMatrixFromArray(transform, oblique(90))
        assert "(posterior-anterior)" in panel.ui.scanDescriptionLabel.text()
        scan.SetAndObserveTransformNodeID(None)
        assert "(inferior-superior)" in panel.ui.scanDescriptionLabel.text()

    def test_voxels_that_change_are_looked_at_again(self, panel, scan):
        slicer.util.arrayFromVolume(scan)[:] = 0
        slicer.util.arrayFromVolumeModified(scan)
        assert "same value" in panel.ui.scanRefusalLabel.text()


class TestProfile:
    def test_is_estimated_shown_and_drawn(self, real_panel, real_scan, script_runner, views):
        ui, stages = real_panel.ui, set()
        ui.estimateButton.click()
        assert not ui.estimateButton.isEnabled() and "running" in ui.estimateButton.toolTip()
        while script_runner.runs:
            stages.add((shown(ui.estimateProgressBar), ui.estimateStageLabel.text()))
            wait(0.01)
        assert any(bar and stage.startswith("fitting") for bar, stage in stages)
        table = ui.profileTableSelector.currentNode()
        offsets, weights = (slicer.util.arrayFromTableColumn(table, name) for name in ("offset_mm", "weight"))
        assert weights.sum() == pytest.approx(1)
        assert np.sqrt(weights @ offsets**2) * 2.355 == pytest.approx(THICKNESS, abs=3)
        assert ui.profileLabel.text().startswith("Slice thickness (FWHM) ")
        assert "80 % probability" in ui.profileLabel.text()
        assert ui.profileLabel.text().endswith(" % of this is prior knowledge")
        assert len(views.charts) == 1 and views.charts[0].startswith("Slice profile of Scan: FWHM")
        assert ui.estimateButton.isEnabled() and not shown(ui.estimateProgressBar)

    def test_a_method_that_is_chosen_is_used(self, real_panel, real_scan, script_runner):
        choose(real_panel.ui.estimationMethodComboBox, "espreso")
        real_panel.ui.estimateButton.click()
        finish(real_panel, script_runner)
        assert real_panel.ui.profileLabel.text().endswith(" mm")  # and does not tell how much is prior knowledge

    def test_method_and_preset_are_handed_to_the_run(self, panel, scan, runner):
        panel.ui.estimateButton.click()
        given = runner.runs[0].call.parameters
        assert given["method"] == "auto" and "preset" not in given
        runner.runs[0].complete(**WIDTHS)
        choose(panel.ui.estimationMethodComboBox, "espreso")
        panel.ui.seedSpinBox.setValue(3)
        panel.ui.estimateButton.click()
        given = runner.runs[1].call.parameters
        assert (given["method"], given["preset"], given["seed"]) == ("espreso", "default", 3)

    def test_estimating_again_fills_the_same_nodes(self, panel, scan, runner):
        estimate(panel, runner)
        before = all_nodes()
        estimate(panel, runner, fwhmLow=5.5)
        assert all_nodes() == before
        assert "5.50 to 7.00 mm" in panel.ui.profileLabel.text()

    def test_tells_what_each_method_needs_and_lists_its_own_presets(self, panel, scan):
        ui = panel.ui
        assert ui.estimationMethodComboBox.currentText() == "Automatic"
        assert "Needs nothing besides Slicer" in ui.estimationMethodComboBox.toolTip()
        assert not shown(ui.estimationPresetComboBox) and not shown(ui.estimationPresetLabel)
        choose(ui.estimationMethodComboBox, "espreso")
        assert shown(ui.estimationPresetComboBox) and ui.estimationPresetComboBox.count() == 2
        assert "patches" in ui.estimationMethodComboBox.toolTip()
        assert "PyTorch" not in ui.estimationMethodComboBox.toolTip()
        choose(ui.estimationPresetComboBox, "paper")
        assert "Needs PyTorch." in ui.estimationMethodComboBox.toolTip()

    def test_a_run_shows_its_progress_and_stage(self, panel, scan, runner):
        ui = panel.ui
        assert not shown(ui.estimateProgressBar) and not shown(ui.estimateCancelButton)
        ui.estimateButton.click()
        assert shown(ui.estimateProgressBar) and ui.estimateProgressBar.maximum() == 0  # it goes on, who knows how far
        runner.runs[0].tell(0.4, "fitting shapes")
        assert (ui.estimateProgressBar.value(), ui.estimateProgressBar.maximum()) == (40, 100)
        assert shown(ui.estimateStageLabel) and ui.estimateStageLabel.text() == "fitting shapes"
        assert ui.estimateCancelButton.isEnabled() and not ui.estimateButton.isEnabled()
        runner.runs[0].complete(**WIDTHS)
        assert not shown(ui.estimateProgressBar) and not shown(ui.estimateStageLabel)

    def test_cancel_leaves_everything_as_it_was(self, panel, scan, runner):
        before = all_nodes()
        panel.ui.estimateButton.click()
        panel.ui.estimateCancelButton.click()
        assert panel.ui.estimateMessageLabel.text().startswith("Is being cancelled")
        assert not panel.ui.estimateCancelButton.isEnabled()
        runner.runs[0].end_cancelled()
        assert panel.ui.estimateMessageLabel.text() == "Cancelled; nothing was changed."
        assert all_nodes() == before
        assert panel.ui.estimateButton.isEnabled()
        estimate(panel, runner)
        assert panel.ui.profileTableSelector.currentNode() is not None
        assert panel.ui.estimateMessageLabel.text() == ""

    def test_a_run_that_tells_no_width_changes_nothing(self, panel, scan, runner):
        panel.ui.estimateButton.click()
        runner.runs[0].complete(fwhm=0.0)
        assert panel.ui.estimateMessageLabel.text().startswith("The run told no slice thickness")
        assert node_names("vtkMRMLTableNode") == []

    @pytest.mark.parametrize(("source", "name"), [(1, "Gaussian"), (2, "box (rect)")])
    def test_a_given_shape_needs_no_run_and_keeps_the_estimate(self, panel, scan, runner, views, source, name):
        estimate(panel, runner)
        estimated = panel.ui.profileTableSelector.currentNode()
        panel.ui.profileSourceComboBox.setCurrentIndex(source)
        assert not shown(panel.ui.estimateButton) and shown(panel.ui.profileWidthSpinBox)
        assert not shown(panel.ui.estimationMethodComboBox)
        panel.ui.profileWidthSpinBox.setValue(6.0)
        panel.ui.makeProfileButton.click()
        assert panel.ui.profileLabel.text().endswith(f" mm, {name}")
        assert float(panel.ui.profileLabel.text().split()[3]) == pytest.approx(6, abs=0.5)
        assert len(runner.runs) == 1 and len(views.charts) == 2
        assert panel.ui.profileTableSelector.currentNode() is not estimated
        panel.ui.profileSourceComboBox.setCurrentIndex(0)
        assert panel.ui.profileTableSelector.currentNode() is estimated

    def test_a_table_of_the_user_is_taken(self, panel, scan, runner, views, tmp_path):
        path = tmp_path / "mine.tsv"
        path.write_text("offset_mm\tweight\n" + "".join(f"{2 * i}\t{3 - abs(i)}\n" for i in range(-2, 3)))
        table = slicer.util.loadTable(str(path))
        panel.ui.profileSourceComboBox.setCurrentIndex(3)
        assert panel.ui.superResolveButton.toolTip() == "Select the table of the slice profile."
        panel.ui.profileTableSelector.setCurrentNode(table)
        assert panel.ui.profileLabel.text() == "Slice thickness (FWHM) 6.00 mm, from the table"
        panel.ui.showChartButton.click()
        assert views.charts == ["Slice profile of mine: FWHM 6.00 mm"]
        panel.ui.superResolveButton.click()
        given = slicer.mrmlScene.GetNodeByID(runner.runs[0].call.parameters["profileTable"])
        assert given is not table and [given.GetCellText(row, 1) for row in (1, 2)] == ["0.2222222222222222"] * 1 + [
            "0.3333333333333333"
        ]
        runner.runs[0].complete()
        assert panel.ui.resultLabel.text()

    def test_a_wrong_table_is_told(self, panel, scan, runner):
        panel.ui.profileSourceComboBox.setCurrentIndex(3)
        panel.ui.profileTableSelector.setCurrentNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Nothing"))
        assert "Nothing is no profile table" in panel.ui.profileLabel.text()
        panel.ui.superResolveButton.click()
        assert "Nothing is no profile table" in panel.ui.superResolveMessageLabel.text()
        assert not runner.runs

    def test_profiles_of_several_scans_share_the_chart(self, panel, scan, runner):
        estimate(panel, runner)
        select(panel, scan_node("Other"))
        assert panel.ui.profileTableSelector.currentNode() is None
        panel.ui.keepProfilesCheckBox.click()
        estimate(panel, runner)
        (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
        assert chart.GetNumberOfPlotSeriesNodes() == 4
        assert chart.GetTitle() == "Slice profiles of 2 scans"
        names = [chart.GetNthPlotSeriesNode(index).GetName() for index in range(4)]
        assert names[0].startswith("Scan: FWHM ") and names[2].startswith("Other: FWHM ")


class TestSuperResolution:
    def test_result_lies_on_the_scan_and_is_compared_with_it(self, real_panel, real_scan, script_runner, views):
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        slicer.util.updateTransformMatrixFromArray(transform, oblique(5))
        real_scan.SetAndObserveTransformNodeID(transform.GetID())
        choose(real_panel.ui.methodComboBox, "tikhonov")
        real_panel.ui.superResolveButton.click()
        finish(real_panel, script_runner)
        result = real_panel.ui.outputVolumeSelector.currentNode()
        assert result.GetName() == "Scan super-resolved"
        assert result.GetImageData().GetDimensions() == (72, 80, 72)
        assert np.allclose(result.GetSpacing(), 2)
        # The field of view's corner is where it was: half a voxel before the first voxel's centre, in either volume.
        corners = [ijk_to_ras(node) @ (-0.5, -0.5, -0.5, 1) for node in (real_scan, result)]
        assert np.allclose(*corners, atol=0.02)
        assert result.GetParentTransformNode() is transform
        assert views.compared == [("Scan", "Scan super-resolved")]
        assert "times the scan's noise" in real_panel.ui.resultLabel.text()
        assert "80 % probability" in real_panel.ui.profileLabel.text()  # it has made its own profile

    def test_makes_its_own_profile_where_there_is_none(self, panel, scan, runner):
        super_resolve(panel, runner)
        assert "80 % probability" in panel.ui.profileLabel.text()
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Scan slice profile"

    def test_uses_the_estimate_that_there_is(self, panel, scan, runner):
        estimate(panel, runner)
        super_resolve(panel, runner)
        given = runner.runs[1].call.parameters
        assert "profileTable" in given and "usedProfileTable" not in given

    def test_uses_a_given_shape_without_being_asked_to_make_it(self, panel, scan, runner):
        panel.ui.profileSourceComboBox.setCurrentIndex(1)
        super_resolve(panel, runner)
        assert panel.ui.profileLabel.text().endswith(" mm, Gaussian")
        assert "profileTable" in runner.runs[0].call.parameters

    def test_again_fills_the_same_volumes(self, panel, scan, runner):
        super_resolve(panel, runner)
        before = all_nodes()
        panel.ui.outputSpacingSpinBox.setValue(4.0)
        super_resolve(panel, runner, dataConsistencyRmse=0.5)
        assert all_nodes() == before
        assert runner.runs[1].call.parameters["outputSpacing"] == 4.0
        assert "0.50 times the scan's noise" in panel.ui.resultLabel.text()

    def test_cancelled_leaves_an_earlier_result_alone(self, real_panel, real_scan, script_runner):
        ui = real_panel.ui
        choose(ui.methodComboBox, "bspline")
        ui.superResolveButton.click()
        finish(real_panel, script_runner)
        result = ui.outputVolumeSelector.currentNode()
        before, nodes = slicer.util.arrayFromVolume(result).copy(), all_nodes()
        choose(ui.methodComboBox, "smore")
        ui.superResolveButton.click()
        wait_until(lambda: ui.superResolveStageLabel.text().startswith("training"))
        ui.superResolveCancelButton.click()
        wait_until(lambda: not script_runner.runs)
        assert ui.superResolveMessageLabel.text() == "Cancelled; nothing was changed."
        assert np.array_equal(slicer.util.arrayFromVolume(result), before)
        assert all_nodes() == nodes
        assert not children_of_this_process()

    def test_an_error_of_the_run_reaches_the_user_as_its_sentence(self, real_panel, real_scan, script_runner):
        ui = real_panel.ui
        ui.outputSpacingSpinBox.setValue(50.0)
        choose(ui.methodComboBox, "tikhonov")
        ui.superResolveButton.click()
        wait_until(lambda: not script_runner.runs)
        told = ui.superResolveMessageLabel.text()
        assert told.startswith("An output spacing of 50 mm is not between")
        assert "\n" not in told and "--" not in told
        assert shown(ui.superResolveMessageLabel) and not shown(ui.superResolveProgressBar)
        assert node_names("vtkMRMLScalarVolumeNode") == ["Scan"]

    def test_an_error_goes_when_the_next_run_is_well(self, panel, scan, runner):
        choose(panel.ui.methodComboBox, "tikhonov")
        panel.ui.superResolveButton.click()
        runner.runs[0].fail("some library says\nerror: the scan is too thin\n")
        assert panel.ui.superResolveMessageLabel.text() == "The scan is too thin."
        super_resolve(panel, runner)
        assert panel.ui.superResolveMessageLabel.text() == ""

    @pytest.mark.parametrize(
        ("error", "sentence"),
        [("Killed\n", "Killed."), ("", "The run ended unexpectedly; the application's log may tell why.")],
    )
    def test_a_run_that_dies_without_a_word_is_told(self, panel, scan, runner, error, sentence):
        panel.ui.estimateButton.click()
        runner.runs[0].fail(error)
        assert panel.ui.estimateMessageLabel.text() == sentence

    def test_a_run_that_gives_nothing_back_changes_nothing(self, panel, scan, runner):
        before = all_nodes()
        choose(panel.ui.methodComboBox, "tikhonov")
        panel.ui.superResolveButton.click()
        runner.runs[0].complete_without_outputs()
        assert panel.ui.superResolveMessageLabel.text().startswith("The run gave no volume back")
        assert all_nodes() == before

    def test_tells_what_each_method_needs(self, panel, scan):
        described = {}
        for name in ("auto", "smore", "instant", "tikhonov", "bspline"):
            choose(panel.ui.methodComboBox, name)
            described[name] = panel.ui.methodComboBox.toolTip()
            assert shown(panel.ui.presetComboBox) == (name == "smore")
            assert panel.ui.uncertaintyCheckBox.isEnabled() == (name in ("auto", "smore", "instant"))
        assert all("Needs PyTorch." in described.pop(name) for name in ("auto", "smore", "instant"))
        assert all("Needs nothing besides Slicer" in text for text in described.values())

    def test_what_a_method_cannot_do_is_not_asked_of_it(self, panel, scan, runner):
        panel.ui.uncertaintyCheckBox.setChecked(True)
        choose(panel.ui.methodComboBox, "smore")
        choose(panel.ui.presetComboBox, "balanced")
        super_resolve(panel, runner, "tikhonov")
        assert not {"uncertaintyVolume", "preset"} & set(runner.runs[0].call.parameters)
        super_resolve(panel, runner, "smore")
        given = runner.runs[1].call.parameters
        assert "uncertaintyVolume" in given and given["preset"] == "balanced"  # as chosen before
        super_resolve(panel, runner, "auto")
        given = runner.runs[2].call.parameters
        assert "uncertaintyVolume" in given and "preset" not in given

    def test_leaves_the_method_to_the_run_which_says_what_it_took(self, panel, scan, runner):
        assert panel.ui.methodComboBox.currentText() == "Automatic"
        choice = "chosen automatically: instant, which has learned such scans"
        super_resolve(panel, runner, "auto", choice=choice)
        assert runner.runs[0].call.parameters["method"] == "auto"
        assert panel.ui.resultLabel.text().startswith("Chosen automatically: instant, which has learned such scans.\n")
        assert "times the scan's noise" in panel.ui.resultLabel.text()
        super_resolve(panel, runner, "tikhonov")
        assert "automatically" not in panel.ui.resultLabel.toolTip()

    def test_a_choice_that_is_worth_a_warning_is_told_once_and_not_of_the_profile(self, panel, scan, runner):
        choice = "chosen automatically: smore, because the slices are 12 in-plane voxels apart"
        told = {"choice": choice, "warnings": f"{choice} | the scan is dark", "profileWarnings": "the scan is dark"}
        super_resolve(panel, runner, "auto", **told)
        assert panel.ui.resultLabel.toolTip().count("Chosen automatically") == 1
        assert panel.ui.profileWarningsLabel.toolTip() == "The scan is dark."

    def test_never_writes_over_the_scan(self, panel, scan, runner):
        panel.ui.outputVolumeSelector.setCurrentNode(scan)
        panel.ui.superResolveButton.click()
        assert "cannot replace the scan" in panel.ui.superResolveMessageLabel.text()
        assert not runner.runs

    def test_a_result_of_another_method_name_takes_the_first(self, panel, scan, runner):
        """As in a scene that was saved where other methods were installed."""
        panel.panel.parameters.node.method = "of the future"
        assert panel.ui.methodComboBox.currentData() == "auto"
        panel.ui.superResolveButton.click()
        assert runner.runs[0].call.parameters["method"] == "auto"


class TestCheck:
    def test_measures_scan_and_result_into_one_table(self, real_panel, real_scan, script_runner):
        ui = real_panel.ui
        choose(ui.methodComboBox, "tikhonov")
        ui.superResolveButton.click()
        finish(real_panel, script_runner)
        for node in (real_scan, ui.outputVolumeSelector.currentNode()):
            ui.measuredVolumeSelector.setCurrentNode(node)
            ui.measureButton.click()
            finish(real_panel, script_runner)
            assert ui.measurementLabel.text().startswith("FWHM ")
        table = slicer.util.getNode("Resolution measurements")
        rows = {table.GetCellText(row, 0): row for row in range(table.GetNumberOfRows())}
        assert set(rows) == {"Scan", "Scan super-resolved"}
        assert float(table.GetCellText(rows["Scan"], 2)) > 2
        assert float(table.GetCellText(rows["Scan super-resolved"], 5)) < 5
        assert shown(ui.measurementsTableView) and ui.measurementsTableView.model().rowCount() == 2

    def test_shows_the_residual_in_diverging_colours(self, panel, scan, runner, views):
        super_resolve(panel, runner, noise=2.0)
        ui = panel.ui
        ui.measuredVolumeSelector.setCurrentNode(scan)
        assert not ui.showResidualButton.isEnabled() and "super-resolved here" in ui.showResidualButton.toolTip()
        ui.measuredVolumeSelector.setCurrentNode(ui.outputVolumeSelector.currentNode())
        ui.showResidualButton.click()
        display = slicer.util.getNode("Scan residual").GetDisplayNode()
        assert display.GetLevel() == 0 and display.GetWindow() == pytest.approx(12)
        assert views.compared[-1] == ("Scan", "Scan residual")

    def test_a_map_goes_with_the_result_that_it_was_of(self, panel, scan, runner):
        panel.ui.uncertaintyCheckBox.setChecked(True)
        super_resolve(panel, runner, "smore")
        result = panel.ui.outputVolumeSelector.currentNode()
        assert "Scan uncertainty" in node_names("vtkMRMLScalarVolumeNode")
        super_resolve(panel, runner, "tikhonov")  # into the same volume, of which that map is not any more
        assert panel.ui.outputVolumeSelector.currentNode() is result
        assert not panel.ui.showUncertaintyButton.isEnabled()
        assert "uncertainty map" in panel.ui.showUncertaintyButton.toolTip()
        assert "Scan uncertainty" not in node_names("vtkMRMLScalarVolumeNode")

    def test_cancelled_measures_nothing(self, panel, scan, runner):
        panel.ui.measuredVolumeSelector.setCurrentNode(scan)
        panel.ui.measureButton.click()
        panel.ui.measureCancelButton.click()
        runner.runs[0].end_cancelled()
        assert panel.ui.measureMessageLabel.text() == "Cancelled; nothing was changed."
        assert panel.ui.measurementLabel.text() == "" and not shown(panel.ui.measurementsTableView)

    def test_settings_of_the_scan_are_not_those_of_another_volume(self, panel, scan, runner):
        panel.ui.axisComboBox.setCurrentIndex(3)
        for node, axis in ((scan, "k"), (scan_node("Other"), "auto")):
            panel.ui.measuredVolumeSelector.setCurrentNode(node)
            panel.ui.measureButton.click()
            assert runner.runs[-1].call.parameters["axis"] == axis

    def test_an_old_measurement_does_not_stay_on_a_new_result(self, panel, scan, runner):
        super_resolve(panel, runner)
        panel.ui.measureButton.click()
        runner.runs[-1].complete(**WIDTHS)
        assert panel.ui.measurementLabel.text()
        super_resolve(panel, runner, "bspline")
        assert panel.ui.measurementLabel.text() == ""

    def test_an_unusable_volume_is_told(self, panel, scan):
        node = isotropic_node("Flat")
        slicer.util.arrayFromVolume(node)[0, 0, 0] = np.nan
        panel.ui.measuredVolumeSelector.setCurrentNode(node)
        panel.ui.measureButton.click()
        assert "Flat has 1 voxel not finite" in panel.ui.measureMessageLabel.text()


class TestUncertainty:
    @pytest.fixture
    def script_runner(self, tmp_path):
        """Real runs, in which the preset *quick* learns for a few iterations."""
        (tmp_path / "SuperResolve.py").write_text(LEARNS_LITTLE, encoding="utf-8")
        shutil.copy(COMPUTATION / "SuperResolve.xml", tmp_path)
        made = ScriptRunner(tmp_path)
        yield made
        made.close()

    def test_shows_the_uncertainty_that_was_mapped_with_the_result(self, real_panel, script_runner, views):
        ui = real_panel.ui
        select(real_panel, small_scan_node())
        ui.uncertaintyCheckBox.setChecked(True)
        choose(ui.methodComboBox, "smore")
        choose(ui.presetComboBox, "quick")
        ui.superResolveButton.click()
        finish(real_panel, script_runner, 900)
        result = ui.outputVolumeSelector.currentNode()
        assert ui.measuredVolumeSelector.currentNode() is result and ui.showUncertaintyButton.isEnabled()
        ui.showUncertaintyButton.click()
        assert views.compared[-1] == ("Small super-resolved", "Small uncertainty")
        uncertainty = slicer.util.getNode("Small uncertainty")
        assert np.allclose(ijk_to_ras(uncertainty), ijk_to_ras(result))
        values = slicer.util.arrayFromVolume(uncertainty)
        assert values.shape == slicer.util.arrayFromVolume(result).shape and values.min() >= 0 and values.std() > 0
        display = uncertainty.GetDisplayNode()
        assert display.GetLevel() == display.GetWindow() / 2 and np.median(values) < display.GetWindow() <= values.max()


class TestSeveralRuns:
    def test_two_scans_do_not_disturb_each_other(self, panel, scan, runner):
        other = scan_node("Other")
        panel.ui.estimateButton.click()
        select(panel, other)
        assert panel.ui.estimateButton.isEnabled()
        panel.ui.estimateButton.click()
        first, second = runner.runs
        second.wait()
        assert panel.ui.estimateMessageLabel.text() == "Waits until another run has ended."
        select(panel, scan)
        assert panel.ui.estimateMessageLabel.text() == "" and not panel.ui.estimateButton.isEnabled()
        first.complete(**WIDTHS)
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Scan slice profile"
        second.complete(**WIDTHS)
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Scan slice profile"
        select(panel, other)
        assert panel.ui.profileTableSelector.currentNode().GetName() == "Other slice profile"

    def test_a_waiting_run_is_cancelled_alone(self, panel, scan, runner):
        panel.ui.estimateButton.click()
        select(panel, scan_node("Other"))
        panel.ui.estimateButton.click()
        runner.runs[1].wait()
        panel.ui.estimateCancelButton.click()
        runner.runs[1].end_cancelled()
        runner.runs[0].complete(**WIDTHS)
        assert panel.ui.profileTableSelector.currentNode() is None
        select(panel, scan)
        assert panel.ui.profileTableSelector.currentNode() is not None

    def test_what_another_run_is_about_to_change_is_not_used(self, panel, scan, runner):
        panel.ui.estimateButton.click()
        panel.ui.superResolveButton.click()
        assert "Another run is at work on Scan" in panel.ui.superResolveMessageLabel.text()
        runner.runs[0].complete(**WIDTHS)
        super_resolve(panel, runner)
        assert panel.ui.superResolveMessageLabel.text() == ""


class TestLife:
    @pytest.mark.parametrize("waiting", [False, True])
    def test_closing_the_scene_ends_the_run(self, real_host, real_panel, real_scan, script_runner, waiting):
        choose(real_panel.ui.methodComboBox, "smore")
        real_panel.ui.superResolveButton.click()
        if waiting:
            wait_until(lambda: real_panel.ui.superResolveStageLabel.text())
        real_host.close_scene()
        wait_until(lambda: not script_runner.runs)
        assert not children_of_this_process()
        assert real_panel.ui.estimateButton.toolTip() == "Select a scan."
        assert not scratch_nodes()
        select(real_panel, scan_node("Next"))
        real_panel.ui.estimateButton.click()
        finish(real_panel, script_runner)
        assert real_panel.ui.profileTableSelector.currentNode().GetName() == "Next slice profile"

    def test_a_run_that_ends_well_as_the_scene_closes_makes_nothing(self, host, panel, scan, runner):
        panel.ui.estimateButton.click()
        (run,) = runner.runs
        host.close_scene()
        select(panel, scan_node(turn=oblique(20)))
        run.complete(**WIDTHS)
        assert node_names("vtkMRMLTableNode") == [] and not scratch_nodes()
        assert panel.ui.estimateButton.isEnabled() and panel.ui.estimateMessageLabel.text() == ""
        assert run.isDiscarded

    @pytest.mark.parametrize("which", ["scan", "scratch"])
    def test_removing_what_a_run_is_about_ends_it(self, panel, scan, runner, which):
        panel.ui.estimateButton.click()
        (run,) = runner.runs
        slicer.mrmlScene.RemoveNode(scan if which == "scan" else run.call.outputs[0])
        assert run.state.name == "CANCELLING"
        run.complete(**WIDTHS)  # too late
        assert node_names("vtkMRMLTableNode") == []
        assert panel.ui.estimateButton.toolTip() == "Select a scan." or which == "scratch"

    def test_nothing_keeps_volumes_that_were_removed(self, panel, runner):
        gone = set()
        select(panel, scan_node())
        super_resolve(panel, runner)
        runner.runs.clear()
        for name in ("Scan", "Scan super-resolved"):
            node = slicer.util.getNode(name)
            node.AddObserver("DeleteEvent", lambda *_, name=name, gone=gone: gone.add(name))
            slicer.mrmlScene.RemoveNode(node)
            del node
        gc.collect()
        assert gone == {"Scan", "Scan super-resolved"}

    def test_leaving_the_module_lets_the_run_go_on(self, host, panel, scan, runner, views):
        panel.ui.estimateButton.click()
        host.leave(panel)
        runner.runs[0].complete(**WIDTHS)
        assert views.charts == []
        host.enter(panel)
        assert "80 % probability" in panel.ui.profileLabel.text()

    def test_a_result_that_comes_meanwhile_is_selected(self, host, panel, scan, runner, views):
        choose(panel.ui.methodComboBox, "tikhonov")
        panel.ui.superResolveButton.click()
        host.leave(panel)
        runner.runs[0].complete(**WIDTHS)
        assert views.compared == []
        host.enter(panel)
        assert panel.ui.outputVolumeSelector.currentNode().GetName() == "Scan super-resolved"
        assert panel.ui.compareButton.isEnabled()
        panel.ui.outputVolumeSelector.setCurrentNode(None)
        host.leave(panel)
        host.enter(panel)
        assert panel.ui.outputVolumeSelector.currentNode() is None

    def test_two_panels_on_one_scene_show_the_same(self, host, panel, scan, runner):
        other = host.open()
        panel.ui.estimateButton.click()
        assert not other.ui.estimateButton.isEnabled() and other.ui.estimateCancelButton.isEnabled()
        other.ui.estimateCancelButton.click()
        runner.runs[0].end_cancelled()
        for each in (panel, other):
            assert each.ui.estimateMessageLabel.text() == "Cancelled; nothing was changed."
        estimate(other, runner)
        for each in (panel, other):
            assert "80 % probability" in each.ui.profileLabel.text()
        choose(other.ui.methodComboBox, "bspline")
        assert panel.ui.methodComboBox.currentData() == "bspline"
        host.close_scene()

    def test_reloading_the_module_ends_its_runs_and_keeps_what_was_made(self, host, panel, scan, runner):
        estimate(panel, runner)
        text = panel.ui.profileLabel.text()
        panel.ui.superResolveButton.click()
        panel.onReload()
        assert runner.runs[-1].state.name == "CANCELLING"
        again = host.module.widgetRepresentation().self()
        host.enter(again)
        assert again is not panel
        assert again.ui.profileLabel.text() == text

    def test_a_loaded_scene_brings_the_choices_back(self, host, panel, scan, runner, tmp_path):
        estimate(panel, runner)
        super_resolve(panel, runner)
        text = panel.ui.profileLabel.text()
        panel.ui.seedSpinBox.setValue(7)
        path = tmp_path / "scene.mrb"
        assert slicer.util.saveScene(str(path))
        host.close_scene()
        assert panel.ui.seedSpinBox.value() == 0
        slicer.util.loadScene(str(path))
        assert panel.ui.seedSpinBox.value() == 7
        assert panel.ui.methodComboBox.currentData() == "tikhonov"
        assert panel.ui.inputVolumeSelector.currentNode().GetName() == "Scan"
        assert panel.ui.profileLabel.text() == text
        assert panel.ui.compareButton.isEnabled()
        estimate(panel, runner)
        assert panel.ui.profileLabel.text() == text

    def test_the_end_of_the_application_ends_the_run(self, script_runner, views, installer):
        with Played(script_runner, views, installer) as host:
            panel = host.open()
            select(panel, scan_node())
            panel.ui.superResolveButton.click()
            wait_until(children_of_this_process)
        wait_until(lambda: not script_runner.runs)
        assert not host.exceptions
        assert not children_of_this_process()


CLI_SCRIPT = re.compile(r"\b(EstimateSliceProfile|SuperResolve)\.py\b")


def children_of_this_process() -> list[str]:
    """The command lines of the CLI processes that this process has started."""
    children = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat") as stat, open(f"/proc/{number}/cmdline") as command:
                line = command.read().replace("\0", " ")
                if int(stat.read().rpartition(")")[2].split()[1]) == os.getpid() and CLI_SCRIPT.search(line):
                    children.append(line)
        except OSError:
            continue  # it has ended meanwhile
    return children


def test_real_knee_scan_from_volume_to_comparison(real_panel, script_runner, views, data_folder):
    ui = real_panel.ui
    knee = select(real_panel, slicer.util.loadVolume(str(data_folder / "aniso" / "pymskt_knee_mese_te12.nii.gz")))
    assert "3 mm thick, with a gap of 1 mm" in ui.scanDescriptionLabel.text()
    ui.estimateButton.click()
    finish(real_panel, script_runner)
    assert "well under the slice spacing" in ui.profileWarningsLabel.toolTip()
    choose(ui.methodComboBox, "tikhonov")
    ui.superResolveButton.click()
    finish(real_panel, script_runner)
    result = ui.outputVolumeSelector.currentNode()
    assert np.allclose(result.GetSpacing(), 0.625)
    corners = [ijk_to_ras(node) @ (-0.5, -0.5, -0.5, 1) for node in (knee, result)]
    assert np.allclose(*corners, atol=0.00625 + 0.3125)  # 24 slices of 4 mm are 153.6 planes of 0.625 mm
    assert views.compared == [(knee.GetName(), result.GetName())]
