"""Keeps the subject hierarchy as the application's plugins do: an item for every node that users see as data."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

_Hierarchy = slicer.vtkMRMLSubjectHierarchyNode
#: What some plugin of Slicer adds to the hierarchy by itself.
_CLASSES = (
    "vtkMRMLFolderDisplayNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLModelNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLScalarVolumeNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLTransformNode",
)


class SubjectHierarchyPlugins:
    """Adds and removes the items of a scene's nodes.

    Args:
        scene: the scene.
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        _Hierarchy.ResolveSubjectHierarchy(scene)
        self._tags = [
            scene.AddObserver(scene.NodeAddedEvent, self._on_added),
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._on_removed),
            scene.AddObserver(scene.EndImportEvent, self._on_imported, 10.0),
            scene.AddObserver(scene.EndCloseEvent, lambda *_: _Hierarchy.ResolveSubjectHierarchy(scene)),
        ]

    def close(self) -> None:
        """Follow the scene no longer."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, _scene: Any, _event: str, node: Any) -> None:
        if node.IsA("vtkMRMLSubjectHierarchyNode"):
            _Hierarchy.ResolveSubjectHierarchy(self._scene)
        elif not self._scene.IsImporting():
            self._add(node)

    def _add(self, node: Any) -> None:
        if node.GetHideFromEditors() or not any(node.IsA(name) for name in _CLASSES):
            return
        hierarchy = _Hierarchy.GetSubjectHierarchyNode(self._scene)
        if not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_removed(self, _scene: Any, _event: str, node: Any) -> None:
        if self._scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
            return
        hierarchy = _Hierarchy.GetSubjectHierarchyNode(self._scene)
        item = hierarchy.GetItemByDataNode(node) if hierarchy else 0
        if item:
            hierarchy.RemoveItem(item, False, False)

    def _on_imported(self, *_: Any) -> None:
        _Hierarchy.ResolveSubjectHierarchy(self._scene)
        for index in range(self._scene.GetNumberOfNodes()):
            self._add(self._scene.GetNthNode(index))
