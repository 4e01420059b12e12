"""Slicer's widgets that hold a scene: the plain one, a module's panel and the table view."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTableView, QVBoxLayout, QWidget

from ..pythonqt import native
from .observations import Observations
from .stored import stored


def checked(value: Any, class_name: str, what: str) -> Any:
    """Return a node or scene as it is, or refuse what is of another class, as PythonQt does."""
    if value is not None and not (hasattr(value, "IsA") and value.IsA(class_name)):
        raise ValueError(f"{what} takes a {class_name} or None, not {value!r}")
    return value


class HoldsScene:
    """What every widget that holds a scene has: ``setMRMLScene``, ``mrmlScene`` and ``mrmlSceneChanged``."""

    SIGNALS = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}
    _scene = None

    def mrmlScene(self) -> slicer.vtkMRMLScene | None:
        """The scene that was set."""
        return self._scene

    def setMRMLScene(self, scene: slicer.vtkMRMLScene | None) -> None:
        """Set the scene, and tell it to what is connected."""
        if checked(scene, "vtkMRMLScene", "setMRMLScene") is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@native
class qMRMLWidget(HoldsScene, QWidget):
    """A widget that hands its scene on through ``mrmlSceneChanged``."""

    mrmlSceneChanged = Signal(object)


@native
class qSlicerWidget(HoldsScene, QWidget):
    """Slicer's older widget that hands its scene on."""

    mrmlSceneChanged = Signal(object)


@native
class qSlicerScriptedLoadableModuleWidget(HoldsScene, QWidget):
    """The C++ side of a scripted module's panel: Slicer enters, leaves and reloads the module through it."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, module: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._module, self._entered, self._python = module, False, None
        QVBoxLayout(self)

    isEntered = Property(bool, lambda self: self._entered)

    def self(self) -> Any:
        """The Python object of the panel."""
        return self._python

    def module(self) -> Any:
        """The module that this panel shows."""
        return self._module

    def reload(self) -> None:
        """Make the panel anew from the class that sys.modules holds now."""
        self._create()
        self._setup()

    def enter(self) -> None:
        """Tell the panel that it is shown."""
        self._entered = True
        self._python.enter() if hasattr(self._python, "enter") else None

    def exit(self) -> None:
        """Tell the panel that it is left."""
        self._entered = False
        self._python.exit() if hasattr(self._python, "exit") else None

    def _create(self) -> None:
        self._python = self._module._widget_class()(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._python)

    def _setup(self) -> None:
        self.setObjectName(f"{self._module.name}ModuleWidget")
        self._python.setup()


@native
class qMRMLTableView(HoldsScene, QTableView):
    """Shows a table node as it is now."""

    mrmlSceneChanged = Signal(object)
    selectionChanged = Signal()
    transposed = stored(bool, False)
    firstRowLocked = stored(bool, False)
    firstColumnLocked = stored(bool, False)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node, self._observations = None, Observations(self)
        self.setModel(QStandardItemModel(self))

    def mrmlTableNode(self) -> slicer.vtkMRMLTableNode | None:
        """The node that is shown."""
        return self._node

    def setMRMLTableNode(self, node: slicer.vtkMRMLTableNode | None) -> None:
        """Show another node."""
        checked(node, "vtkMRMLTableNode", "setMRMLTableNode")
        self._observations.end()
        self._node = node
        if node is not None:
            self._observations.add(node, "ModifiedEvent", lambda view, _: view._update())
        self._update()

    def _update(self) -> None:
        model = self.model()
        model.clear()
        if self._node is None:
            return
        columns, rows = self._node.GetNumberOfColumns(), self._node.GetNumberOfRows()
        model.setHorizontalHeaderLabels([self._node.GetColumnName(column) for column in range(columns)])
        for row in range(rows):
            items = [QStandardItem(self._node.GetCellText(row, column)) for column in range(columns)]
            for item in items:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable if self._node.GetLocked() else item.flags())
            model.appendRow(items)
