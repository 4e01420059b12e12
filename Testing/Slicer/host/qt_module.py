"""The flat module ``qt`` that Slicer has, over PySide6.

The panel uses widgets only in ways that PythonQt and PySide6 have in common: it calls setters, connects signals by
attribute and reads with ``property()``. So nothing of PythonQt has to be imitated but the module's shape.
"""

from __future__ import annotations

import ctypes
import os
import sys
from types import ModuleType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

from PySide6 import QtCore, QtGui, QtWidgets


def make_singletons_immortal() -> None:
    """PySide6 6.12 hands out None, True and False without counting references, as if every Python were 3.12 or later.

    Python 3.11 would free them sooner or later, and abort.
    """
    if sys.version_info < (3, 12):
        for singleton in (None, True, False, NotImplemented, ...):
            ctypes.c_ssize_t.from_address(id(singleton)).value += 1 << 32


def flat_module() -> ModuleType:
    """Qt's classes in one module."""

    def find(name: str) -> Any:
        for module in (QtCore, QtGui, QtWidgets):
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module 'qt' has no attribute {name!r}")

    qt = ModuleType("qt", "Qt's classes in one module.")
    qt.__getattr__ = find  # type: ignore[method-assign]
    return qt


make_singletons_immortal()
QtCore.QObject.name = property(lambda self: self.objectName())  # as slicer.util looks for an object's name
qt = sys.modules["qt"] = flat_module()
