"""Slicer's node selector: the scene's nodes of some types, and "None"."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from .observations import Observations
from .widgets import checked


def _listing(type_: Any, default: Any) -> Property:
    values: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def put(self: Any, value: Any) -> None:
        values[self] = value
        self._fill()

    return Property(type_, lambda self: values.get(self, default), put)


class qMRMLSortFilterProxyModel:
    """Which nodes a selector leaves out, as far as the panel says."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._hidden: tuple[str, ...] = ()
        self._changed = changed

    @property
    def hiddenNodeIDs(self) -> tuple[str, ...]:
        return self._hidden

    @hiddenNodeIDs.setter
    def hiddenNodeIDs(self, ids: list[str]) -> None:
        if not all(isinstance(each, str) for each in ids):
            raise ValueError("hiddenNodeIDs are texts")
        self._hidden = tuple(ids)
        self._changed()


class qMRMLNodeComboBox(QWidget):
    """Selects one of the scene's nodes; without a scene it is disabled and empty.

    The entries that create, rename and delete nodes are left out: nothing of the panel stands behind them.
    """

    currentNodeChanged = Signal(object)

    nodeTypes = _listing("QStringList", [])
    noneEnabled = _listing(bool, False)
    noneDisplay = _listing(str, "None")
    showHidden = _listing(bool, False)
    showChildNodeTypes = _listing(bool, True)
    addEnabled = _listing(bool, True)
    removeEnabled = _listing(bool, True)
    renameEnabled = _listing(bool, False)
    editEnabled = _listing(bool, False)
    selectNodeUponCreation = _listing(bool, True)
    baseName = _listing(str, "")
    sizeAdjustPolicy = _listing(int, 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: slicer.vtkMRMLScene | None = None
        self._nodes: list[Any] = []
        self._current: Any = None
        self._of_scene, self._of_nodes = Observations(self), Observations(self)
        self._is_filling = False
        self._filter = qMRMLSortFilterProxyModel(self._fill)
        self._box = QComboBox(self)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self._box.currentIndexChanged.connect(self._on_index)
        self.setEnabled(False)

    def setMRMLScene(self, scene: slicer.vtkMRMLScene | None) -> None:
        self._of_scene.end()
        self._scene = checked(scene, "vtkMRMLScene")
        if scene is not None:
            follow = self._of_scene.add
            follow(scene, scene.NodeAddedEvent, lambda selector, _: selector._fill(), 10.0)
            follow(scene, scene.NodeAboutToBeRemovedEvent, lambda selector, node: selector._fill(leaving=node), -10.0)
            follow(scene, scene.StartCloseEvent, lambda selector, _: selector._of_nodes.end())
            follow(scene, scene.EndImportEvent, lambda selector, _: selector._fill())
            follow(scene, scene.EndCloseEvent, lambda selector, _: selector._fill())
        self._fill()
        self.setEnabled(scene is not None)

    def currentNode(self) -> slicer.vtkMRMLNode | None:
        return self._current

    def setCurrentNode(self, node: slicer.vtkMRMLNode | None) -> None:
        """Select a node; one that is not listed selects nothing, as in Slicer."""
        self._select(checked(node, "vtkMRMLNode"))

    def comboBox(self) -> QComboBox:
        return self._box

    def sortFilterProxyModel(self) -> qMRMLSortFilterProxyModel:
        return self._filter

    def _accepts(self, node: Any) -> bool:
        if (node.GetHideFromEditors() and not self.showHidden) or node.GetID() in self._filter.hiddenNodeIDs:
            return False
        types = self.nodeTypes
        return node.GetClassName() in types or (self.showChildNodeTypes and any(node.IsA(type_) for type_ in types))

    def _fill(self, leaving: Any = None) -> None:
        scene = self._scene
        if scene is not None and (scene.IsImporting() or scene.IsClosing()):
            return
        every = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())] if scene is not None else []
        before = self._nodes
        self._nodes = [node for node in every if node is not leaving and self._accepts(node)]
        self._is_filling = True
        self._box.clear()
        self._box.addItems([self.noneDisplay] * (self.noneEnabled and scene is not None))
        self._box.addItems([node.GetName() for node in self._nodes])
        self._is_filling = False
        self._of_nodes.end()
        for node in every:
            if node is not leaving and any(node.IsA(type_) for type_ in self.nodeTypes):
                self._of_nodes.add(node, "ModifiedEvent", lambda selector, caller: selector._on_node(caller))
        self._select(self._current if self._current in self._nodes else self._neighbour(before))

    def _neighbour(self, before: list[Any]) -> Any:
        if self._current is None or self._current not in before or not self._nodes:
            return None
        return self._nodes[min(before.index(self._current), len(self._nodes) - 1)]

    def _on_node(self, node: Any) -> None:
        if (node in self._nodes) != self._accepts(node):
            self._fill()
        elif node in self._nodes:
            self._box.setItemText(self._nodes.index(node) + self.noneEnabled, node.GetName())

    def _select(self, node: Any) -> None:
        node = node if node in self._nodes else None
        self._is_filling = True
        self._box.setCurrentIndex(self._nodes.index(node) + self.noneEnabled if node else self.noneEnabled - 1)
        self._is_filling = False
        self._tell(node)

    def _on_index(self, index: int) -> None:
        if not self._is_filling:
            self._tell(self._nodes[index - self.noneEnabled] if index >= self.noneEnabled else None)

    def _tell(self, node: Any) -> None:
        if node is not self._current:
            self._current = node
            self.currentNodeChanged.emit(node)
