"""CTK's buttons: the collapsible section, the expand button and the plain ones."""

from __future__ import annotations

from PySide6.QtCore import Property, QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QFrame,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOption,
    QStyleOptionButton,
    QToolButton,
    QWidget,
)

from ..pythonqt import native
from .stored import stored

_HEADER = 24  # pixels


@native
class ctkCollapsibleButton(QAbstractButton):
    """A section with a header; a click on the header hides and shows the children."""

    contentsCollapsed = Signal(bool)
    flat = stored(bool, False, QWidget.update)
    contentsFrameShape = stored(int, int(QFrame.Shape.NoFrame.value))
    contentsFrameShadow = stored(int, int(QFrame.Shadow.Plain.value))
    contentsLineWidth = stored(int, 1)
    contentsMidLineWidth = stored(int, 0)
    collapsedHeight = stored(int, 10)
    buttonTextAlignment = stored(int, int(Qt.AlignmentFlag.AlignLeft.value))
    indicatorAlignment = stored(int, int(Qt.AlignmentFlag.AlignLeft.value))

    def __init__(self, text: str | QWidget | None = None, parent: QWidget | None = None) -> None:
        if isinstance(text, QWidget):
            text, parent = None, text
        super().__init__(parent)
        self._hidden_by_collapse: set[QWidget] = set()
        self.setText(text or "")
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.setContentsMargins(0, _HEADER, 0, 0)
        self.toggled.connect(lambda opened: self._collapse(not opened))

    def _is_collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, _is_collapsed, _set_collapsed)

    def childEvent(self, event: QEvent) -> None:
        """Keep a child that comes while the section is collapsed out of sight.

        A child is looked at once it is polished: PySide6 takes one that is still being constructed for a plain widget.
        """
        if event.polished() and isinstance(event.child(), QWidget):
            event.child().installEventFilter(self)
            if self._is_collapsed():
                self._hide(event.child())
        super().childEvent(event)

    def eventFilter(self, child: QObject, event: QEvent) -> bool:
        """A child that is shown while the section is collapsed stays out of sight until it opens."""
        if event.type() == QEvent.Type.ShowToParent and self._is_collapsed() and child not in self._hidden_by_collapse:
            self._hide(child)
        return False

    def _hide(self, child: QWidget) -> None:
        if not child.isHidden():
            self._hidden_by_collapse.add(child)
            child.hide()

    def _collapse(self, collapsed: bool) -> None:
        if collapsed:
            for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
                self._hide(child)
        else:
            shown, self._hidden_by_collapse = self._hidden_by_collapse, set()
            for child in shown:
                child.show()
        self.setMaximumHeight(_HEADER + self.collapsedHeight if collapsed else 16777215)
        self.updateGeometry()
        self.contentsCollapsed.emit(collapsed)

    def hitButton(self, position) -> bool:
        """Only the header is the button."""
        return self.rect.adjusted(0, 0, 0, _HEADER - self.height).contains(position)

    def minimumSizeHint(self) -> QSize:
        """The header, and the contents while they are shown."""
        layout = self.layout()
        if self._is_collapsed() or layout is None:
            return QSize(100, _HEADER)
        return layout.totalMinimumSize()

    def sizeHint(self) -> QSize:
        """The header, and the contents while they are shown."""
        layout = self.layout()
        if self._is_collapsed() or layout is None:
            return QSize(100, _HEADER)
        return layout.totalSizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the header: an arrow and the text on a button's bevel."""
        painter = QPainter(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        header = QRect(0, 0, self.width, _HEADER)
        option.rect = header
        option.state |= QStyle.StateFlag.State_Raised
        if not self.flat:
            self.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        arrow = QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QRect(8, (_HEADER - 12) // 2, 12, 12)
        element = QStyle.PrimitiveElement
        kind = element.PE_IndicatorArrowRight if self._is_collapsed() else element.PE_IndicatorArrowDown
        self.style().drawPrimitive(kind, arrow, painter, self)
        painter.drawText(header.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text)


@native
class ctkExpandButton(QToolButton):
    """A small arrow that is checked while what it belongs to is shown."""

    orientation = stored(Qt.Orientation, Qt.Orientation.Horizontal)
    mirrorOnExpand = stored(bool, False)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setArrowType(Qt.ArrowType.DownArrow)
        self.setAutoRaise(True)


@native
class ctkPushButton(QPushButton):
    """A push button with alignment and elision of its text."""

    buttonTextAlignment = stored(int, int(Qt.AlignmentFlag.AlignCenter.value))
    iconAlignment = stored(int, int(Qt.AlignmentFlag.AlignLeft.value))
    elideMode = stored(Qt.TextElideMode, Qt.TextElideMode.ElideNone)


@native
class ctkMenuButton(QPushButton):
    """A push button with a menu on a separate arrow."""


@native
class ctkCheckBox(QCheckBox):
    """A check box with an icon for its indicator."""

    indicatorIcon = stored(QIcon, QIcon())
    indicatorIconSize = stored(QSize, QSize())
