"""What is shown where: scan above result in linked slice views, and charts beside slices. Without a window, nothing."""

from __future__ import annotations

import slicer

SCAN_VIEWS, RESULT_VIEWS = ("Red", "Green", "Yellow"), ("Red+", "Green+", "Yellow+")


def showComparison(scanNode: slicer.vtkMRMLScalarVolumeNode, resultNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Three planes of the scan above the same planes of another volume; all six move together."""
    layoutManager = slicer.app.layoutManager()
    if layoutManager is None:
        return
    layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
    for names, volumeNode in ((SCAN_VIEWS, scanNode), (RESULT_VIEWS, resultNode)):
        for name in names:
            _showVolume(layoutManager.sliceWidget(name), volumeNode, scanNode)
    for name in SCAN_VIEWS + RESULT_VIEWS:  # linked at last, so that no view passes its volume on
        layoutManager.sliceWidget(name).sliceLogic().GetSliceCompositeNode().SetLinkedControl(True)


def _showVolume(sliceWidget, volumeNode: slicer.vtkMRMLVolumeNode, planesOf: slicer.vtkMRMLVolumeNode) -> None:
    logic, sliceNode = sliceWidget.sliceLogic(), sliceWidget.mrmlSliceNode()
    composite = logic.GetSliceCompositeNode()
    composite.SetLinkedControl(False)
    composite.SetBackgroundVolumeID(volumeNode.GetID())
    composite.SetForegroundVolumeID(None)
    composite.SetLabelVolumeID(None)
    sliceNode.SetViewGroup(0)  # views are linked within a group; the lower row has one of its own unless told
    sliceNode.RotateToVolumePlane(planesOf)
    logic.FitSliceToAll()


def showChart(chartNode: slicer.vtkMRMLPlotChartNode) -> None:
    """The chart beside the slices."""
    if slicer.app.layoutManager() is not None:
        slicer.modules.plots.logic().ShowChartInLayout(chartNode)
