"""Slicer's typed parameter nodes, as far as panels with plain values, choices and nodes need them.

Values are stored in the vtkMRMLScriptedModuleNode under the keys and in the formats of Slicer's own wrapper, so that
scenes can be exchanged. A type that this one does not know is refused when the class is decorated, and so is a widget
in which Slicer cannot show a type.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable
from typing import Any, ClassVar

import slicer
import slicer.util
import vtk
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from .node_selector import qMRMLNodeComboBox


@dataclasses.dataclass
class WithinRange:
    """Refuses values outside a range."""

    minimum: float
    maximum: float

    def validate(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is outside {self.minimum} to {self.maximum}")


class _Parameter:
    """A parameter of the class: how its values lie in the node."""

    def __init__(self, name: str, annotated: Any, default: Any) -> None:
        self.name = name
        self.type, *annotations = typing.get_args(typing.Annotated[annotated, "end"])[:-1]
        self.range = next((each for each in annotations if isinstance(each, WithinRange)), None)
        self.node_class = _node_class(self.type)
        self.default = default
        if not self.node_class and not self.is_enum and self.type not in (bool, int, float, str):
            raise TypeError(f"parameter nodes cannot hold values of the type {self.type} here")

    @property
    def is_enum(self) -> bool:
        return isinstance(self.type, type) and issubclass(self.type, enum.Enum)

    def is_in(self, node: Any) -> bool:
        if self.node_class:
            return bool(node.HasParameter(f"{self.name}.0") or node.HasParameter(f"{self.name}.1"))
        return bool(node.HasParameter(self.name))

    def read(self, node: Any) -> Any:
        if self.node_class:
            return node.GetNodeReference(f"{self.name}.0")
        text = node.GetParameter(self.name)
        return self.type[text] if self.is_enum else text == "True" if self.type is bool else self.type(text)

    def write(self, node: Any, value: Any) -> None:
        """Store a value.

        Raises:
            TypeError, ValueError: the parameter cannot hold it.
        """
        self._refuse(value)
        with slicer.util.NodeModify(node):
            if not self.node_class:
                node.SetParameter(self.name, value.name if self.is_enum else str(value))
                return
            for index in range(2):
                node.UnsetParameter(f"{self.name}.{index}")
            node.SetNodeReferenceID(f"{self.name}.0", value.GetID() if value else None)
            node.SetParameter(f"{self.name}.1" if value is None else f"{self.name}.0", "True" if value is None else "")

    def _refuse(self, value: Any) -> None:
        numbers = (int, float) if self.type is float else self.type
        accepted = (self.node_class, type(None)) if self.node_class else numbers
        if not isinstance(value, accepted):
            raise TypeError(f"{self.name} takes no {value!r}")
        if self.range:
            self.range.validate(value)


def _node_class(type_: Any) -> type | None:
    members = typing.get_args(type_) if isinstance(type_, types.UnionType) else ()
    classes = [member for member in members if isinstance(member, type) and issubclass(member, slicer.vtkMRMLNode)]
    return classes[0] if len(classes) == 1 and type(None) in members and len(members) == 2 else None


#: By which signal, getter and setter each class of widgets shows which types of parameters: Slicer's rules.
_SHOWN_IN: dict[type, tuple[Callable[[_Parameter], bool], str, Any, Any]] = {
    QCheckBox: (lambda parameter: parameter.type is bool, "toggled", QCheckBox.isChecked, QCheckBox.setChecked),
    QSpinBox: (lambda parameter: parameter.type is int, "valueChanged", QSpinBox.value, QSpinBox.setValue),
    QDoubleSpinBox: (
        lambda parameter: parameter.type in (int, float),
        *("valueChanged", QDoubleSpinBox.value, QDoubleSpinBox.setValue),
    ),
    QLineEdit: (lambda parameter: parameter.type is str, "textChanged", QLineEdit.text, QLineEdit.setText),
    # Texts could be shown only with a fixed list of choices.
    QComboBox: (
        lambda parameter: parameter.is_enum,
        *("currentIndexChanged", QComboBox.currentIndex, QComboBox.setCurrentIndex),
    ),
    qMRMLNodeComboBox: (
        lambda parameter: parameter.node_class is not None,
        *("currentNodeChanged", qMRMLNodeComboBox.currentNode, qMRMLNodeComboBox.setCurrentNode),
    ),
}


class _Connector:
    """A widget that shows a parameter.

    Raises:
        RuntimeError: Slicer cannot show the parameter in such a widget.
    """

    def __init__(self, widget: Any, parameter: _Parameter, write: Callable[[Any], object]) -> None:
        fits, signal, self._read, self._show = _SHOWN_IN.get(type(widget), (lambda _: False, "", None, None))
        if not fits(parameter):
            raise RuntimeError(f"a {type(widget).__name__} cannot show {parameter.name}, which is a {parameter.type}")
        self._widget, self._write = widget, write
        self._values = list(parameter.type) if parameter.is_enum else []
        if self._values:
            widget.clear()
            widget.addItems([value.label() for value in self._values])
        if parameter.range:
            widget.setRange(parameter.range.minimum, parameter.range.maximum)
        self._signal = getattr(widget, signal)

    def connect(self) -> None:
        self._signal.connect(self._changed)

    def disconnect(self) -> None:
        self._signal.disconnect(self._changed)

    def show(self, value: Any) -> None:
        shown = self._values.index(value) if self._values else value
        if shown != self._read(self._widget):
            self._show(self._widget, shown)

    def _changed(self, *_: Any) -> None:
        value = self._read(self._widget)
        self._write(self._values[value] if self._values else value)


class _Wrapper:
    """What the decorator adds to the class."""

    allParameters: ClassVar[dict[str, _Parameter]] = {}

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._connected: dict[int, dict[str, _Connector]] = {}  # by the tags of their observers
        self._showing = False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default)

    def connectGui(self, gui: Any) -> int:
        """Bind the widgets whose property SlicerParameterName names a parameter; returns a tag for disconnectGui."""
        widgets = [widget for widget in vars(gui).values() if isinstance(widget, QWidget)]
        named = {widget.property("SlicerParameterName"): widget for widget in widgets}
        connectors = {
            name: _Connector(widget, self.allParameters[name], self._writer(name))
            for name, widget in named.items()
            if name
        }
        for name, connector in connectors.items():
            connector.show(getattr(self, name))
            connector.connect()
        tag = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show())
        self._connected[tag] = connectors
        return tag

    def disconnectGui(self, guiTag: int) -> None:
        for connector in self._connected.pop(guiTag).values():
            connector.disconnect()
        self.RemoveObserver(guiTag)

    def _writer(self, name: str) -> Callable[[Any], None]:
        def write(value: Any) -> None:
            if not self._showing:
                setattr(self, name, value)

        return write

    def _show(self) -> None:
        if self._showing:
            return
        self._showing = True
        try:
            for connectors in list(self._connected.values()):
                for name, connector in connectors.items():
                    connector.show(getattr(self, name))
        finally:
            self._showing = False

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)


def parameterNodeWrapper(classtype: type) -> type:
    hints = typing.get_type_hints(classtype, include_extras=True)
    parameters = {name: _Parameter(name, hint, getattr(classtype, name, None)) for name, hint in hints.items()}
    members = {name: member for name, member in vars(_Wrapper).items() if callable(member)}
    properties = {
        name: property(
            lambda self, parameter=parameter: parameter.read(self.parameterNode),
            lambda self, value, parameter=parameter: parameter.write(self.parameterNode, value),
        )
        for name, parameter in parameters.items()
    }
    for name, member in {**members, **properties, "allParameters": parameters}.items():
        setattr(classtype, name, member)
    return classtype
