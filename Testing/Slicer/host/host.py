"""The host: an application without the application, around Slicer's real scene and logics."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import slicer
import slicer.util
from PySide6.QtCore import QEvent, QEventLoop, QSettings, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from . import pythonqt, sample_data, ui_loader
from .application import qSlicerApplication
from .dialogs import Dialogs
from .layout import qMRMLPlotWidget, qMRMLSliceWidget, qSlicerLayoutManager
from .main_window import qSlicerMainWindow
from .modules import (
    LOADABLE,
    qSlicerCLIModule,
    qSlicerLoadableModule,
    qSlicerModuleManager,
    qSlicerScriptedLoadableModule,
)
from .processing import Processing
from .pythonqt import qt
from .subject_hierarchy import SubjectHierarchyPlugins

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")
qt.QUiLoader = ui_loader.QUiLoader
sys.modules["ctk"] = ModuleType("ctk", "CTK's widgets")
vars(sys.modules["ctk"]).update(ui_loader.CTK_WIDGETS)

_HERE = Path(__file__).parent
_LAYERS = {(5, 10): [_HERE / "slicer_layer"], (5, 12): [_HERE / "slicer_layer", _HERE / "slicer_layer_5_12"]}
_LAYER_MODULES = ("slicer.cli", "slicer.i18n", "slicer.packaging", "slicer.testing", "slicer.parameterNodeWrapper")


class Host:
    """Plays Slicer for a scripted module and its CLI modules; one at a time in a process.

    Args:
        version: the version of Slicer to play: (5, 12), or (5, 10), which has no ``slicer.packaging``.
        main_window: False plays ``Slicer --no-main-window``.

    Attributes:
        violations: what the real application would have crashed on, or silently done wrong.
        exceptions: what was raised in slots and observers, where nobody could catch it.
        installed: the packages that were asked for.
        entered: the name of the module whose panel is shown.
    """

    def __init__(self, version: tuple[int, int] = (5, 12), main_window: bool = True) -> None:
        self.violations: list[str] = []
        self.exceptions: list[BaseException] = []
        self.installed: list[list[str]] = []
        self.entered: str | None = None
        self._closed = False
        self._loaded: list[qSlicerScriptedLoadableModule] = []
        self._command_lines: list[qSlicerCLIModule] = []
        self._sys_path = list(sys.path)
        self._excepthook, sys.excepthook = sys.excepthook, self._on_exception
        self._folder = Path(tempfile.mkdtemp(prefix="slicer-host-"))
        self.application = _qt_application(self._folder)
        self.dialogs = Dialogs(self.violate)
        self._make_scene()
        self._make_slicer(version)
        self._make_application(version, main_window)

    # Life

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the application: panels clean up, running jobs are killed with their children. Once is enough."""
        if self._closed:
            return
        self._closed = True
        manager = slicer.app.moduleManager()
        for module in self._loaded:
            manager.moduleAboutToBeUnloaded.emit(module.name)
        for module in self._command_lines:
            module.logic().KillProcesses()
        self._processing.close()
        self._plugins.close()
        if self._main_window is not None:
            self._main_window._show_panel(None)
            self._main_window.deleteLater()
        for module in self._loaded:
            for widget in module._widgets:
                widget.deleteLater()
        self._layout_manager._close()
        pythonqt.stop_single_shots()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.dialogs.close()
        self.scene.RemoveAllObservers()
        self._forget()
        shutil.rmtree(self._folder, ignore_errors=True)

    def violate(self, sentence: str) -> None:
        """Note what the real application would not have survived or would have done wrong."""
        if sentence not in self.violations:
            self.violations.append(sentence)

    # What a user does

    def addCommandLineModule(self, script: str | Path) -> qSlicerCLIModule:
        """Let the application find a CLI module: a script beside its XML."""
        module = qSlicerCLIModule(Path(script), sys.executable)
        module.logic().SetMRMLApplicationLogic(self.app_logic)
        module.logic().SetMRMLScene(self.scene)
        self._command_lines.append(module)
        slicer.app.moduleManager()._add(module)
        return module

    def loadModule(self, path: str | Path) -> qSlicerScriptedLoadableModule:
        """Load a scripted module, as the application does when it starts; its panel is built when it is entered."""
        module = qSlicerScriptedLoadableModule(Path(path))
        module._load()
        slicer.app.moduleManager()._add(module)
        self._loaded.append(module)
        slicer.app.startupCompleted.emit()
        return module

    def enterModule(self, name: str) -> Any:
        """Show a module's panel; returns its Python object."""
        if self.entered == name:
            return self.panel(name)
        self.exitModule()
        module = slicer.app.moduleManager().module(name)
        if module is None:
            raise RuntimeError(f"there is no module {name}")
        self.entered = name
        widget = module.widgetRepresentation()
        if widget is None:
            return None
        if self._main_window is not None:
            self._main_window._show_panel(widget, module.title)
            self._main_window.show()
        widget.enter()
        self.processEvents()
        return widget.self()

    def exitModule(self) -> None:
        """Leave the module whose panel is shown, as when the user selects another one."""
        if self.entered is None:
            return
        module = slicer.app.moduleManager().module(self.entered)
        self.entered = None
        widget = module.widgetRepresentation()
        if widget is not None:
            widget.exit()
            if self._main_window is not None:
                self._main_window._show_panel(None)

    def panel(self, name: str) -> Any:
        """The Python object of a module's panel."""
        return slicer.app.moduleManager().module(name).widgetRepresentation().self()

    def reloadModule(self, name: str) -> Any:
        """Reload a module's source, as the developer's button does; returns the new panel."""
        slicer.util.reloadScriptedModule(name)
        return self.panel(name)

    def pressSampleButton(self, name: str) -> Any:
        """Press a data set's button in the module *Sample Data*; returns what its function returned."""
        return sample_data.press(name)

    def closeScene(self) -> None:
        """Close the scene, as *File / Close Scene* does."""
        self.scene.Clear(False)
        self.processEvents()

    def processEvents(self) -> None:
        """Let Qt and the processing do what waits."""
        self.application.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def wait(self, seconds: float) -> None:
        """Let the application live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()

    def waitUntil(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Let the application live until a condition holds.

        Raises:
            TimeoutError: it does not hold after so many seconds.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s: {condition}")
            self.wait(0.02)

    def waitForJobs(self, seconds: float = 60.0) -> None:
        """Let the application live until no CLI module runs and all results are read."""
        self.waitUntil(lambda: not self._processing.busy_jobs(), seconds)
        self._processing.drain()
        self.processEvents()

    # What a user sees

    @property
    def mainWindow(self) -> qSlicerMainWindow:
        """The main window: the panel, and the views of the layout."""
        return self._main_window

    @property
    def messages(self) -> list[Any]:
        """The message boxes so far."""
        return self.dialogs.messages

    @property
    def answers(self) -> list[Any]:
        """What the user answers to the next dialogs, in order: buttons of qt.QMessageBox, or texts."""
        return self.dialogs.answers

    def screenshot(self, path: str | Path, whole: bool = False) -> None:
        """Save a picture of the panel that is shown, or of the whole window."""
        self.processEvents()
        widget = self._main_window if whole else slicer.app.moduleManager().module(self.entered).widgetRepresentation()
        picture = widget.grab()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not picture.save(str(path)):
            raise OSError(f"the screenshot cannot be written: {path}")

    # How it is made

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
        self.scene.AddNewNodeByClass("vtkMRMLCrosshairNode", "default").SetCrosshairName("default")
        self.app_logic.SetMRMLScene(self.scene)

    def _make_slicer(self, version: tuple[int, int]) -> None:
        """Give the module slicer what the application and PythonQt add to it."""
        self._slicer_path, self._slicer_names = list(slicer.__path__), set(vars(slicer))
        slicer.__path__ = [*map(str, _LAYERS[version]), *self._slicer_path]
        slicer.mrmlScene = self.scene
        for name in ("modules", "moduleNames"):
            setattr(slicer, name, ModuleType(f"slicer.{name}"))
            sys.modules[f"slicer.{name}"] = getattr(slicer, name)
        for cls in (
            *ui_loader.SLICER_WIDGETS.values(),
            qMRMLPlotWidget,
            qMRMLSliceWidget,
            qSlicerApplication,
            qSlicerCLIModule,
            qSlicerLoadableModule,
            qSlicerMainWindow,
            qSlicerModuleManager,
            qSlicerScriptedLoadableModule,
        ):
            setattr(slicer, cls.__name__, cls)
        importlib.import_module("slicer.cli")
        self._pip_install = slicer.util.pip_install
        if version < (5, 12):
            slicer.util.pip_install = lambda requirements, **_: self.installed.append(requirements)

    def _make_application(self, version: tuple[int, int], main_window: bool) -> None:
        slicer.app = qSlicerApplication(self, self.scene, self.app_logic, version, self._folder)
        self._plugins = SubjectHierarchyPlugins(self.scene)
        for name, cls in LOADABLE.items():
            logic = cls()
            if name == "Colors":
                self.app_logic.SetColorLogic(logic)
            logic.SetMRMLApplicationLogic(self.app_logic)
            logic.SetMRMLScene(self.scene)
            self.app_logic.SetModuleLogic(name, logic)
            slicer.app.moduleManager()._add(qSlicerLoadableModule(name, logic))
        slicer.app.moduleManager()._add(qSlicerLoadableModule("SampleData", None, sample_data.__file__))
        sample_data.module()
        self._processing = Processing(self.app_logic, self.scene, self.violate)
        self._layout_manager = qSlicerLayoutManager(self.scene, self.app_logic)
        slicer.app._layout_manager = self._layout_manager if main_window else None
        self._main_window = qSlicerMainWindow(self, self._layout_manager) if main_window else None

    def _forget(self) -> None:
        """Take out of the process what this host put there, so that the next one starts afresh."""
        for name in set(vars(slicer)) - self._slicer_names:
            delattr(slicer, name)
        slicer.__path__ = self._slicer_path
        slicer.util.pip_install = self._pip_install
        folders = {os.path.dirname(module.path) for module in self._loaded}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            of_panel = any(file.startswith(folder + os.sep) for folder in folders)
            if of_panel or name.startswith(_LAYER_MODULES) or name in ("slicer.ScriptedLoadableModule", "SampleData"):
                del sys.modules[name]
        sys.path[:] = self._sys_path
        sys.excepthook = self._excepthook

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.exceptions.append(error)
        self._excepthook(kind, error, trace)


def _qt_application(folder: Path) -> QApplication:
    application = QApplication.instance() or QApplication(["Slicer"])
    application.setOrganizationName("NA-MIC")
    application.setApplicationName("Slicer")
    application.setStyle("Fusion")
    application.setFont(QFont("DejaVu Sans", 9))
    application.setQuitOnLastWindowClosed(False)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    return application
