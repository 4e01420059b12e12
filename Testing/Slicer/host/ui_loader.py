"""Loads .ui files as Slicer does, with the stand-ins for its custom widgets, and refuses what Slicer would not know."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from PySide6 import QtUiTools
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject
from PySide6.QtWidgets import QWidget

from . import pythonqt
from .widgets import ctk_buttons, ctk_inputs
from .widgets.cli_progress_bar import qSlicerCLIProgressBar
from .widgets.mrml import qMRMLTableView, qMRMLWidget, qSlicerScriptedLoadableModuleWidget, qSlicerWidget
from .widgets.node_combo_box import qMRMLNodeComboBox

CTK_WIDGETS: dict[str, type[QWidget]] = {
    name: cls
    for module in (ctk_buttons, ctk_inputs)
    for name, cls in vars(module).items()
    if name.startswith("ctk") and isinstance(cls, type)
}
SLICER_WIDGETS: dict[str, type[QWidget]] = {
    cls.__name__: cls
    for cls in (
        qMRMLNodeComboBox,
        qMRMLTableView,
        qMRMLWidget,
        qSlicerCLIProgressBar,
        qSlicerScriptedLoadableModuleWidget,
        qSlicerWidget,
    )
}
_CUSTOM = CTK_WIDGETS | SLICER_WIDGETS
#: What the parameter node and the node selectors look for; every other property must be the class's own.
_DYNAMIC = {"SlicerParameterName"}


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader, which makes the custom widgets and the connections between them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: list[QWidget] = []

    def createWidget(self, class_name: str, parent: QWidget | None = None, name: str = "") -> QWidget:
        """Make a widget of a class that the .ui file names."""
        if class_name in _CUSTOM:
            widget = _CUSTOM[class_name](parent)
            widget.setObjectName(name)
        elif class_name.startswith("Q"):
            widget = super().createWidget(class_name, parent, name)
        else:
            raise ValueError(f"the .ui file names the class {class_name} for '{name}', which the host does not know")
        self._made.append(widget)
        return widget

    def load(self, device: QIODevice, parent: QWidget | None = None) -> QWidget:
        """Load a .ui file.

        Raises:
            ValueError: a class, property, signal or slot in it does not exist.
        """
        root = ET.fromstring(bytes(device.readAll().data()))
        connections = root.find("connections")
        made_here = [] if connections is None else list(connections)
        for connection in made_here:
            connections.remove(connection)
        _refuse_strays(root)
        buffer = QBuffer()
        buffer.setData(QByteArray(ET.tostring(root)))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        with pythonqt.loading():
            widget = super().load(buffer, parent)
        if widget is None:
            raise ValueError(f"the .ui file cannot be loaded: {self.errorString()}")
        _check_properties(root, widget)
        for connection in made_here:
            _connect(widget, connection)
        widget.destroyed.connect(self._made.clear)
        return widget


def _refuse_strays(root: ET.Element) -> None:
    """A widget inside a layout must be in an item, or Qt's loader leaves it out silently."""
    for layout in root.iter("layout"):
        stray = layout.find("widget")
        if stray is not None:
            raise ValueError(f"'{stray.get('name')}' lies in a layout of the .ui file, but in none of its items")


def _check_properties(root: ET.Element, top: QWidget) -> None:
    for element in root.iter("widget"):
        widget = _child(top, element.get("name", ""))
        for prop in element.findall("property"):
            name = prop.get("name", "")
            if name not in _DYNAMIC and widget.metaObject().indexOfProperty(name) < 0:
                raise ValueError(
                    f"{element.get('class')} has no property '{name}', which the .ui file sets on "
                    f"'{element.get('name')}'"
                )


def _child(top: QWidget, name: str) -> QWidget:
    found = top if top.objectName == name else top.findChild(QObject, name)
    if found is None:
        raise ValueError(f"the .ui file speaks of '{name}', which was not made")
    return found


def _connect(top: QWidget, connection: ET.Element) -> None:
    sender, signal, receiver, slot = (connection.findtext(tag, "") for tag in ("sender", "signal", "receiver", "slot"))
    _child(top, sender).connect(signal, _slot(_child(top, receiver), slot))


def _slot(receiver: QWidget, slot: str) -> Callable[..., Any]:
    name = slot.split("(")[0]
    if not callable(getattr(type(receiver), name, None)):
        raise ValueError(f"{type(receiver).__name__} has no slot {slot}, to which the .ui file connects a signal")
    return getattr(receiver, name)
