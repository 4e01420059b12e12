"""Slicer's views: scan above result, linked, on Slicer's own slice and plot logics."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import slicer

from scans import isotropic_node, oblique, scan_node
from waiting import wait

Layout = slicer.vtkMRMLLayoutNode
NAMES = ("Red", "Green", "Yellow", "Red+", "Green+", "Yellow+")


class SliceView:
    """A slice view with Slicer's own logic and nodes."""

    def __init__(self, host, name: str) -> None:
        self._node = host.scene.CreateNodeByClass("vtkMRMLSliceNode")  # with the presets of orientation
        self._node.UnRegister(None)
        self._node.SetLayoutName(name)
        self._node.SetSingletonTag(name)
        self._node.SetViewGroup(int(name.endswith("+")))
        host.scene.AddNode(self._node)
        self._node.SetOrientation({"R": "Axial", "G": "Coronal", "Y": "Sagittal"}[name[0]])
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
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(host.scene)
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


def view_of(manager, name):
    return manager.views[name].mrmlSliceNode()


def through(view, point) -> float:
    """How far a view's plane is from a point, in mm."""
    plane = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
    return abs(float(plane[:3, 2] @ (np.array(point) - plane[:3, 3])))


@pytest.mark.parametrize("turn", [0, 20])
def test_comparing_keeps_where_the_user_was_looking_and_the_zoom(slicer_views, manager, turn):
    scan, result = scan_node(turn=oblique(turn)), isotropic_node("Result")
    bounds = [0.0] * 6
    scan.GetRASBounds(bounds)
    point = [0.6 * low + 0.4 * high for low, high in zip(bounds[::2], bounds[1::2], strict=True)]
    for name in NAMES[:3]:
        view_of(manager, name).JumpSliceByOffsetting(*point)
        view_of(manager, name).SetFieldOfView(90, 90, 1)
    for _again in range(2):
        slicer_views.compare(scan, result)
        wait(0.05)
        for name in NAMES:
            assert through(view_of(manager, name), point) < 1e-3
            assert view_of(manager, name).GetFieldOfView()[:2] == pytest.approx((90, 90))
    for above, below in zip(NAMES[:3], NAMES[3:], strict=True):
        both = [slicer.util.arrayFromVTKMatrix(view_of(manager, name).GetSliceToRAS()) for name in (above, below)]
        assert np.allclose(*both)


def test_a_user_who_looked_elsewhere_sees_all_of_the_scan(slicer_views, manager):
    scan = scan_node()
    for name in NAMES[:3]:
        view_of(manager, name).JumpSliceByOffsetting(900, 900, 900)
    slicer_views.compare(scan, isotropic_node("Result"))
    wait(0.05)
    bounds = [0.0] * 6
    scan.GetRASBounds(bounds)
    centre = [(low + high) / 2 for low, high in zip(bounds[::2], bounds[1::2], strict=True)]
    for name in NAMES:
        assert through(view_of(manager, name), centre) < 5


@pytest.fixture
def plots(host):
    """Slicer's logic of charts."""
    logic, layout = slicer.vtkSlicerPlotsLogic(), slicer.vtkMRMLLayoutLogic()
    for each in (layout, logic):
        each.SetMRMLApplicationLogic(host.app_logic)
        each.SetMRMLScene(host.scene)
    slicer.modules.plots = SimpleNamespace(logic=lambda: logic)
    yield logic
    del layout


def test_a_chart_is_shown_beside_the_slices(host, slicer_views, manager, plots):
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart")
    slicer_views.showChart(chart)
    assert host.app_logic.GetSelectionNode().GetActivePlotChartID() == chart.GetID()
    (view,) = slicer.util.getNodesByClass("vtkMRMLPlotViewNode")
    assert view.GetPlotChartNodeID() == chart.GetID()
    assert manager.layout == Layout.SlicerLayoutConventionalPlotView  # as the user's, with a plot


def test_the_users_layout_comes_back(slicer_views, manager, plots):
    manager.layout = Layout.SlicerLayoutFourUpView
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart")
    scan, result = scan_node(), isotropic_node("Result")
    told = []
    slicer_views.listen(lambda: told.append(slicer_views.shownID))
    slicer_views.showChart(chart)
    slicer_views.compare(scan, result)
    slicer_views.showChart(chart)
    assert manager.layout == Layout.SlicerLayoutFourUpPlotView  # and not three slices above three
    assert told == [chart.GetID(), result.GetID(), chart.GetID()]
    slicer_views.giveBack()
    assert manager.layout == Layout.SlicerLayoutFourUpView and slicer_views.shownID is None
    slicer_views.compare(scan, result)
    manager.setLayout(Layout.SlicerLayoutOneUpRedSliceView)  # the user's choice, which stays
    assert slicer_views.shownID is None
    slicer_views.giveBack()
    assert manager.layout == Layout.SlicerLayoutOneUpRedSliceView


def test_without_a_window_nothing_is_shown(slicer_views):
    slicer_views.compare(scan_node(), isotropic_node())
    slicer_views.showChart(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart"))
    wait(0.01)


def test_a_window_that_closes_meanwhile_is_left_alone(slicer_views, manager, monkeypatch):
    slicer_views.compare(scan_node(), isotropic_node())
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    wait(0.05)
    assert not manager.views["Red"].sliceLogic().GetSliceCompositeNode().GetLinkedControl()
