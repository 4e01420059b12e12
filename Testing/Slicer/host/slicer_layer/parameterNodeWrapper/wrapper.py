"""The decorator that gives a class of annotations its properties, its node and its bond with a panel."""

from __future__ import annotations

import logging
import typing
import weakref
from collections.abc import Callable
from typing import Any

import qt
import slicer
import slicer.util
import vtk

from .annotations import Default, Validator, first, split
from .connectors import GuiConnector, createGuiConnector
from .serializers import Serializer, serializer

SlicerParameterNamePropertyName = "SlicerParameterName"


class _Parameter:
    """A parameter of the class: its type, default and serializer."""

    def __init__(self, owner: type, name: str, annotated: Any) -> None:
        type_, annotations = split(annotated)
        validators = [annotation for annotation in annotations if isinstance(annotation, Validator)]
        self.name, self.annotated = name, annotated
        self.serializer: Serializer = serializer(type_, validators)
        default = first(annotations, Default)
        if hasattr(owner, name):
            default = Default(getattr(owner, name))
        self.default = default or Default(self.serializer.default())
        unused = [annotation for annotation in annotations if not isinstance(annotation, Default | Validator)]
        if unused:
            logging.warning("Unused annotations: %s", unused)


class _Value:
    """The value of a parameter in a node, read again whenever the node changes."""

    def __init__(self, parameter: _Parameter, node: Any) -> None:
        self.parameter, self._node, self._writing = parameter, node, False
        self._read()
        own = weakref.ref(self)
        self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: own() and own()._onModified())

    def __del__(self) -> None:
        if hasattr(self, "_tag"):
            self._node.RemoveObserver(self._tag)

    def _read(self) -> None:
        if not self.parameter.serializer.isIn(self._node, self.parameter.name):
            self.parameter.serializer.write(self._node, self.parameter.name, self.parameter.default.value)
        self.value = self.parameter.serializer.read(self._node, self.parameter.name)

    def _onModified(self) -> None:
        if not self._writing:
            self._read()

    def write(self, value: Any) -> None:
        """Store a value; who observes the node finds it already there."""
        self._writing = True
        try:
            with slicer.util.NodeModify(self._node):
                self.parameter.serializer.write(self._node, self.parameter.name, value)
                self._read()
        finally:
            self._writing = False


class _Wrapper:
    """What the decorator adds to the class."""

    allParameters: dict[str, _Parameter] = {}
    _is_parameter_node_wrapper = True

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        if prefix:
            raise NotImplementedError("the host's parameter nodes have no prefixes")
        self.parameterNode = parameterNode
        self._values = {name: _Value(parameter, parameterNode) for name, parameter in self.allParameters.items()}
        self._guis: dict[int, tuple[dict[str, GuiConnector], int]] = {}
        self._next_gui, self._showing = 0, False

    def getValue(self, name: str) -> Any:
        """The value of a parameter."""
        return self._values[self._checked(name)].value

    def setValue(self, name: str, value: Any) -> None:
        """Set a parameter."""
        self._values[self._checked(name)].write(value)

    def default(self, name: str) -> Default:
        """The default of a parameter."""
        return self.allParameters[self._checked(name)].default

    def isCached(self, name: str) -> bool:
        """Whether the value is held between changes of the node; all are."""
        return bool(self._checked(name))

    @classmethod
    def dataType(cls, name: str) -> Any:
        """The type of a parameter, as it was written."""
        return cls.allParameters[cls._checked(name)].annotated

    @classmethod
    def _checked(cls, name: str) -> str:
        if name not in cls.allParameters:
            raise ValueError(f"there is no parameter {name} among {sorted(cls.allParameters)}")
        return name

    def connectGui(self, gui: Any) -> int:
        """Bind the widgets whose property SlicerParameterName names a parameter; returns a tag for disconnectGui."""
        widgets = gui.findChildren(qt.QWidget) if isinstance(gui, qt.QWidget) else list(vars(gui).values())
        named = {widget.property(SlicerParameterNamePropertyName): widget for widget in widgets}
        return self.connectParametersToGui({name: widget for name, widget in named.items() if name})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind widgets to parameters by name; returns a tag for disconnectGui."""
        connectors = {
            self._checked(name): widget
            if isinstance(widget, GuiConnector)
            else createGuiConnector(widget, self.dataType(name))
            for name, widget in mapping.items()
        }
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(self._writer(name, connector))
        tag, self._next_gui = self._next_gui, self._next_gui + 1
        self._guis[tag] = (connectors, self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show()))
        return tag

    def disconnectGui(self, tag: int) -> None:
        """Undo connectGui."""
        if tag in self._guis:
            connectors, observer = self._guis.pop(tag)
            for connector in connectors.values():
                connector.onChanged(None)
            self.RemoveObserver(observer)

    def _writer(self, name: str, connector: GuiConnector) -> Callable[[], None]:
        def write() -> None:
            with slicer.util.NodeModify(self):
                if not self._showing:
                    self.setValue(name, connector.read())

        return write

    def _show(self) -> None:
        """Bring the node's values to the widgets; what they change by that is not written back."""
        if self._showing:
            return
        self._showing = True
        try:
            with slicer.util.NodeModify(self):
                for connectors, _ in list(self._guis.values()):
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._showing = False

    def StartModify(self) -> int:
        """Hold back the node's events."""
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified: int) -> int:
        """Send the events that were held back."""
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        """Observe the node."""
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        """End an observation."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Send the node's ModifiedEvent."""
        self.parameterNode.Modified()


def parameterNodeWrapper(classtype: type | None = None) -> Any:
    """Class decorator: the class's annotations become parameters of the node that its constructor is given.

    Raises:
        TypeError: a type that the host does not know.
        ValueError: a parameter has the name of something that wrappers have.
    """
    return _decorate if classtype is None else _decorate(classtype)


def _decorate(classtype: type) -> type:
    hints = typing.get_type_hints(classtype, include_extras=True)
    parameters = {name: _Parameter(classtype, name, annotated) for name, annotated in hints.items()}
    members = dict(vars(_Wrapper))
    for name in [*parameters, *vars(classtype)]:
        if name in members and not name.startswith("__"):
            raise ValueError(f"'{name}' is reserved, so no parameter of a parameterNodeWrapper can be called that")
    for name, member in members.items():
        if not name.startswith("__") or name == "__init__":
            setattr(classtype, name, member)
    classtype.allParameters = parameters
    for name in parameters:
        setattr(classtype, name, property(_getter(name), _setter(name)))
    return classtype


def _getter(name: str) -> Callable[[Any], Any]:
    return lambda self: self._values[name].value


def _setter(name: str) -> Callable[[Any, Any], None]:
    return lambda self, value: self._values[name].write(value)


def isParameterNodeWrapper(classOrObject: Any) -> bool:
    """Whether a class was made by parameterNodeWrapper, or an object is of such a class."""
    return getattr(classOrObject, "_is_parameter_node_wrapper", False)


def findChildWidgetForParameter(widget: Any, parameter: str) -> Any:
    """The child that is bound to a parameter, or None."""
    children = widget.findChildren(qt.QWidget)
    return next((c for c in children if c.property(SlicerParameterNamePropertyName) == parameter), None)
