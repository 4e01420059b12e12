"""The host: Slicer's real scene and logics, and the module in it, without an application around."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any, Self

import slicer
import slicer.util
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from . import parameter_node, scripted_module, ui_files
from .files import IOManager
from .qt_module import qt
from .widgets import qSlicerScriptedLoadableModuleWidget

_LAYER = {
    "slicer.ScriptedLoadableModule": scripted_module,
    "slicer.i18n": scripted_module,
    "slicer.parameterNodeWrapper": parameter_node,
}

#: What the panel computes with.
_LIBRARY = "SuperResolveLib"


class Application:
    """``slicer.app``, as far as the module and ``slicer.util`` ask it.

    Attributes:
        connected: what is called when the application has started.
    """

    def __init__(self, scene: Any, app_logic: Any, settings: Path) -> None:
        self.connected: dict[str, Any] = {}
        self._settings = QSettings(str(settings), QSettings.Format.IniFormat)
        self._io_manager, self._app_logic = IOManager(scene, app_logic), app_logic

    def connect(self, signal: str, slot: Any) -> None:
        self.connected[signal] = slot

    def applicationLogic(self) -> Any:
        return self._app_logic

    def coreIOManager(self) -> IOManager:
        return self._io_manager

    def userSettings(self) -> QSettings:
        """The user's settings, which outlive scenes."""
        return self._settings

    def layoutManager(self) -> None:
        """There are no views."""

    def moduleManager(self) -> Application:
        return self

    def module(self, name: str) -> Any:
        return getattr(slicer.modules, name.lower(), None)

    def topLevelWidgets(self) -> list[Any]:
        return []

    def processEvents(self) -> None:
        """Let Qt do what waits."""
        QApplication.processEvents()


class qSlicerScriptedLoadableModule:
    """The C++ side of a scripted module, which the module's class describes itself to.

    Attributes:
        path: the module's script.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = str(path), path.stem
        self._widget: qSlicerScriptedLoadableModuleWidget | None = None

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget | None:
        return self._widget


class Host:
    """A scene with the module in it; one at a time in a process.

    Args:
        path: the module's script.
        panel_class: gives the class of the module's panel, from the script as it is loaded.
        settings: the file of the user's settings; one that goes with the host unless given.

    Attributes:
        scene: the scene.
        app_logic: the application's logic.
        module: the module in ``slicer.modules``.
        exceptions: what was raised in slots and observers, where nobody could catch it.
    """

    def __init__(self, path: Path, panel_class: Callable[[ModuleType], type], settings: Path | None = None) -> None:
        self.exceptions: list[BaseException] = []
        self._widgets: list[qSlicerScriptedLoadableModuleWidget] = []
        self._excepthook, sys.excepthook = sys.excepthook, self._on_exception
        self._sys_path, self._names = list(sys.path), set(vars(slicer))
        self._library = _loaded_library()
        self._folder = Path(tempfile.mkdtemp(prefix="slicer-host-"))
        self._path, self._panel_class = path, panel_class
        self._settings = settings or self._folder / "settings.ini"
        self.application = _qt_application()
        self._make_scene()
        self._make_slicer()
        self._load()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Any:
        """Show a panel of the module; returns its Python object, entered."""
        widget = qSlicerScriptedLoadableModuleWidget(lambda: self._panel_class(sys.modules[self.module.name]))
        self._widgets.append(widget)
        self.module._widget = self._widgets[0]
        widget.reload()
        self.enter(widget.self())
        widget.show()
        return widget.self()

    def enter(self, panel: Any) -> None:
        panel.parent.isEntered = True
        panel.enter()

    def leave(self, panel: Any) -> None:
        panel.parent.isEntered = False
        panel.exit()

    def close_scene(self) -> None:
        """Close the scene, as *File / Close Scene* does."""
        self.scene.Clear(False)
        self.application.processEvents()

    def close(self) -> None:
        """End the application: panels clean up, and are destroyed while scene and logics are still there."""
        for widget in self._widgets:
            widget.self().cleanup()
            widget.deleteLater()
        self._widgets.clear()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.application.processEvents()
        self.scene.RemoveAllObservers()
        self._forget()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _load(self) -> None:
        """Import the module's script, and make the module's object, as Slicer does when it starts."""
        self.module = qSlicerScriptedLoadableModule(self._path)
        setattr(slicer.modules, self.module.name.lower(), self.module)
        sys.path.insert(0, str(self._path.parent))
        getattr(importlib.import_module(self.module.name), self.module.name)(self.module)

    def _make_scene(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.app_logic = slicer.vtkSlicerApplicationLogic()
        self.app_logic.SetTemporaryPath(str(self._folder))
        self.app_logic.SetHomeDirectory(str(self._folder))
        self.app_logic.SetShareDirectory("share")
        (self._folder / "share" / "ColorFiles").mkdir(parents=True)
        self._cache = slicer.vtkCacheManager()
        self._cache.CreateSentinelFileInDirectory(str(self._folder))
        self._cache.SetRemoteCacheDirectory(str(self._folder))
        self.scene.SetCacheManager(self._cache)
        self.scene.SetRootDirectory(str(self._folder))
        self.scene.RegisterNodeClass(slicer.vtkMRMLCommandLineModuleNode())
        self.app_logic.SetMRMLScene(self.scene)
        self._colors = slicer.vtkSlicerColorLogic()
        self.app_logic.SetColorLogic(self._colors)
        self.app_logic.SetModuleLogic("Colors", self._colors)
        self._colors.SetMRMLApplicationLogic(self.app_logic)
        self._colors.SetMRMLScene(self.scene)
        slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(self.scene)

    def _make_slicer(self) -> None:
        slicer.mrmlScene, slicer.modules = self.scene, ModuleType("slicer.modules")
        slicer.modules.colors = SimpleNamespace(logic=lambda: self._colors)
        slicer.app = Application(self.scene, self.app_logic, self._settings)
        for cls in (qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget):
            setattr(slicer, cls.__name__, cls)
        for name, layer in _LAYER.items():
            sys.modules[name] = layer
            setattr(slicer, name.partition(".")[2], layer)

    def _forget(self) -> None:
        """Take out of the process what this host put there, so that the next one starts afresh."""
        for name in set(vars(slicer)) - self._names:
            delattr(slicer, name)
        folder = str(self._path.parent) + os.sep
        for name, module in list(sys.modules.items()):
            if name in _LAYER or (getattr(module, "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        self._put_library_back()
        sys.path[:] = self._sys_path
        sys.excepthook = self._excepthook

    def _put_library_back(self) -> None:
        """After a reload of the module, which imports the library anew, let others have the one that they imported."""
        if self._library and sys.modules.get(_LIBRARY) is not self._library[_LIBRARY]:
            for name in _loaded_library():
                del sys.modules[name]
            sys.modules.update(self._library)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.exceptions.append(error)
        self._excepthook(kind, error, trace)


def _loaded_library() -> dict[str, ModuleType]:
    """The library's modules that are loaded, by name."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == _LIBRARY}


def _qt_application() -> QApplication:
    application = QApplication.instance() or QApplication(["Slicer"])
    application.setStyle("Fusion")
    application.setFont(QFont("DejaVu Sans", 9))
    application.setQuitOnLastWindowClosed(False)
    return application


assert qt.QUiLoader is ui_files.QUiLoader  # loading a .ui file goes through it
