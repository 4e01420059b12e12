"""Nodes of the user: made, and given their voxels."""

from __future__ import annotations

from collections.abc import Iterable

import slicer
import vtk


def newNode(className: str, name: str, scan: str) -> slicer.vtkMRMLNode:
    """A new node named after the scan; ``name`` holds the place {scan}."""
    return slicer.mrmlScene.AddNewNodeByClass(className, slicer.mrmlScene.GenerateUniqueName(name.format(scan=scan)))


def moveVolume(source: slicer.vtkMRMLScalarVolumeNode, target: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Give a volume's voxels and their place to another."""
    matrix = vtk.vtkMatrix4x4()
    source.GetIJKToRASMatrix(matrix)
    with slicer.util.NodeModify(target):
        target.SetIJKToRASMatrix(matrix)
        target.SetAndObserveImageData(source.GetImageData())


def nodeIDs(nodes: Iterable[slicer.vtkMRMLNode]) -> set[str]:
    """The IDs of nodes, by which they can be told apart without being kept."""
    return {node.GetID() for node in nodes}
