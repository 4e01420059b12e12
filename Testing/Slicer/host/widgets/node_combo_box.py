"""Slicer's node selector: the scene's nodes of some types, "None", and what can be done with them."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QWidget

from ..pythonqt import native
from .ctk_inputs import ctkComboBox
from .mrml import checked
from .observations import Observations
from .stored import stored

_NODE = Qt.ItemDataRole.UserRole + 1
_ACTION = Qt.ItemDataRole.UserRole + 2


@native
class qMRMLNodeComboBox(QWidget):
    """Selects one of the scene's nodes; without a scene it is disabled and empty."""

    SIGNALS = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "_currentNodeChangedToAny",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
        "nodeAboutToBeRemoved(vtkMRMLNode*)": "nodeAboutToBeRemoved",
        "nodeAboutToBeEdited(vtkMRMLNode*)": "nodeAboutToBeEdited",
    }
    currentNodeChanged = Signal(object)
    _currentNodeChangedToAny = Signal(bool)
    currentNodeIDChanged = Signal(str)
    currentNodeRenamed = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    nodeAboutToBeEdited = Signal(object)

    nodeTypes = stored("QStringList", [], lambda self: self._fill())
    noneEnabled = stored(bool, False, lambda self: self._fill())
    noneDisplay = stored(str, "None", lambda self: self._fill())
    addEnabled = stored(bool, True, lambda self: self._fill())
    removeEnabled = stored(bool, True, lambda self: self._fill())
    editEnabled = stored(bool, False, lambda self: self._fill())
    renameEnabled = stored(bool, False, lambda self: self._fill())
    showHidden = stored(bool, False, lambda self: self._fill())
    showChildNodeTypes = stored(bool, True, lambda self: self._fill())
    hideChildNodeTypes = stored("QStringList", [], lambda self: self._fill())
    selectNodeUponCreation = stored(bool, True)
    interactionNodeSingletonTag = stored(str, "")
    _base_name = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._attributes, self._labels = None, {}, {}
        self._scene_observations, self._node_observations = Observations(self), Observations(self)
        self._filling, self._leaving = False, None
        self._combo_box = ctkComboBox(self)
        self._combo_box.setModel(QStandardItemModel(self))
        self._combo_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._current_id, self._current_row = "", 0
        self._requested_id: str | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._combo_box)
        self._combo_box.currentIndexChanged.connect(self._on_index)
        self._combo_box.activated.connect(self._on_activated)
        self.setEnabled(False)

    # Properties

    def _get_base_name(self) -> str:
        return self._base_name

    def _put_base_name(self, name: str) -> None:
        self._base_name = name

    baseName = Property(str, _get_base_name, _put_base_name)

    def _get_current_id(self) -> str:
        node = self.currentNode()
        return node.GetID() if node else ""

    def _put_current_id(self, node_id: str) -> None:
        self._select(node_id or "")

    currentNodeID = Property(str, _get_current_id, _put_current_id)

    def _get_policy(self) -> QComboBox.SizeAdjustPolicy:
        return self._combo_box.sizeAdjustPolicy

    def _put_policy(self, policy: QComboBox.SizeAdjustPolicy) -> None:
        self._combo_box.sizeAdjustPolicy = policy

    sizeAdjustPolicy = Property(QComboBox.SizeAdjustPolicy, _get_policy, _put_policy)

    # Scene and nodes

    def mrmlScene(self) -> slicer.vtkMRMLScene | None:
        """The scene whose nodes are listed."""
        return self._scene

    def setMRMLScene(self, scene: slicer.vtkMRMLScene | None) -> None:
        """List the nodes of a scene, and follow it; a node that was asked for before is selected now."""
        if checked(scene, "vtkMRMLScene", "setMRMLScene") is self._scene:
            return
        self._scene_observations.end()
        self._scene = scene
        if scene is not None:
            follow = self._scene_observations.add
            follow(scene, scene.NodeAddedEvent, lambda selector, _: selector._fill(), 10.0)
            follow(scene, scene.NodeAboutToBeRemovedEvent, lambda selector, node: selector._on_leaving(node), -10.0)
            follow(scene, scene.EndImportEvent, lambda selector, _: selector._fill())
            follow(scene, scene.EndCloseEvent, lambda selector, _: selector._fill())
        self._fill()
        self.setEnabled(scene is not None)

    def currentNode(self) -> slicer.vtkMRMLNode | None:
        """The selected node, or None."""
        node_id = self._combo_box.itemData(self._combo_box.currentIndex, _NODE) if self._scene else None
        return self._scene.GetNodeByID(node_id) if node_id else None

    def setCurrentNode(self, node: slicer.vtkMRMLNode | None) -> None:
        """Select a node; one that is not listed selects nothing, as in Slicer."""
        checked(node, "vtkMRMLNode", "setCurrentNode")
        self._select(node.GetID() or "" if node is not None else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        """Select a node by its ID."""
        self._select(node_id or "")

    def setCurrentNodeIndex(self, index: int) -> None:
        """Select the node at a position among the listed ones."""
        row = index if index < self.nodeCount() else -1
        self._combo_box.setCurrentIndex(row + 1 if self.noneEnabled else row)

    def nodeCount(self) -> int:
        """How many nodes are listed."""
        return sum(bool(self._combo_box.itemData(row, _NODE)) for row in range(self._combo_box.count))

    def nodeFromIndex(self, index: int) -> slicer.vtkMRMLNode | None:
        """The node at a position among the listed ones."""
        node_id = self._combo_box.itemData(index + 1 if self.noneEnabled else index, _NODE)
        return self._scene.GetNodeByID(node_id) if node_id else None

    def comboBox(self) -> QComboBox:
        """The combo box inside."""
        return self._combo_box

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:
        """List only the nodes of a type that have an attribute."""
        self._attributes[node_type] = (name, value)
        self._fill()

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        """Name a type in the entries that create, rename and delete."""
        self._labels[node_type] = label
        self._fill()

    def nodeTypeLabel(self, node_type: str) -> str:
        """What a type is called in the entries that create, rename and delete."""
        if node_type in self._labels:
            return self._labels[node_type]
        return (self._scene.GetTypeDisplayNameByClassName(node_type) if self._scene else "") or "node"

    def addNode(self, node_type: str | None = None) -> slicer.vtkMRMLNode | None:
        """Make a node of a type, the first one unless told, and add it to the scene."""
        node_type = node_type or (self.nodeTypes[0] if self.nodeTypes else None)
        if self._scene is None or node_type not in self.nodeTypes:
            return None
        node = self._scene.CreateNodeByClass(node_type)
        node.UnRegister(None)
        name = self._base_name or (None if node.GetName() else node.GetDefaultNodeNamePrefix())
        if name:
            node.SetName(self._scene.GetUniqueNameByString(name))
        if node_type in self._attributes:
            node.SetAttribute(*self._attributes[node_type])
        self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def renameCurrentNode(self) -> None:
        """Ask the user for another name of the selected node."""
        node = self.currentNode()
        if node is None:
            return
        name, accepted = QInputDialog.getText(self, "Rename", "New name:", text=node.GetName())
        if accepted and name:
            node.SetName(name)
            self.currentNodeRenamed.emit(name)

    def removeCurrentNode(self) -> None:
        """Remove the selected node from the scene."""
        self._scene.RemoveNode(self.currentNode())

    # The list

    def _accepts(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        for node_type in self.nodeTypes:
            if not node.IsA(node_type) or (not self.showChildNodeTypes and node.GetClassName() != node_type):
                continue
            if self.showChildNodeTypes and any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
                return False
            name, value = self._attributes.get(node_type, (None, None))
            found = node.GetAttribute(name) if name else None
            return name is None or (found is not None and value in (None, found))
        return not self.nodeTypes

    def _actions(self) -> list[tuple[str, str]]:
        types = self.nodeTypes
        label = self.nodeTypeLabel(types[0] if len(types) == 1 else "")
        return (
            [(f"Rename current {label}", "RENAME")] * self.renameEnabled
            + [(f"Edit current {label}", "EDIT")] * self.editEnabled
            + [(f"Create new {self.nodeTypeLabel(type_)}", f"CREATE/{type_}") for type_ in types] * self.addEnabled
            + [(f"Delete current {label}", "DELETE")] * self.removeEnabled
        )

    def _fill(self) -> None:
        """List what the scene holds now, keep what is selected, and tell who listens where that has changed."""
        if self._scene is not None and (self._scene.IsImporting() or self._scene.IsClosing()):
            return
        before = {item[0] for item in self._rows()}
        listed = self._listed()
        self._filling = True
        model = self._combo_box.model()
        model.clear()
        if self._scene is not None:
            if self.noneEnabled:
                model.appendRow(QStandardItem(self.noneDisplay))
            for node in listed:
                item = QStandardItem(node.GetName())
                item.setData(node.GetID(), _NODE)
                model.appendRow(item)
            self._append_actions(model)
        self._update_default_text()
        self._filling = False
        self._observe()
        self._restore(listed)
        for node in listed:
            if node.GetID() not in before:
                self.nodeAdded.emit(node)

    def _nodes(self) -> list[Any]:
        scene = self._scene
        return [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())] if scene is not None else []

    def _listed(self) -> list[Any]:
        return [node for node in self._nodes() if node is not self._leaving and self._accepts(node)]

    def _on_leaving(self, node: Any) -> None:
        """A node is still in the scene, but will not be."""
        self._leaving = node
        self._fill()
        self._leaving = None

    def _rows(self) -> list[tuple[str, int]]:
        rows = ((self._combo_box.itemData(row, _NODE), row) for row in range(self._combo_box.count))
        return [(node_id, row) for node_id, row in rows if node_id]

    def _append_actions(self, model: QStandardItemModel) -> None:
        actions = self._actions()
        if actions:
            self._combo_box.insertSeparator(model.rowCount())
        for text, action in actions:
            item = QStandardItem(text)
            item.setData(action, _ACTION)
            model.appendRow(item)

    def _update_default_text(self) -> None:
        types = self.nodeTypes
        self._combo_box.defaultText = f"Select a {self.nodeTypeLabel(types[0] if types else '')}"

    def _observe(self) -> None:
        self._node_observations.end()
        for node in self._nodes():
            if any(node.IsA(node_type) for node_type in self.nodeTypes):
                self._node_observations.add(node, "ModifiedEvent", lambda selector, caller: selector._on_node(caller))

    def _on_node(self, node: Any) -> None:
        """A node may have another name, or be hidden or shown."""
        row = next((row for node_id, row in self._rows() if node_id == node.GetID()), None)
        if (row is None) == self._accepts(node):
            self._fill()
        elif row is not None:
            self._combo_box.setItemText(row, node.GetName())

    # The selection

    def _restore(self, listed: list[Any]) -> None:
        """After the list has changed: the same node; else its neighbour, as a combo box does; else nothing."""
        ids = [node.GetID() for node in listed]
        if self._requested_id is not None and self._scene is not None:
            wanted, self._requested_id = self._requested_id, None
        elif self._current_id and self._current_id not in ids and ids:
            wanted = ids[min(self._current_row, len(ids) - 1)]
        elif not self._current_id and ids and not self.noneEnabled and not self._actions():
            wanted = ids[0]
        else:
            wanted = self._current_id
        self._show(wanted)

    def _select(self, node_id: str) -> None:
        """Select a node now, or once there is a scene."""
        if self._scene is None:
            self._requested_id = node_id
        else:
            self._show(node_id)

    def _show(self, node_id: str) -> None:
        nothing = 0 if self.noneEnabled and self._scene is not None else -1
        row = next((row for listed, row in self._rows() if listed == node_id), nothing)
        self._combo_box.setCurrentIndex(row)
        self._tell()

    def _on_index(self, index: int) -> None:
        if not self._filling and not self._combo_box.itemData(index, _ACTION):
            self._tell()

    def _on_activated(self, index: int) -> None:
        action = self._combo_box.itemData(index, _ACTION)
        if not action:
            self.nodeActivated.emit(self.currentNode())
            return
        self._select(self._current_id)
        if action.startswith("CREATE/"):
            self.addNode(action.removeprefix("CREATE/"))
        elif action == "DELETE":
            self.removeCurrentNode()
        elif action == "RENAME":
            self.renameCurrentNode()
        elif action == "EDIT":
            self.nodeAboutToBeEdited.emit(self.currentNode())

    def _tell(self) -> None:
        """Send the signals where the selected node is another one than before."""
        node = self.currentNode()
        node_id = node.GetID() if node else ""
        rows = [listed for listed, _ in self._rows()]
        self._current_row = rows.index(node_id) if node_id in rows else 0
        if node_id == self._current_id:
            return
        self._current_id = node_id
        self.currentNodeChanged.emit(node)
        self._currentNodeChangedToAny.emit(node is not None)
        self.currentNodeIDChanged.emit(node_id)
