"""What is shown where: a volume above another in linked views, and charts beside slices."""

from __future__ import annotations

from typing import Any, Protocol

import qt
import slicer

SCAN_VIEWS, RESULT_VIEWS = ("Red", "Green", "Yellow"), ("Red+", "Green+", "Yellow+")


class Views(Protocol):
    """Where the panel shows volumes and charts."""

    def compare(self, scanNode: slicer.vtkMRMLScalarVolumeNode, otherNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Three planes of the scan above the same planes of another volume; all six move together."""

    def showChart(self, chartNode: slicer.vtkMRMLPlotChartNode) -> None:
        """The chart beside the slices."""


class SlicerViews:
    """The views of Slicer's main window; without a window, nothing is shown."""

    def compare(self, scanNode: slicer.vtkMRMLScalarVolumeNode, otherNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        layoutManager = slicer.app.layoutManager()
        if layoutManager is None:
            return
        layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
        for above, below in zip(SCAN_VIEWS, RESULT_VIEWS, strict=True):
            for name, volumeNode in ((above, scanNode), (below, otherNode)):
                _showVolume(layoutManager.sliceWidget(name), volumeNode, scanNode)
        qt.QTimer.singleShot(0, _fitAndLink)  # once the views have the sizes that the new layout gives them

    def showChart(self, chartNode: slicer.vtkMRMLPlotChartNode) -> None:
        if slicer.app.layoutManager() is not None:
            slicer.modules.plots.logic().ShowChartInLayout(chartNode)


def _showVolume(sliceWidget: Any, volumeNode: slicer.vtkMRMLVolumeNode, planesOf: slicer.vtkMRMLVolumeNode) -> None:
    composite, sliceNode = sliceWidget.sliceLogic().GetSliceCompositeNode(), sliceWidget.mrmlSliceNode()
    composite.SetLinkedControl(False)  # so that no view passes its volume on
    composite.SetBackgroundVolumeID(volumeNode.GetID())
    composite.SetForegroundVolumeID(None)
    composite.SetLabelVolumeID(None)
    sliceNode.SetViewGroup(0)  # views are linked within a group; the lower row has one of its own unless told
    sliceNode.RotateToVolumePlane(planesOf)


def _fitAndLink() -> None:
    layoutManager = slicer.app.layoutManager()
    widgets = [layoutManager and layoutManager.sliceWidget(name) for name in SCAN_VIEWS + RESULT_VIEWS]
    if not all(widgets):  # the application has closed meanwhile
        return
    logics = [widget.sliceLogic() for widget in widgets]
    for logic in logics:
        logic.FitSliceToAll()
    for above, below in zip(logics[:3], logics[3:], strict=True):
        below.SetSliceOffset(above.GetSliceOffset())
    for logic in logics:
        logic.GetSliceCompositeNode().SetLinkedControl(True)
