"""CTK's widgets for values and texts, and its message box."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QMessageBox,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QTextBrowser,
    QWidget,
)

from ..pythonqt import native
from .stored import stored


@native
class ctkComboBox(QComboBox):
    """A combo box that shows a default text while nothing is selected."""

    defaultText = stored(str, "", QWidget.update)
    defaultIcon = stored(QIcon, QIcon())
    forceDefault = stored(bool, False)
    elideMode = stored(Qt.TextElideMode, Qt.TextElideMode.ElideNone)
    scrollWheelEffect = stored(int, 1)
    returnRelease = Signal()

    def _user_data(self) -> str:
        return str(self.currentData() or "")

    def _set_user_data(self, data: str) -> None:
        self.setCurrentIndex(self.findData(data))

    currentUserDataAsString = Property(str, _user_data, _set_user_data)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, with the default text where no item is current."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex == -1:
            option.currentText = self.defaultText
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def _forward(name: str, type_: Any) -> Property:
    """A property that is the spin box's."""

    def get(self: Any) -> Any:
        return getattr(self._spin_box, name)

    def put(self: Any, value: Any) -> None:
        setattr(self._spin_box, name, value)

    return Property(type_, get, put)


class _SpinBoxOwner(QWidget):
    """What CTK's widgets around a spin box share: its properties and its signal."""

    valueChanged = Signal(float)
    decimalsChanged = Signal(int)

    minimum = _forward("minimum", float)
    maximum = _forward("maximum", float)
    value = _forward("value", float)
    singleStep = _forward("singleStep", float)
    decimals = _forward("decimals", int)
    prefix = _forward("prefix", str)
    suffix = _forward("suffix", str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spin_box = QDoubleSpinBox()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._spin_box)
        self._spin_box.valueChanged.connect(self.valueChanged)

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set the bounds of the value."""
        self._spin_box.setRange(minimum, maximum)


@native
class ctkDoubleSpinBox(_SpinBoxOwner):
    """A spin box of real numbers with a choice of how decimals show."""

    editingFinished = Signal()
    alignment = stored(int, int(Qt.AlignmentFlag.AlignLeft.value))
    frame = stored(bool, True)
    readOnly = stored(bool, False)
    invertedControls = stored(bool, False)
    decimalsOption = stored(int, 0)
    sizeHintPolicy = stored(int, 0)
    setMode = stored(int, 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spin_box.editingFinished.connect(self.editingFinished)


@native
class ctkSliderWidget(_SpinBoxOwner):
    """A slider beside a spin box."""

    valueIsChanging = Signal(float)
    pageStep = stored(float, 10.0)
    tracking = stored(bool, True)
    spinBoxVisible = stored(bool, True)
    popupSlider = stored(bool, False)
    tickInterval = stored(float, 0.0)
    invertedAppearance = stored(bool, False)
    invertedControls = stored(bool, False)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 1000)
        self.layout().insertWidget(0, self._slider)
        self._slider.valueChanged.connect(self._on_slider)
        self.valueChanged.connect(self._on_value)

    def _on_slider(self, position: int) -> None:
        self.value = self.minimum + position / 1000 * (self.maximum - self.minimum)

    def _on_value(self, value: float) -> None:
        span = self.maximum - self.minimum
        self._slider.blockSignals(True)
        self._slider.setValue(round(1000 * (value - self.minimum) / span) if span else 0)
        self._slider.blockSignals(False)


@native
class ctkCollapsibleGroupBox(QGroupBox):
    """A group box whose check mark hides and shows the children."""

    collapsedHeight = stored(int, 14)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.toggled.connect(self._show_children)

    collapsed = Property(
        bool, lambda self: not self.isChecked(), lambda self, collapsed: self.setChecked(not collapsed)
    )

    def _show_children(self, shown: bool) -> None:
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            child.setVisible(shown)


@native
class ctkFittedTextBrowser(QTextBrowser):
    """A text browser as high as its text, which can show a teaser only."""

    collapsed = stored(bool, True)
    disableMouseScroll = stored(bool, True)
    showDetailsText = stored(str, "Show details...")
    hideDetailsText = stored(str, "Hide details.")

    def setCollapsibleText(self, text: str) -> None:
        """Set a text whose paragraphs after the first can be hidden."""
        self.setText(text)


@native
class ctkExpandableWidget(QFrame):
    """A frame whose size the user changes with a grip."""

    orientations = stored(int, int(Qt.Orientation.Horizontal.value))
    sizeGripInside = stored(bool, True)
    sizeGripMargins = stored(QSize, QSize(0, 0))


@native
class ctkMessageBox(QMessageBox):
    """A message box that can be told not to come again; Slicer shows all its messages in it."""

    dontShowAgain = stored(bool, False)
    dontShowAgainVisible = stored(bool, False)
    dontShowAgainSettingsKey = stored(str, "")
