"""Which widget can show which type of parameter, and how: Slicer's rules, on exact classes of widgets."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable
from typing import Any

import ctk
import qt
import slicer

from .annotations import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange, first, split

_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


class GuiConnector:
    """A widget that shows a parameter.

    Args:
        widget: the widget.
        type_: the parameter's type.
        annotations: what else was said of the parameter.
    """

    SIGNAL: str | None = None
    PROPERTY = ""

    def __init__(self, widget: Any, type_: Any, annotations: list[Any]) -> None:
        self._widget, self._type, self._callback = widget, type_, None
        self._prepare(annotations)

    def _prepare(self, annotations: list[Any]) -> None:
        """Give the widget its range or its choices."""

    def widget(self) -> Any:
        """The widget."""
        return self._widget

    def read(self) -> Any:
        """What the widget shows."""
        return getattr(self._widget, self.PROPERTY)

    def write(self, value: Any) -> None:
        """Show a value."""
        setattr(self._widget, self.PROPERTY, value)

    def onChanged(self, callback: Callable[[], None] | None) -> None:
        """Call a function whenever the user changes what the widget shows; None ends that."""
        self._callback = callback
        if self.SIGNAL is None:
            return
        signal = getattr(self._widget, self.SIGNAL)
        if callback is None:
            signal.disconnect(self.changed)
        else:
            signal.connect(self.changed)

    def changed(self, *_: Any) -> None:
        """The widget shows another value."""
        if self._callback:
            self._callback()


class _CheckedConnector(GuiConnector):
    PROPERTY = "checked"
    SIGNAL = "toggled"

    def _prepare(self, annotations: list[Any]) -> None:
        if not self._widget.checkable:
            self._widget.checkable = True


class _NumberConnector(GuiConnector):
    PROPERTY = "value"
    SIGNAL = "valueChanged"

    def _prepare(self, annotations: list[Any]) -> None:
        step, within = first(annotations, SingleStep), first(annotations, WithinRange)
        minimum, maximum = first(annotations, Minimum), first(annotations, Maximum)
        self._set_decimals(first(annotations, Decimals))
        if step:
            self._widget.singleStep = step.value
        lowest, highest = self._unbounded()
        self._widget.minimum = within.minimum if within else minimum.minimum if minimum else lowest
        self._widget.maximum = within.maximum if within else maximum.maximum if maximum else highest
        bounded = within or (minimum and maximum)
        if type(self._widget) in (ctk.ctkSliderWidget, qt.QSlider) and not bounded:
            raise RuntimeError("a slider can show only a number that has a range")

    def _unbounded(self) -> tuple[float, float]:
        return (
            (_LOWEST, _HIGHEST) if isinstance(self._widget, qt.QSpinBox | qt.QSlider) else (-float("inf"), float("inf"))
        )

    def _set_decimals(self, decimals: Decimals | None) -> None:
        if isinstance(self._widget, qt.QSpinBox | qt.QSlider):
            return
        if self._type is int:
            self._widget.decimals = 0
        elif decimals:
            self._widget.decimals = decimals.value

    def read(self) -> Any:
        return self._type(super().read()) if self._type is int else super().read()


class _ChoiceConnector(GuiConnector):
    SIGNAL = "currentIndexChanged"

    def _prepare(self, annotations: list[Any]) -> None:
        choice = first(annotations, Choice)
        if choice is None:
            raise RuntimeError("a combo box can show only a parameter that has the annotation Choice")
        self._fill([(str(value), value) for value in choice.choices])

    def _fill(self, entries: list[tuple[str, Any]]) -> None:
        self._values = [value for _, value in entries]
        self._widget.clear()
        for label, _ in entries:
            self._widget.addItem(label)

    def read(self) -> Any:
        return self._values[self._widget.currentIndex]

    def write(self, value: Any) -> None:
        self._widget.currentIndex = self._values.index(value)


class _EnumConnector(_ChoiceConnector):
    def _prepare(self, annotations: list[Any]) -> None:
        label = getattr(self._type, "label", lambda member: member.name)
        self._fill([(label(member), member) for member in self._type])


class _LineConnector(GuiConnector):
    PROPERTY = "text"
    SIGNAL = "textChanged"

    def write(self, value: str) -> None:
        if value != self._widget.text:
            self._widget.text = value


class _LabelConnector(GuiConnector):
    PROPERTY = "text"


class _TextConnector(GuiConnector):
    SIGNAL = "textChanged"

    def read(self) -> str:
        return self._widget.toPlainText()

    def write(self, value: str) -> None:
        self._widget.setPlainText(value)


class _NodeConnector(GuiConnector):
    SIGNAL = "currentNodeChanged"

    def _prepare(self, annotations: list[Any]) -> None:
        self._widget.nodeTypes = [type_().GetClassName() for type_ in _node_types(self._type)]

    def read(self) -> Any:
        return self._widget.currentNode()

    def write(self, value: Any) -> None:
        self._widget.setCurrentNode(value)


def createGuiConnector(widget: Any, datatype: Any) -> GuiConnector:
    """The connector of a widget to a parameter of a type.

    Raises:
        RuntimeError: Slicer cannot show the type in such a widget.
    """
    type_, annotations = split(datatype)
    connector = _connector_class(type(widget), type_)
    if connector is None:
        raise RuntimeError(f"a {type(widget).__name__} cannot show a parameter of the type {type_}")
    return connector(widget, type_, annotations)


def _connector_class(widget: type, type_: Any) -> type[GuiConnector] | None:
    is_enum = isinstance(type_, type) and issubclass(type_, enum.Enum)
    if widget in (qt.QCheckBox, ctk.ctkCheckBox, qt.QPushButton):
        return _CheckedConnector if type_ is bool else None
    if widget in (qt.QSlider, qt.QSpinBox):
        return _NumberConnector if type_ is int else None
    if widget in (qt.QDoubleSpinBox, ctk.ctkSliderWidget, ctk.ctkDoubleSpinBox):
        return _NumberConnector if type_ in (int, float) else None
    if widget in (qt.QComboBox, ctk.ctkComboBox):
        return _EnumConnector if is_enum else _ChoiceConnector if type_ in (int, float, str, bool) else None
    if widget is slicer.qMRMLNodeComboBox:
        return _NodeConnector if _node_types(type_) else None
    texts = {qt.QLineEdit: _LineConnector, qt.QLabel: _LabelConnector, qt.QTextEdit: _TextConnector}
    return texts.get(widget) if type_ is str else None


def _node_types(type_: Any) -> list[type]:
    """The classes of nodes in a type; none where it is another type."""
    if isinstance(type_, types.UnionType) or typing.get_origin(type_) is typing.Union:
        members = [split(member)[0] for member in typing.get_args(type_)]
    else:
        members = [type_]
    classes = [member for member in members if member is not type(None)]
    are_nodes = all(isinstance(member, type) and issubclass(member, slicer.vtkMRMLNode) for member in classes)
    return classes if are_nodes else []
