"""Loads .ui files as Slicer does, with the stand-ins for its custom widgets, and refuses what Slicer would not know."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtUiTools
from PySide6.QtCore import QBuffer, QIODevice, QObject
from PySide6.QtWidgets import QWidget

from .node_selector import qMRMLNodeComboBox
from .qt_module import qt
from .widgets import ctkCollapsibleButton, ctkPathLineEdit, qMRMLTableView, qMRMLWidget

CUSTOM: dict[str, type[QWidget]] = {
    cls.__name__: cls for cls in (ctkCollapsibleButton, ctkPathLineEdit, qMRMLNodeComboBox, qMRMLTableView, qMRMLWidget)
}


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader, which makes the custom widgets and the connections between them."""

    def __init__(self) -> None:
        super().__init__()
        self._made: list[QWidget] = []

    def createWidget(self, class_name: str, parent: QWidget | None = None, name: str = "") -> QWidget:
        """Make a widget of a class that the .ui file names.

        Raises:
            ValueError: there is no such class.
        """
        if class_name not in CUSTOM:
            if not class_name.startswith("Q"):
                raise ValueError(f"the .ui file names the class {class_name} for '{name}', which there is not")
            return super().createWidget(class_name, parent, name)
        widget = CUSTOM[class_name](parent)
        widget.setObjectName(name)
        self._made.append(widget)  # until its parent has it
        return widget

    def load(self, device: QIODevice, parent: QWidget | None = None) -> QWidget:
        """Load a .ui file.

        Raises:
            ValueError: a class, property, signal or slot in it does not exist.
        """
        root = ET.fromstring(bytes(device.readAll().data()))
        found = root.find("connections")
        connections = [] if found is None else list(found)
        for connection in connections:
            found.remove(connection)
        buffer = QBuffer()
        buffer.setData(ET.tostring(root))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer, parent)
        _check(root, widget)
        for connection in connections:
            sender, signal, receiver, slot = (
                connection.findtext(tag, "").partition("(")[0] for tag in ("sender", "signal", "receiver", "slot")
            )
            _member(_child(widget, sender), signal).connect(_member(_child(widget, receiver), slot))
        self._made.clear()
        return widget


def _check(root: ET.Element, top: QWidget) -> None:
    for element in root.iter("widget"):
        widget = _child(top, element.get("name", ""))
        for prop in element.findall("property"):
            name = prop.get("name", "")
            if name == "buddy" and element.get("class") == "QLabel":
                _child(top, prop.findtext("cstring", ""))  # no property of Qt's, but Designer's word for setBuddy
                continue
            if prop.get("stdset") != "0" and widget.metaObject().indexOfProperty(name) < 0:
                raise ValueError(f"{element.get('class')} has no property '{name}', set on '{element.get('name')}'")


def _child(top: QWidget, name: str) -> Any:
    found = top if top.objectName() == name else top.findChild(QObject, name)
    if found is None:
        raise ValueError(f"the .ui file speaks of '{name}', which was not made")
    return found


def _member(widget: QWidget, name: str) -> Any:
    if not hasattr(widget, name):
        raise ValueError(f"{type(widget).__name__} has neither signal nor slot {name}")
    return getattr(widget, name)


qt.QUiLoader = QUiLoader
