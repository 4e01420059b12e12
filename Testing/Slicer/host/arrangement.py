"""Arranges the views as the layout node's description says: splits, tabs and single views."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget


def arranged(description: str, widget_of: Callable[[ET.Element], QWidget | None]) -> QWidget:
    """A widget that holds the views of a layout.

    Args:
        description: the layout node's description in XML.
        widget_of: gives the widget of a ``view`` element.
    """
    return _layout(ET.fromstring(description), widget_of)


def _layout(element: ET.Element, widget_of: Callable[[ET.Element], QWidget | None]) -> QWidget:
    children = [_item(item, widget_of) for item in element.findall("item")]
    shown = [child for child in children if child is not None]
    split = element.get("split") == "true"
    if element.get("type") == "tab":
        box: QWidget = QTabWidget()
        for child in shown:
            box.addTab(child, child.objectName)
        return box
    vertical = element.get("type", "horizontal") == "vertical"
    box = QSplitter(Qt.Orientation.Vertical if vertical else Qt.Orientation.Horizontal) if split else QWidget()
    target = box if split else _plain_layout(box, vertical)
    for child in shown:
        target.addWidget(child)
        child.show()
    return box


def _plain_layout(box: QWidget, vertical: bool) -> QVBoxLayout | QHBoxLayout:
    layout = QVBoxLayout(box) if vertical else QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    return layout


def _item(item: ET.Element, widget_of: Callable[[ET.Element], QWidget | None]) -> QWidget | None:
    inner = item.find("layout")
    if inner is not None:
        return _layout(inner, widget_of)
    view = item.find("view")
    return widget_of(view) if view is not None else None
