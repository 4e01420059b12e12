"""Lets PySide6 behave as PythonQt does in Slicer, and gathers it in one flat module ``qt``.

PySide6's own feature ``true_property`` turns getters into properties, but takes the setters away, which PythonQt has
too; so the same is done here on the classes themselves, for the whole process:

- a Qt property is an attribute (``label.text``, ``button.enabled``), and its setter stays (``label.setText``);
- ``widget.name`` is the object name; dynamic properties are attributes;
- ``object.connect("signal(args)", callable)`` and ``disconnect``, beside ``object.signal.connect(callable)``;
- what a class does not have can be neither read nor set, on Qt's objects nor on the host's stand-ins for CTK's and
  Slicer's widgets (see `native`).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools)
_connect = QtCore.QObject.connect
_disconnect = QtCore.QObject.disconnect
_stand_ins: set[type] = set()
_single_shots: set[QtCore.QTimer] = set()
_is_loading = False


class _QtProperty:
    """A Qt property as an attribute of its objects; on the class, the method that was there before."""

    def __init__(self, cls: type, name: str, writable: bool) -> None:
        capitalized = name[0].upper() + name[1:]
        self._name = name
        self._before = getattr(cls, name, None)
        getter = self._before if callable(self._before) else getattr(cls, f"is{capitalized}", None)
        is_static = isinstance(cls.__dict__.get(name), staticmethod)
        self._get = None if is_static or not callable(getter) else getter
        self._set = getattr(cls, f"set{capitalized}", None) if writable else None
        self._writable = writable

    def replace_static(self, function: Callable[..., Any]) -> None:
        """Put another function in the place of the static one of the same name."""
        self._before = function

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._before
        return self._get(instance) if self._get else instance.property(self._name)

    def __set__(self, instance: Any, value: Any) -> None:
        if not self._writable:
            raise AttributeError(f"the property '{self._name}' of {type(instance).__name__} cannot be written")
        if self._set:
            self._set(instance, value)
        elif not QtCore.QObject.setProperty(instance, self._name, value):
            raise TypeError(f"the property '{self._name}' of {type(instance).__name__} does not take {value!r}")


def native(cls: type) -> type:
    """Class decorator for a stand-in of a C++ class: its objects take no attributes but those it has.

    What the stand-in needs for itself begins with an underscore. Each ``QtCore.Property`` gets its setter method.
    """
    for name, attribute in list(vars(cls).items()):
        if isinstance(attribute, QtCore.Property) and attribute.fset:
            setter = f"set{name[0].upper()}{name[1:]}"
            if not hasattr(cls, setter):
                setattr(cls, setter, lambda self, value, fset=attribute.fset: fset(self, value))
    _stand_ins.add(cls)
    return cls


@contextmanager
def loading() -> Iterator[None]:
    """While PySide6 loads a .ui file it sets the children as attributes of the root, which PythonQt does not."""
    global _is_loading
    _is_loading = True
    try:
        yield
    finally:
        _is_loading = False


def _install() -> ModuleType:
    """Make PySide6's classes behave as PythonQt's and return the flat module ``qt``."""
    _make_singletons_immortal()
    for cls in _qt_classes():
        _adopt(cls)
    QtCore.QObject.name = property(lambda self: self.objectName, lambda self, value: self.setObjectName(value))
    QtCore.QTimer.__dict__["singleShot"].replace_static(_single_shot)
    QtCore.QObject.className = lambda self: self.metaObject().className()
    qt = ModuleType("qt", "Qt as PythonQt shows it: one flat module.")
    qt.__getattr__ = _flat  # type: ignore[method-assign]
    sys.modules["qt"] = qt
    return qt


def _make_singletons_immortal() -> None:
    """PySide6 6.12 hands out None, True and False without counting references, as if every Python were 3.12 or later.

    Python 3.11 would free them sooner or later, and abort.
    """
    if sys.version_info < (3, 12):
        for singleton in (None, True, False, NotImplemented, ...):
            ctypes.c_ssize_t.from_address(id(singleton)).value += 1 << 32


def _single_shot(milliseconds: int, receiver: Any, slot: str | None = None) -> None:
    """QTimer.singleShot, whose timers `stop_single_shots` can find."""
    timer = QtCore.QTimer()
    timer.singleShot = True
    target = _slot_of(receiver, slot) if slot else receiver

    def fire() -> None:
        _single_shots.discard(timer)
        target()

    timer.timeout.connect(fire)
    _single_shots.add(timer)
    timer.start(int(milliseconds))


def stop_single_shots() -> None:
    """What was to be called later is not, as after the end of the application."""
    for timer in _single_shots:
        timer.stop()
    _single_shots.clear()


def _flat(name: str) -> Any:
    for module in _MODULES:
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module 'qt' has no attribute '{name}'")


def _qt_classes() -> Iterator[type]:
    """The classes derived from QObject, bases first."""
    found = {
        cls
        for module in _MODULES
        for cls in (getattr(module, name) for name in dir(module))
        if isinstance(cls, type) and issubclass(cls, QtCore.QObject)
    }
    yield from sorted(found, key=lambda cls: len(cls.__mro__))


def _adopt(cls: type) -> None:
    meta = cls.staticMetaObject
    properties = [(i, meta.property(i)) for i in range(meta.propertyCount())]
    made = {
        prop.name(): _QtProperty(cls, prop.name(), prop.isWritable())
        for index, prop in properties
        if index >= meta.propertyOffset() or prop.name() in cls.__dict__
    }
    for name, descriptor in made.items():
        setattr(cls, name, descriptor)
    if "__setattr__" in cls.__dict__ or cls is QtCore.QObject:
        cls.__setattr__ = _set_attribute
    if "__getattribute__" in cls.__dict__ or cls is QtCore.QObject:
        cls.__getattribute__ = _attribute_getter(cls.__getattribute__)


def _attribute_getter(original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def get(self: Any, name: str) -> Any:
        if name == "connect":
            return lambda *arguments: _call(self, _make_connection, _connect, arguments)
        if name == "disconnect":
            return lambda *arguments: _call(self, _break_connection, _disconnect, arguments)
        try:
            return original(self, name)
        except AttributeError:
            if not name.startswith("_") and name in original(self, "dynamicPropertyNames")():
                return original(self, "property")(name)
            raise

    return get


def _set_attribute(self: Any, name: str, value: Any) -> None:
    cls = type(self)
    attribute = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
    if isinstance(attribute, QtCore.Property):
        _set_own_property(self, name, attribute, value)
    elif hasattr(type(attribute), "__set__"):
        attribute.__set__(self, value)
    elif _takes(cls, name) or isinstance(value, QtCore.SignalInstance):  # a bound signal is kept with its object
        self.__dict__[name] = value
    elif _is_loading:
        pass
    elif name in self.dynamicPropertyNames():
        self.setProperty(name, value)
    else:
        raise AttributeError(f"{cls.__name__} has no property '{name}', and PythonQt lets none be added")


def _set_own_property(self: Any, name: str, attribute: QtCore.Property, value: Any) -> None:
    if attribute.fset is None:
        raise AttributeError(f"the property '{name}' of {type(self).__name__} cannot be written")
    attribute.fset(self, value)


def _takes(cls: type, name: str) -> bool:
    """Whether objects of a class take an attribute of their own: those of classes that are written in Python do."""
    if cls in _stand_ins:
        return name.startswith("_")
    return not cls.__module__.startswith("PySide6")


def _call(sender: Any, ours: Callable[..., bool], theirs: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """PySide6 connects through these methods too, with a sender first or a signal that SIGNAL() has marked with a 2."""
    if isinstance(arguments[0], QtCore.QObject):
        return theirs(*arguments)
    if not isinstance(arguments[0], str) or arguments[0].startswith("2"):
        return theirs(sender, *arguments)
    return ours(sender, *arguments)


def _make_connection(sender: Any, signal: str, receiver: Any, slot: str | None = None) -> bool:
    target = _slot_of(receiver, slot) if slot else receiver
    if not callable(target):
        raise TypeError(f"{signal} of {type(sender).__name__} can be connected to a callable only, not to {target!r}")
    declared = _declared_signal(sender, signal)
    if declared is not None:
        declared.connect(target)
    else:
        _connect(sender, QtCore.SIGNAL(_checked(sender, signal)), target)
    return True


def _break_connection(sender: Any, signal: str, receiver: Any, slot: str | None = None) -> bool:
    target = _slot_of(receiver, slot) if slot else receiver
    declared = _declared_signal(sender, signal)
    if declared is not None:
        return bool(declared.disconnect(target))
    return bool(_disconnect(sender, QtCore.SIGNAL(_checked(sender, signal)), target))


def _declared_signal(sender: Any, signal: str) -> Any:
    """The signal of a stand-in whose C++ signature names types that PySide6 does not know, such as vtkMRMLNode*."""
    wanted = signal.replace(" ", "")
    for cls in type(sender).__mro__:
        attribute = cls.__dict__.get("SIGNALS", {}).get(wanted)
        if attribute:
            return getattr(sender, attribute)
    return None


def _checked(sender: Any, signal: str) -> str:
    normalized = QtCore.QMetaObject.normalizedSignature(signal).data().decode()
    if sender.metaObject().indexOfSignal(normalized) < 0:
        raise AttributeError(f"{type(sender).__name__} has no signal {signal}")
    return normalized


def _slot_of(receiver: Any, slot: str) -> Callable[..., Any]:
    return getattr(receiver, slot.split("(")[0])


#: The flat module; importing this one has made it, and has changed PySide6's classes for the whole process.
qt = _install()
