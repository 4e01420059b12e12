"""Segmentations as label maps, in which CLI modules take and give them."""

from __future__ import annotations

import slicer

from .nodes import nodeIDs


def fillLabelMap(
    labelMapNode: slicer.vtkMRMLLabelMapVolumeNode, segmentationNode: slicer.vtkMRMLSegmentationNode
) -> None:
    """Write the segments, in order, as the labels 1, 2, ... on the segmentation's reference geometry.

    Where segments overlap, the later one is taken.
    """
    known = nodeIDs(slicer.util.getNodesByClass("vtkMRMLColorTableNode"))
    slicer.vtkSlicerSegmentationsModuleLogic.ExportAllSegmentsToLabelmapNode(
        segmentationNode, labelMapNode, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    )
    for node in slicer.util.getNodesByClass("vtkMRMLColorTableNode"):
        if node.GetID() not in known:  # Slicer makes one for the label map
            slicer.mrmlScene.RemoveNode(node)


def fillSegmentation(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    labelMapNode: slicer.vtkMRMLLabelMapVolumeNode,
    sourceNode: slicer.vtkMRMLSegmentationNode,
) -> None:
    """Replace a segmentation's content by the labels 1, 2, ..., with names and colours of the source's segments.

    A segment of which nothing is left is left out.
    """
    source, segmentation = sourceNode.GetSegmentation(), segmentationNode.GetSegmentation()
    segmentation.RemoveAllSegments()
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(labelMapNode)
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelMapNode, segmentationNode, "")
    for index in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(index)
        original = source.GetNthSegment(segment.GetLabelValue() - 1)
        segment.SetName(original.GetName())
        segment.SetColor(original.GetColor())
    segmentationNode.CreateDefaultDisplayNodes()
