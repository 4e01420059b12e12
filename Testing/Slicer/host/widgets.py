"""Stand-ins for CTK's and Slicer's widgets that the .ui file names, but for the node selector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from PySide6.QtCore import Property, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOption,
    QStyleOptionButton,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .observations import Observations

_HEADER = 24  # pixels


def checked(value: Any, class_name: str) -> Any:
    """Return a node or scene as it is, or refuse what is of another class, as PythonQt does.

    Raises:
        ValueError: it is of another class.
    """
    if value is not None and not (hasattr(value, "IsA") and value.IsA(class_name)):
        raise ValueError(f"this takes a {class_name} or None, not {value!r}")
    return value


class qMRMLWidget(QWidget):
    """A widget that hands its scene on through ``mrmlSceneChanged``."""

    mrmlSceneChanged = Signal(object)

    def setMRMLScene(self, scene: slicer.vtkMRMLScene | None) -> None:
        self.mrmlSceneChanged.emit(checked(scene, "vtkMRMLScene"))


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The C++ side of a scripted module's panel.

    Args:
        panel_class: gives the class of the panel's Python object.

    Attributes:
        isEntered: whether the user is in the module.
    """

    def __init__(self, panel_class: Callable[[], type]) -> None:
        super().__init__()
        self.isEntered = False
        self._panel_class, self._panel = panel_class, None
        QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)

    def self(self) -> Any:
        return self._panel

    def reload(self) -> None:
        self._panel = self._panel_class()(self)
        setattr(slicer.modules, f"{self._panel.moduleName}Widget", self._panel)
        self._panel.setup()


class ctkCollapsibleButton(QAbstractButton):
    """A section with a header; a click on the header collapses it to that, or opens it."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed: list[QWidget] = []
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.setContentsMargins(0, _HEADER, 0, 0)
        self.toggled.connect(self._collapse)

    collapsed = Property(
        bool, lambda self: not self.isChecked(), lambda self, collapsed: self.setChecked(not collapsed)
    )

    def _collapse(self, opened: bool) -> None:
        self.setMaximumHeight(16777215 if opened else _HEADER)
        children = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        shown = self._collapsed if opened else [child for child in children if not child.isHidden()]
        for child in shown:
            child.setVisible(opened)
        self._collapsed = [] if opened else shown
        self.contentsCollapsed.emit(not opened)

    def hitButton(self, position: Any) -> bool:
        return QRect(0, 0, self.width(), _HEADER).contains(position)

    def minimumSizeHint(self) -> QSize:
        return self.layout().totalMinimumSize() if self.isChecked() and self.layout() else QSize(100, _HEADER)

    sizeHint = minimumSizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, bevel, arrow = QPainter(self), QStyleOptionButton(), QStyleOption()
        bevel.initFrom(self)
        bevel.rect = QRect(0, 0, self.width(), _HEADER)
        bevel.state |= QStyle.StateFlag.State_Raised
        self.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, bevel, painter, self)
        arrow.initFrom(self)
        arrow.rect = QRect(8, (_HEADER - 12) // 2, 12, 12)
        element = QStyle.PrimitiveElement
        shape = element.PE_IndicatorArrowDown if self.isChecked() else element.PE_IndicatorArrowRight
        self.style().drawPrimitive(shape, arrow, painter, self)
        painter.drawText(bevel.rect.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())


class qMRMLTableView(QTableView):
    """Shows a table node as it is now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node: slicer.vtkMRMLTableNode | None = None
        self._observations = Observations(self)
        self.setModel(QStandardItemModel(self))

    def setMRMLScene(self, scene: slicer.vtkMRMLScene | None) -> None:
        checked(scene, "vtkMRMLScene")

    def setMRMLTableNode(self, node: slicer.vtkMRMLTableNode | None) -> None:
        self._observations.end()
        self._node = checked(node, "vtkMRMLTableNode")
        if node is not None:
            self._observations.add(node, "ModifiedEvent", lambda view, _: view._fill())
        self._fill()

    def _fill(self) -> None:
        model = self.model()
        model.clear()
        if self._node is None:
            return
        columns, rows = range(self._node.GetNumberOfColumns()), range(self._node.GetNumberOfRows())
        model.setHorizontalHeaderLabels([self._node.GetColumnName(column) for column in columns])
        for row in rows:
            model.appendRow([QStandardItem(self._node.GetCellText(row, column)) for column in columns])


class ctkPathLineEdit(QWidget):
    """A line for a path, with a button that lets the user browse, which does nothing here."""

    currentPathChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edit, self._filters, self._nameFilters, self._settingKey = QLineEdit(self), 0, [], ""
        browse = QToolButton(self)
        browse.setText("...")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._edit, browse):
            layout.addWidget(widget)
        self.setFocusProxy(self._edit)
        self._edit.textChanged.connect(self.currentPathChanged)

    def setCurrentPath(self, path: str) -> None:
        self._edit.setText(path)

    currentPath = Property(str, lambda self: self._edit.text(), setCurrentPath)
    filters = Property(int, lambda self: self._filters, lambda self, value: setattr(self, "_filters", value))
    nameFilters = Property(
        "QStringList", lambda self: self._nameFilters, lambda self, value: setattr(self, "_nameFilters", value)
    )
    settingKey = Property(str, lambda self: self._settingKey, lambda self, value: setattr(self, "_settingKey", value))
