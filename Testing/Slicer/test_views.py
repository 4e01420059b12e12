"""Slicer's views: scan above result, linked, on Slicer's own slice and plot logics."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import slicer

from scans import isotropic_node, oblique, scan_node
from waiting import wait

NAMES = ("Red", "Green", "Yellow", "Red+", "Green+", "Yellow+")


class SliceView:
    """A slice view with Slicer's own logic and nodes."""

    def __init__(self, host, name: str) -> None:
        self._node = slicer.vtkMRMLSliceNode()
        self._node.SetLayoutName(name)
        self._node.SetSingletonTag(name)
        self._node.SetOrientation({"R": "Axial", "G": "Coronal", "Y": "Sagittal"}[name[0]])
        self._node.SetViewGroup(int(name.endswith("+")))
        host.scene.AddNode(self._node)
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(host.app_logic)
        self._logic.SetMRMLScene(host.scene)
        self._logic.SetSliceNode(self._node)
        self._logic.ResizeSliceNode(200, 200)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._node


class LayoutManager:
    """Slicer's layout manager, as far as the views ask it."""

    def __init__(self, host) -> None:
        self.layout = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
        self.listeners = []
        self.views = {name: SliceView(host, name) for name in NAMES}

    def setLayout(self, layout):
        self.layout = layout
        for listener in self.listeners:
            listener(layout)

    def connect(self, signal, slot):
        assert signal == "layoutChanged(int)"
        self.listeners.append(slot)

    def property(self, name):
        return {"layout": self.layout}[name]

    def sliceWidget(self, name):
        return self.views[name]


@pytest.fixture
def slicer_views(host, request):
    """The module's views, in a window where the test has a manager of layouts."""
    if "manager" in request.fixturenames:
        request.getfixturevalue("manager")
    from SliceProfileSRLib.views import SlicerViews

    return SlicerViews()


@pytest.fixture
def manager(host, monkeypatch):
    """The layout manager of a window."""
    made = LayoutManager(host)
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: made)
    return made


def test_scan_and_result_are_shown_above_each_other_and_linked(slicer_views, manager):
    scan, result = scan_node(turn=oblique(20)), isotropic_node("Result")
    slicer_views.compare(scan, result)
    wait(0.05)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView
    logics = [manager.views[name].sliceLogic() for name in NAMES]
    composites = [logic.GetSliceCompositeNode() for logic in logics]
    assert [node.GetBackgroundVolumeID() for node in composites] == [scan.GetID()] * 3 + [result.GetID()] * 3
    assert all(node.GetLinkedControl() for node in composites)
    assert {manager.views[name].mrmlSliceNode().GetViewGroup() for name in NAMES} == {0}
    for above, below in zip(logics[:3], logics[3:], strict=True):
        assert above.GetSliceOffset() == pytest.approx(below.GetSliceOffset())
    planes = [manager.views[name].mrmlSliceNode().GetSliceToRAS() for name in ("Red", "Red+")]
    above, below = ([plane.GetElement(row, 2) for row in range(3)] for plane in planes)
    assert above == pytest.approx(below)
    assert abs(above[1]) > 0.1  # along the scan's slices, which are oblique


def test_a_chart_is_shown_beside_the_slices(host, slicer_views, manager):
    logic, layout = slicer.vtkSlicerPlotsLogic(), slicer.vtkMRMLLayoutLogic()
    for each in (layout, logic):
        each.SetMRMLApplicationLogic(host.app_logic)
        each.SetMRMLScene(host.scene)
    slicer.modules.plots = SimpleNamespace(logic=lambda: logic)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart")
    slicer_views.showChart(chart)
    assert host.app_logic.GetSelectionNode().GetActivePlotChartID() == chart.GetID()
    (view,) = slicer.util.getNodesByClass("vtkMRMLPlotViewNode")
    assert view.GetPlotChartNodeID() == chart.GetID()


def test_without_a_window_nothing_is_shown(slicer_views):
    slicer_views.compare(scan_node(), isotropic_node())
    slicer_views.showChart(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart"))
    wait(0.01)


def test_a_window_that_closes_meanwhile_is_left_alone(slicer_views, manager, monkeypatch):
    slicer_views.compare(scan_node(), isotropic_node())
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    wait(0.05)
    assert not manager.views["Red"].sliceLogic().GetSliceCompositeNode().GetLinkedControl()
