"""The main window: the panel at the left, the views of the current layout at the right."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import slicer
from PySide6.QtCore import Property, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QLabel, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from .arrangement import arranged
from .layout import qSlicerLayoutManager
from .pythonqt import native

_PANEL_WIDTH = 500  # pixels


@native
class qSlicerModuleSelector(QObject):
    """Selects the module whose panel is shown."""

    def __init__(self, host: Any) -> None:
        super().__init__()
        self._host = host

    selectedModule = Property(str, lambda self: self._host.entered or "")

    def selectModule(self, name: str) -> None:
        """Show a module's panel."""
        self._host.enterModule(name)


@native
class qSlicerMainWindow(QMainWindow):
    """The main window.

    Args:
        host: the host.
        layout_manager: who knows the views.
    """

    def __init__(self, host: Any, layout_manager: qSlicerLayoutManager) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer")
        self._layout_manager, self._selector = layout_manager, qSlicerModuleSelector(host)
        self._panel = QScrollArea()
        self._panel.setWidgetResizable(True)
        self._panel.setFrameShape(QFrame.Shape.NoFrame)
        self._panel.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._title = QLabel()
        self._title.setObjectName("ModuleTitle")
        self._add_dock()
        self.setCentralWidget(QWidget())
        QVBoxLayout(self.centralWidget()).setContentsMargins(0, 0, 0, 0)
        self.statusBar()
        layout_manager._arranged.connect(self._arrange)
        self._arrange()
        self.resize(1280, 860)

    def moduleSelector(self) -> qSlicerModuleSelector:
        """Who selects the module whose panel is shown."""
        return self._selector

    def _add_dock(self) -> None:
        dock = QDockWidget("Module", self)
        dock.setObjectName("PanelDockWidget")
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(4, 4, 0, 4)
        column.addWidget(self._title)
        column.addWidget(self._panel)
        box.setFixedWidth(_PANEL_WIDTH)
        dock.setWidget(box)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)

    def _show_panel(self, widget: QWidget | None, title: str = "") -> None:
        taken = self._panel.takeWidget()
        if taken is not None and taken is not widget:
            taken.setParent(None)
        self._title.setText(f"<b>{title}</b>")
        if widget is not None:
            self._panel.setWidget(widget)
            widget.show()

    def _arrange(self) -> None:
        """Show the views of the layout; those of the last one are kept for when they are shown again."""
        description = self._layout_manager.layoutLogic().GetLayoutNode().GetCurrentLayoutDescription()
        if not description:
            return
        column = self.centralWidget().layout()
        for view in self._layout_manager._widgets.values():
            view.setParent(None)
        while column.count():
            column.takeAt(0).widget().deleteLater()
        column.addWidget(arranged(description, self._view))

    def _view(self, element: ET.Element) -> QWidget | None:
        class_name, tag = element.get("class", ""), element.get("singletontag", "")
        node = slicer.mrmlScene.GetSingletonNode(tag, class_name)
        return self._layout_manager._widget(node) if node is not None else None
