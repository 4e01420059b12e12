"""What is shown where: a volume below another in linked views, charts beside slices, and the user's layout again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import qt
import slicer

SCAN_VIEWS, RESULT_VIEWS = ("Red", "Green", "Yellow"), ("Red+", "Green+", "Yellow+")


class Views(Protocol):
    """Where the panel shows volumes and charts.

    Attributes:
        shownID: the ID of the chart, or of the volume below another, that is shown; None in the user's own layout.
    """

    shownID: str | None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function whenever what is shown may have changed."""

    def compare(self, scanNode: slicer.vtkMRMLScalarVolumeNode, otherNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Three planes of the scan above the same planes of another volume; all six move together."""

    def showChart(self, chartNode: slicer.vtkMRMLPlotChartNode) -> None:
        """The chart beside the slices."""

    def giveBack(self) -> None:
        """The layout that the user had before."""


class SlicerViews:
    """The views of Slicer's main window; without a window, nothing is shown."""

    def __init__(self) -> None:
        self.shownID: str | None = None
        self._usersLayout = 0
        self._ownLayout: int | None = None
        self._isSetting = False
        self._listener: Callable[[], None] = lambda: None
        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None:
            layoutManager.connect("layoutChanged(int)", self._onLayoutChanged)

    def listen(self, listener: Callable[[], None]) -> None:
        self._listener = listener

    def compare(self, scanNode: slicer.vtkMRMLScalarVolumeNode, otherNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        layoutManager = slicer.app.layoutManager()
        if layoutManager is None:
            return
        focus = _focus([layoutManager.sliceWidget(name) for name in SCAN_VIEWS])
        isInside = focus is not None and _isInside(focus, scanNode)
        self._take(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView, otherNode.GetID())
        for above, below in zip(SCAN_VIEWS, RESULT_VIEWS, strict=True):
            for name, volumeNode in ((above, scanNode), (below, otherNode)):
                _showVolume(layoutManager.sliceWidget(name), volumeNode, scanNode)
        # once the views have the sizes that the new layout gives them
        qt.QTimer.singleShot(0, lambda: _placeAndLink(focus if isInside else None))

    def showChart(self, chartNode: slicer.vtkMRMLPlotChartNode) -> None:
        layoutManager = slicer.app.layoutManager()
        if layoutManager is None:
            return
        logic = slicer.modules.plots.logic()
        shown = int(layoutManager.property("layout"))
        layout = self._usersLayout if shown == self._ownLayout else shown  # with a plot, and else like the user's
        self._take(logic.GetLayoutWithPlot(layout), chartNode.GetID())
        logic.ShowChartInLayout(chartNode)

    def giveBack(self) -> None:
        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None and self._ownLayout is not None:
            self._set(self._usersLayout)
        self.shownID = self._ownLayout = None
        self._listener()

    def _take(self, layout: int, shownID: str) -> None:
        """Take a layout, and keep the one that the user had before."""
        shown = int(slicer.app.layoutManager().property("layout"))
        if shown != self._ownLayout:
            self._usersLayout = shown
        self._ownLayout, self.shownID = layout, shownID
        self._set(layout)
        self._listener()

    def _set(self, layout: int) -> None:
        self._isSetting = True
        try:
            slicer.app.layoutManager().setLayout(layout)
        finally:
            self._isSetting = False

    def _onLayoutChanged(self, layout: int) -> None:
        """The user chose another layout: that is now the user's own."""
        if not self._isSetting and layout != self._ownLayout:
            self.shownID = self._ownLayout = None
            self._listener()


def _showVolume(sliceWidget: Any, volumeNode: slicer.vtkMRMLVolumeNode, planesOf: slicer.vtkMRMLVolumeNode) -> None:
    composite, sliceNode = sliceWidget.sliceLogic().GetSliceCompositeNode(), sliceWidget.mrmlSliceNode()
    composite.SetLinkedControl(False)  # so that no view passes its volume on
    composite.SetBackgroundVolumeID(volumeNode.GetID())
    composite.SetForegroundVolumeID(None)
    composite.SetLabelVolumeID(None)
    sliceNode.SetViewGroup(0)  # views are linked within a group; the lower row has one of its own unless told
    sliceNode.RotateToVolumePlane(planesOf)


def _placeAndLink(focus: Sequence[float] | None) -> None:
    """Let every view go through a point, at the zoom that it has; without one, show all of the volumes."""
    layoutManager = slicer.app.layoutManager()
    widgets = [layoutManager and layoutManager.sliceWidget(name) for name in SCAN_VIEWS + RESULT_VIEWS]
    if not all(widgets):  # the application has closed meanwhile
        return
    for above, below in zip(widgets[:3], widgets[3:], strict=True):
        if focus is None:
            above.sliceLogic().FitSliceToAll()
        else:
            above.mrmlSliceNode().JumpSliceByOffsetting(*focus)
        _placeLike(below.mrmlSliceNode(), above.mrmlSliceNode())
    for widget in widgets:
        widget.sliceLogic().GetSliceCompositeNode().SetLinkedControl(True)


def _placeLike(below: slicer.vtkMRMLSliceNode, above: slicer.vtkMRMLSliceNode) -> None:
    """Give a view the plane, centre and zoom of another, whatever the shape of both."""
    below.GetSliceToRAS().DeepCopy(above.GetSliceToRAS())
    width, _height, depth = above.GetFieldOfView()
    columns, rows, _slices = below.GetDimensions()
    below.SetFieldOfView(width, width * rows / max(columns, 1), depth)
    below.UpdateMatrices()


def _focus(sliceWidgets: Sequence[Any]) -> Sequence[float] | None:
    """The point in which three slices meet, in RAS mm: where the user looks; None where there is no such point."""
    import numpy as np

    if not all(sliceWidgets):
        return None
    planes = [slicer.util.arrayFromVTKMatrix(widget.mrmlSliceNode().GetSliceToRAS()) for widget in sliceWidgets]
    normals = np.array([plane[:3, 2] for plane in planes])
    if abs(np.linalg.det(normals)) < 0.1:
        return None
    distances = [normal @ plane[:3, 3] for normal, plane in zip(normals, planes, strict=True)]
    return [float(each) for each in np.linalg.solve(normals, distances)]


def _isInside(point: Sequence[float], volumeNode: slicer.vtkMRMLVolumeNode) -> bool:
    bounds = [0.0] * 6
    volumeNode.GetRASBounds(bounds)
    return all(low <= each <= high for each, low, high in zip(point, bounds[::2], bounds[1::2], strict=True))
