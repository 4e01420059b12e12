"""``slicer.app``: what panels ask of the application object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Property, QObject, QSettings, Signal
from PySide6.QtWidgets import QApplication

from .io_manager import IOManager
from .modules import qSlicerModuleManager
from .pythonqt import native

DOCUMENTATION = "https://slicer.readthedocs.io/en/{version}/"


class CommandOptions:
    """What the application was started with."""

    noMainWindow = False
    testingEnabled = False
    runPythonAndExit = False


@native
class qSlicerApplication(QObject):
    """The application object; what it does not have itself is QApplication's.

    Args:
        host: the host.
        scene: the scene.
        app_logic: the application's logic.
        version: the version of Slicer that is played, such as (5, 12).
        temporary_path: the folder for temporary files.
    """

    SIGNALS = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}
    startupCompleted = Signal()
    mrmlSceneChanged = Signal(object)
    lastWindowClosed = Signal()

    def __init__(self, host: Any, scene: Any, app_logic: Any, version: tuple[int, int], temporary_path: Path) -> None:
        super().__init__()
        self._host, self._scene, self._app_logic, self._version = host, scene, app_logic, version
        self._temporary_path = str(temporary_path)
        self._options, self._module_manager = CommandOptions(), qSlicerModuleManager()
        self._io_manager = IOManager(scene, app_logic)
        self._layout_manager: Any = None
        self._exit_code: int | None = None

    temporaryPath = Property(str, lambda self: self._temporary_path)
    cachePath = Property(str, lambda self: self._temporary_path)
    slicerHome = Property(str, lambda self: self._temporary_path)
    documentationBaseUrl = Property(str, lambda self: DOCUMENTATION.format(version=self._documentation_version()))
    majorVersion = Property(int, lambda self: self._version[0])
    minorVersion = Property(int, lambda self: self._version[1])
    applicationName = Property(str, lambda self: "Slicer")
    applicationVersion = Property(str, lambda self: f"{self._version[0]}.{self._version[1]}.0")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(QApplication.instance(), name)

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def applicationLogic(self) -> Any:
        """The application's logic."""
        return self._app_logic

    def layoutManager(self) -> Any:
        """The layout manager; None without a main window."""
        return self._layout_manager

    def moduleManager(self) -> qSlicerModuleManager:
        """The module manager."""
        return self._module_manager

    def moduleLogic(self, name: str) -> Any:
        """The logic of a module."""
        module = self._module_manager.module(name)
        return module.logic() if module else None

    def coreIOManager(self) -> IOManager:
        """Who reads and writes files."""
        return self._io_manager

    def ioManager(self) -> IOManager:
        """Who reads and writes files."""
        return self._io_manager

    def commandOptions(self) -> CommandOptions:
        """What the application was started with."""
        return self._options

    def testingEnabled(self) -> bool:
        """Whether the application was started for its tests."""
        return self._options.testingEnabled

    def settings(self) -> QSettings:
        """The application's settings."""
        return QSettings()

    def userSettings(self) -> QSettings:
        """The user's settings."""
        return QSettings()

    def translate(self, context: str, text: str) -> str:
        """The text in the application's language, which is English here."""
        if not isinstance(context, str) or not isinstance(text, str):
            raise TypeError(f"translate takes two texts, not {context!r} and {text!r}")
        return text

    def moduleDocumentationUrl(self, name: str) -> str:
        """The page of one of Slicer's own modules."""
        return f"{DOCUMENTATION.format(version=self._documentation_version())}user_guide/modules/{name.lower()}.html"

    def processEvents(self) -> None:
        """Let Qt do what waits."""
        QApplication.processEvents()

    def pauseRender(self) -> None:
        """Hold back the views."""

    def resumeRender(self) -> None:
        """Let the views go on."""

    def setRenderPaused(self, paused: bool) -> None:
        """Hold back the views, or let them go on."""

    def exit(self, status: int = 0) -> None:
        """End the application: the host only notes the status."""
        self._exit_code = status

    def quit(self) -> None:
        """End the application: the host only notes that."""
        self.exit(0)

    def restart(self) -> None:
        """Start the application anew, which the host cannot."""
        self._host.violate("the application was asked to restart")

    def _documentation_version(self) -> str:
        return f"v{self._version[0]}.{self._version[1]}"
