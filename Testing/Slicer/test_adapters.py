"""Between nodes and computation: geometry, headers, tables, charts, results, and a scene that is saved and loaded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import slicer
import vtk

from scans import ijk_to_ras, isotropic_node, oblique, scan_node, simulated_scan


@pytest.fixture
def profile_table(host):
    """A table node with an estimated profile."""
    from SliceProfileSRLib.profileTable import ProfileFacts, setProfile
    from SuperResolveLib import SliceProfile

    tableNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "A profile")
    setProfile(tableNode, SliceProfile.gaussian(4, 0.5), ProfileFacts("estimated", "A", 4.0, 3.0, 5.0, "one | two"))
    return tableNode


class TestVolumes:
    @pytest.mark.parametrize("degrees", [0, 35, 90])
    def test_voxels_and_world_coordinates_are_the_nodes(self, host, degrees):
        from SliceProfileSRLib.volumes import volumeFromNode

        node = scan_node(turn=oblique(degrees))
        volume = volumeFromNode(node)
        assert volume.shape == node.GetImageData().GetDimensions()
        assert np.allclose(volume.affine, ijk_to_ras(node))
        assert volume.data[5, 7, 3] == node.GetImageData().GetScalarComponentAsDouble(5, 7, 3, 0)

    def test_a_parent_transform_stays_outside(self, host):
        from SliceProfileSRLib.volumes import volumeFromNode

        node = scan_node()
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        slicer.util.updateTransformMatrixFromArray(transform, oblique(10))
        node.SetAndObserveTransformNodeID(transform.GetID())
        assert np.allclose(volumeFromNode(node).affine, simulated_scan().affine)

    @pytest.mark.parametrize(
        ("spoil", "refusal"),
        [
            (lambda node: node.SetAndObserveImageData(None), "has no voxels"),
            (lambda node: node.SetSpacing(1, 1, 90), "implausible"),
            (lambda node: slicer.util.arrayFromVolume(node).fill(7), "Every voxel has the same value"),
            (lambda node: slicer.util.arrayFromVolume(node).__setitem__((0, 0, 0), np.nan), "not finite"),
        ],
    )
    def test_what_is_wrong_is_told_in_one_sentence(self, host, spoil, refusal):
        from SliceProfileSRLib.scanDescription import describeScan

        node = scan_node()
        spoil(node)
        told = describeScan(node).refusal
        assert refusal in told
        assert told[0].isupper() and told.endswith(".")

    def test_a_vector_volume_is_refused(self, host):
        from SliceProfileSRLib.scanDescription import describeScan

        voxels = np.zeros((12, 20, 20, 3), dtype=np.uint8)
        node = slicer.util.addVolumeFromArray(voxels, np.eye(4), "RGB", "vtkMRMLVectorVolumeNode")
        assert "3 values a voxel" in describeScan(node).refusal


class TestDescription:
    def test_says_size_spacing_axis_and_ratio(self, host):
        from SliceProfileSRLib.scanDescription import describeScan

        told = describeScan(scan_node())
        assert told.refusal == ""
        assert "72 × 80 × 18 voxels of 2 × 2 × 8 mm" in told.text
        assert "18 slices along k (inferior-superior), 8 mm apart: ratio 4.00" in told.text

    def test_follows_the_voxels(self, host):
        from SliceProfileSRLib.scanDescription import describeScan

        node = scan_node()
        assert describeScan(node).refusal == ""
        slicer.util.updateVolumeFromArray(node, np.zeros((18, 80, 72), dtype=np.float32))
        assert "same value" in describeScan(node).refusal

    def test_an_isotropic_volume_is_none(self, host):
        from SliceProfileSRLib.scanDescription import describeScan

        told = describeScan(isotropic_node())
        assert "isotropic" in told.refusal and "1 × 1 × 1 mm" in told.text

    def test_reads_the_dicom_database(self, host, data_folder, monkeypatch):
        """Thickness, gap and acquisition matrix of a real DICOM series, through a database of its files."""
        import pydicom

        from SliceProfileSRLib.scanDescription import describeScan
        from SliceProfileSRLib.volumes import volumeFromNode
        from SuperResolveLib import read_volume

        folder = data_folder / "aniso" / "brainix_flair_dicom"
        files = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID: str(path) for path in folder.iterdir()}

        class Database:
            isOpen = True

            def fileForInstance(self, uid):
                return files.get(uid, "")

            def fileValue(self, path, tag):
                element = pydicom.dcmread(path, stop_before_pixels=True).get(
                    tuple(int(part, 16) for part in tag.split(","))
                )
                if element is None:
                    return ""
                value = element.value
                return "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value)

        monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
        scan = read_volume(folder)
        node = slicer.util.addVolumeFromArray(np.ascontiguousarray(scan.data.transpose(2, 1, 0)), scan.affine, "FLAIR")
        node.SetAttribute("DICOM.instanceUIDs", " ".join(files))
        assert volumeFromNode(node).header.slice_thickness_mm == scan.header.slice_thickness_mm == 5.0
        told = describeScan(node).text
        assert "slices are 5 mm thick, with a gap of 1 mm" in told
        assert "In-plane zero filling" in told

    def test_reads_the_sidecar_of_a_loaded_file(self, host, data_folder):
        from SliceProfileSRLib.scanDescription import describeScan

        node = slicer.util.loadVolume(str(data_folder / "aniso" / "pymskt_knee_mese_te12.nii.gz"))
        assert "slices are 3 mm thick, with a gap of 1 mm" in describeScan(node).text


class TestProfileTable:
    def test_holds_the_profile_and_what_is_known_of_it(self, profile_table):
        from SliceProfileSRLib.profileTable import profileFacts, profileFromTable
        from SuperResolveLib import SliceProfile

        profile = profileFromTable(profile_table)
        assert np.allclose(profile.weights, SliceProfile.gaussian(4, 0.5).weights)
        assert profile.tap_spacing == pytest.approx(0.5)
        facts = profileFacts(profile_table)
        assert (facts.source, facts.fwhm, facts.fwhmLow, facts.fwhmHigh) == ("estimated", 4.0, 3.0, 5.0)
        assert facts.text.endswith("4.00 mm, with 80 % probability 3.00 to 5.00 mm")
        assert facts.priorShare is None

    def test_tells_how_much_of_it_is_prior(self, profile_table):
        from SliceProfileSRLib.profileTable import profileFacts, profileFromTable, setProfile

        facts = replace(profileFacts(profile_table), priorShare=0.264)
        setProfile(profile_table, profileFromTable(profile_table), facts)
        assert profileFacts(profile_table) == facts
        assert facts.text.endswith("5.00 mm; 26 % of this is prior knowledge")

    def test_columns_are_numbers_for_charts(self, profile_table):
        table = profile_table.GetTable()
        columns = {table.GetColumnName(index): table.GetColumn(index) for index in range(table.GetNumberOfColumns())}
        assert list(columns) == ["offset_mm", "weight"]
        assert all(isinstance(column, vtk.vtkDoubleArray) for column in columns.values())

    def test_takes_text_from_a_file_of_the_user(self, host, tmp_path):
        from SliceProfileSRLib.profileTable import profileFacts

        path = tmp_path / "mine.tsv"
        path.write_text("offset_mm\tweight\n-1\t1\n0\t2\n1\t1\n")
        facts = profileFacts(slicer.util.loadTable(str(path)))
        assert facts.source == "table"
        assert facts.fwhm == pytest.approx(2.0)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("a\tb\n1\t2\n", "needs the columns"),
            ("offset_mm\tweight\n0\tx\n", "other than numbers"),
            ("offset_mm\tweight\n-1\t1\n0\t-2\n1\t1\n", "not negative"),
            ("offset_mm\tweight\n0\t1\n1\t1\n5\t1\n", "not evenly spaced"),
        ],
    )
    def test_refuses_what_is_no_profile(self, host, tmp_path, text, problem):
        from SliceProfileSRLib.profileTable import profileFacts

        path = tmp_path / "wrong.tsv"
        path.write_text(text)
        with pytest.raises(ValueError, match=problem):
            profileFacts(slicer.util.loadTable(str(path)))


class TestChart:
    def test_shows_profile_half_maximum_and_fwhm(self, profile_table):
        from SliceProfileSRLib.profileChart import updateChart

        chart = updateChart(profile_table)
        assert chart.GetTitle() == "Slice profile of A: FWHM 4.00 mm"
        profile, half = (chart.GetNthPlotSeriesNode(index) for index in range(2))
        drawn = profile.GetTableNode()
        assert half.GetTableNode() is drawn and drawn.GetHideFromEditors()
        offsets, density, line = (
            slicer.util.arrayFromTableColumn(drawn, name)
            for name in (profile.GetXColumnName(), profile.GetYColumnName(), half.GetYColumnName())
        )
        assert np.trapezoid(density, offsets) == pytest.approx(1, abs=1e-3)
        assert np.allclose(line, density.max() / 2)

    def test_a_legend_is_shown_with_several_profiles_and_lies_above_their_peaks(self, profile_table):
        from SliceProfileSRLib.profileChart import updateChart
        from SliceProfileSRLib.profileTable import ProfileFacts, setProfile
        from SuperResolveLib import SliceProfile

        chart = updateChart(profile_table)
        assert not chart.GetLegendVisibility() and chart.GetYAxisRangeAuto()
        other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Another")
        setProfile(other, SliceProfile.rect(2, 0.5), ProfileFacts("rect", "B", 2.0, 2.0, 2.0))
        updateChart(other, keepOthers=True)
        assert chart.GetLegendVisibility() and not chart.GetYAxisRangeAuto()
        assert chart.GetYAxisRange()[1] > 1.4 * 0.5  # 2 mm wide, so 0.5 per mm high
        updateChart(other)
        assert not chart.GetLegendVisibility() and chart.GetYAxisRangeAuto()

    def test_names_are_not_read_as_formulas(self, profile_table):
        from vtkmodules import vtkRenderingMatplotlib  # noqa: F401 - makes VTK's text renderer know formulas

        from SliceProfileSRLib.profileChart import updateChart
        from SliceProfileSRLib.profileTable import profileFacts, profileFromTable, setProfile

        facts = replace(profileFacts(profile_table), scanName="a_b^2 $x$ \\alpha $y")
        setProfile(profile_table, profileFromTable(profile_table), facts)
        chart = updateChart(profile_table)
        renderer = vtk.vtkTextRenderer.GetInstance()
        for text in (chart.GetTitle(), chart.GetNthPlotSeriesNode(0).GetName()):
            assert renderer.DetectBackend(text) == renderer.FreeType
            assert text.replace("\\$", "$").count("a_b^2 $x$ \\alpha $y") == 1
        assert renderer.DetectBackend(facts.scanName) == renderer.MathText

    def test_draws_a_table_of_text_and_leaves_it_as_it_is(self, host, tmp_path):
        from SliceProfileSRLib.profileChart import updateChart

        path = tmp_path / "mine.tsv"
        path.write_text("offset_mm\tweight\n-1\t1\n0\t2\n1\t1\n")
        table = slicer.util.loadTable(str(path))
        chart = updateChart(table)
        assert chart.GetTitle() == "Slice profile of mine: FWHM 2.00 mm"
        assert [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())] == ["offset_mm", "weight"]

    def test_is_one_for_all_scans(self, profile_table):
        from SliceProfileSRLib.profileChart import updateChart
        from SliceProfileSRLib.profileTable import ProfileFacts, setProfile
        from SuperResolveLib import SliceProfile

        other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Another")
        setProfile(other, SliceProfile.rect(6, 1), ProfileFacts("rect", "B", 6.0, 6.0, 6.0))
        first = updateChart(profile_table)
        assert updateChart(other, keepOthers=True) is first
        assert first.GetNumberOfPlotSeriesNodes() == 4
        assert first.GetTitle() == "Slice profiles of 2 scans"
        names = [first.GetNthPlotSeriesNode(index).GetName() for index in (0, 2)]
        assert names == ["A: FWHM 4.00 mm", "B: FWHM 6.00 mm"]
        assert first.GetNthPlotSeriesNode(0).GetColor() != first.GetNthPlotSeriesNode(2).GetColor()
        updateChart(other)
        assert first.GetNumberOfPlotSeriesNodes() == 2
        assert len(slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")) == 4


class TestResult:
    def test_joins_the_scan(self, host):
        from SliceProfileSRLib.resultVolumes import displayLike, joinScan

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        scan, result = scan_node(), isotropic_node("Result")
        for node in (scan, result):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(scan), study)
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        scan.SetAndObserveTransformNodeID(transform.GetID())
        scan.CreateDefaultDisplayNodes()
        scan.GetDisplayNode().SetAutoWindowLevel(False)
        scan.GetDisplayNode().SetWindowLevel(321, 123)
        joinScan(result, scan)
        displayLike(result, scan)
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result)) == study
        assert result.GetParentTransformNode() is transform
        display = result.GetDisplayNode()
        assert (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel()) == (321, 123, 0)

    def test_residual_is_white_at_zero(self, host):
        from SliceProfileSRLib.resultVolumes import displayResidual, residualColors

        node = isotropic_node("Residual")
        displayResidual(node, noise=2.0)
        display, colors = node.GetDisplayNode(), residualColors()
        assert display.GetColorNode() is colors is residualColors()
        assert display.GetLevel() == 0 and display.GetWindow() == pytest.approx(12.0)
        table = colors.GetLookupTable()
        middle, low, high = np.zeros(3), np.zeros(3), np.zeros(3)
        for index, color in ((127, middle), (0, low), (254, high)):
            color[:] = table.GetTableValue(index)[:3]
        assert np.allclose(middle, 1)
        assert low[2] > low[0] and high[0] > high[2]

    def test_maps_have_a_legend_that_tells_the_unit(self, host):
        from SliceProfileSRLib.resultVolumes import displayResidual, displayUncertainty, uncertaintyColors

        legend = slicer.modules.colors.logic().GetColorLegendDisplayNode
        residual, uncertainty = isotropic_node("Residual"), isotropic_node("Uncertainty")
        for _again in range(2):
            displayResidual(residual, noise=20.0)
            displayUncertainty(uncertainty)
        assert legend(residual).GetVisibility() and legend(uncertainty).GetVisibility()
        assert legend(residual).GetTitleText() == "Residual (scan's intensity)"
        assert legend(uncertainty).GetTitleText() == "Standard deviation (scan's intensity)"
        assert legend(residual).GetLabelFormat() == "%.0f"  # to 60
        assert legend(uncertainty).GetLabelFormat() == "%.2f"  # to about 1
        assert len(slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")) == 2
        display = uncertainty.GetDisplayNode()
        assert display.GetColorNode() is uncertaintyColors()
        assert display.GetLevel() - display.GetWindow() / 2 == pytest.approx(0)
        assert residual.GetDisplayNode().IsA("vtkMRMLScalarVolumeDisplayNode")


def test_a_saved_scene_brings_everything_back(real_host, logic, tmp_path):
    from SliceProfileSRLib import measurements, profileChart, resultVolumes
    from SliceProfileSRLib.profileTable import profileFacts, profileFromTable, profileOfScan

    scan = scan_node(turn=oblique(15))
    profile = logic.estimateProfile(scan)
    weights = profileFromTable(profile).weights
    result = logic.superResolve(scan, profile, method="tikhonov")
    profileChart.updateChart(profile)
    before = profileFacts(profile), ijk_to_ras(result), slicer.util.arrayFromVolume(result).copy()
    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    real_host.close_scene()
    assert not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")

    slicer.util.loadScene(str(path))
    scan = slicer.util.getNode("Scan")
    profile = profileOfScan(scan)
    result = resultVolumes.resultOfScan(scan)
    assert not [node for node in slicer.util.getNodesByClass("vtkMRMLNode") if "scratch" in (node.GetName() or "")]
    assert profileFacts(profile) == before[0]
    assert np.allclose(ijk_to_ras(result), before[1], atol=1e-4)
    assert np.allclose(slicer.util.arrayFromVolume(result), before[2])
    chart = profileChart.chart()
    assert profileChart.updateChart(profile) is chart
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    assert len(slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")) == 2
    residual = result.GetNodeReference(resultVolumes.RESIDUAL_OF_RESULT)
    assert residual.GetDisplayNode().GetColorNode() is resultVolumes.residualColors()
    assert measurements.measurementsTable().GetCellText(0, 0) == "Scan super-resolved"
    assert not slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")
    again = logic.estimateProfile(scan)
    assert again is profile and profileFacts(again) == before[0]
    assert np.array_equal(profileFromTable(again).weights, weights)
