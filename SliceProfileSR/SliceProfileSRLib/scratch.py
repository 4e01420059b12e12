"""Hidden nodes through which a CLI module takes and gives data, so that the user's nodes change only when all is there.

A table that Slicer loads with a scene keeps a storage node that fails on the next reading; a volume that is being
written may be read by another run. Neither happens to a node that is new and nobody else's.

Slicer's processing thread looks a run's outputs up in the scene after it has written the inputs, and crashes where one
is gone. So they outlive the closing of the scene, as singleton nodes do; who has started the run removes them.
"""

from __future__ import annotations

import uuid

import slicer
import vtk


class Scratch:
    """The hidden nodes of one run."""

    def __init__(self) -> None:
        self.nodes: list[slicer.vtkMRMLStorableNode] = []

    def addOutput(self, className: str) -> slicer.vtkMRMLStorableNode:
        """A new hidden node that a CLI module fills."""
        node = getattr(slicer, className)()
        node.SetSingletonTag(f"SliceProfileSR{uuid.uuid4().hex}")
        return self._add(node)

    def addTable(self, columns: dict[str, list[str]]) -> slicer.vtkMRMLTableNode:
        """A new hidden table of text, which Slicer writes to a file as it stands, with every digit."""
        tableNode = self._add(slicer.vtkMRMLTableNode())
        for name, texts in columns.items():
            column = vtk.vtkStringArray()
            column.SetName(name)
            for text in texts:
                column.InsertNextValue(text)
            tableNode.AddColumn(column)
        return tableNode

    def _add(self, node: slicer.vtkMRMLStorableNode) -> slicer.vtkMRMLStorableNode:
        node.SetName("SliceProfileSR scratch")
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        slicer.mrmlScene.AddNode(node)
        self.nodes.append(node)
        return node

    def clear(self) -> None:
        """Remove the nodes, with what Slicer made to store and display them, and let go of the voxels."""
        for node in self.nodes:
            if node.IsA("vtkMRMLVolumeNode"):
                node.SetAndObserveImageData(None)
            belongings = [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
            if node.IsA("vtkMRMLDisplayableNode"):
                belongings += [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
            for each in (node, *belongings):
                if each is not None and slicer.mrmlScene.IsNodePresent(each):
                    slicer.mrmlScene.RemoveNode(each)
        self.nodes = []


def holdsData(node: slicer.vtkMRMLStorableNode) -> bool:
    """Whether a volume has voxels, or a table rows."""
    if node.IsA("vtkMRMLVolumeNode"):
        return bool(node.GetImageData() is not None)
    return bool(node.GetNumberOfRows() > 0)
