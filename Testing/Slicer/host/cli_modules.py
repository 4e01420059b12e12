"""Slicer's own running of CLI modules: its parser, node, logic and processing thread, put together without Slicer.

slicer-core contains all of these, but Python has no class for the ``ModuleDescription`` that they exchange. So the few
C++ functions around it are called by their symbols here; what follows (command line, process, progress, cancelling,
reading results) is Slicer's own.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer
import slicer_core
from PySide6.QtCore import QTimer

_LIBRARIES = Path(slicer_core.__file__).parent
_PARSER = _LIBRARIES / "third_party.libs" / "libModuleDescriptionParser.so"
_LOGIC = _LIBRARIES / "libvtkSlicerBaseLogic.so"
_NODE = _LIBRARIES / "libMRMLCLI.so"
_SIZE = 1 << 16  # bytes: far more than a ModuleDescription needs
_INTERVAL = 20  # ms between looks at what the processing thread has left; Slicer looks 5 times a second
#: As in Slicer's module, which the test of the stand-ins compares.
__all__ = ["CliModules", "createNode", "run", "runSync"]


class CliModules:
    """CLI modules in ``slicer.modules``, and ``slicer.cli`` to run them.

    Args:
        app_logic: the application's logic, in whose thread they run.
        scene: the scene.
    """

    def __init__(self, app_logic: Any, scene: Any) -> None:
        self._app_logic, self._scene = app_logic, scene
        self._logics: list[Any] = []
        self._descriptions: list[Any] = []
        slicer.cli = ModuleType("slicer.cli")
        slicer.cli.createNode, slicer.cli.run, slicer.cli.runSync = createNode, run, runSync
        self._timer = QTimer()
        self._timer.timeout.connect(self.process)
        app_logic.CreateProcessingThread()
        self._timer.start(_INTERVAL)

    def add(self, script: Path) -> None:
        description = _description(script)
        logic = slicer.vtkSlicerCLIModuleLogic()
        address = ctypes.c_void_p(int(logic.__this__.strip("_").split("_")[0], 16))
        setter = "_ZN23vtkSlicerCLIModuleLogic27SetDefaultModuleDescriptionERK17ModuleDescription"
        _call(_LOGIC, setter, address, description)
        _call(_NODE, "_ZN28vtkMRMLCommandLineModuleNode25RegisterModuleDescriptionE17ModuleDescription", description)
        logic.SetMRMLApplicationLogic(self._app_logic)
        logic.SetMRMLScene(self._scene)
        module = ModuleType(script.stem)
        module.logic = lambda: logic
        setattr(slicer.modules, script.stem.lower(), module)
        self._logics.append(logic)
        self._descriptions.append(description)

    def process(self) -> None:
        self._app_logic.ProcessModified()
        self._app_logic.ProcessReadData()
        self._app_logic.ProcessWriteData()

    def close(self) -> None:
        """End the thread; what still runs is killed."""
        self._timer.stop()
        for logic in self._logics:
            logic.KillProcesses()
        self._app_logic.TerminateProcessingThread()


def createNode(cliModule: Any, parameters: dict[str, Any] | None = None) -> Any:
    node = cliModule.logic().CreateNodeInScene()
    for name, value in (parameters or {}).items():
        setter = {str: "String", bool: "Bool", int: "Int", float: "Double"}.get(type(value), "Node")
        getattr(node, f"SetParameterAs{setter}")(name, value)
    return node


def run(
    module: Any,
    node: Any = None,
    parameters: dict[str, Any] | None = None,
    wait_for_completion: bool = False,
    delete_temporary_files: bool = True,
    update_display: bool = True,
    hide_window: bool = True,
) -> Any:
    node = node or createNode(module, parameters)
    apply = module.logic().ApplyAndWait if wait_for_completion else module.logic().Apply
    apply(node, update_display)
    return node


def runSync(
    module: Any,
    node: Any = None,
    parameters: dict[str, Any] | None = None,
    delete_temporary_files: bool = True,
    update_display: bool = True,
    hide_window: bool = True,
) -> Any:
    return run(module, node, parameters, True, delete_temporary_files, update_display, hide_window)


def _description(script: Path) -> Any:
    """A C++ ModuleDescription of a script that this Python runs, parsed from the XML beside it.

    Raises:
        ValueError: Slicer's parser refuses the XML.
    """
    memory, parser = ctypes.create_string_buffer(_SIZE), ctypes.create_string_buffer(_SIZE)
    _call(_PARSER, "_ZN17ModuleDescriptionC1Ev", memory)
    xml = _String(script.with_suffix(".xml").read_text(encoding="utf-8"))
    if _call(_PARSER, "_ZN23ModuleDescriptionParser5ParseERKSsR17ModuleDescription", parser, xml, memory):
        raise ValueError(f"Slicer cannot read the XML of {script}: its parser's message is on the standard error")
    for setter, value in (
        ("_ZN17ModuleDescription7SetTypeERKSs", "CommandLineModule"),
        ("_ZN17ModuleDescription11SetLocationERKSs", sys.executable),
        ("_ZN17ModuleDescription9SetTargetERKSs", str(script)),
    ):
        _call(_PARSER, setter, memory, _String(value))
    return memory


class _String:
    """A std::string as the builds of slicer-core know it: a pointer to characters that follow a header.

    The header holds length, capacity, and a count of references that makes every copy a copy of the characters.
    """

    def __init__(self, text: str) -> None:
        characters = text.encode()
        header = struct.pack("@QQiI", len(characters), len(characters), -1, 0)
        self._memory = ctypes.create_string_buffer(header + characters + b"\0")
        self._pointer = ctypes.c_void_p(ctypes.addressof(self._memory) + len(header))
        self._as_parameter_ = ctypes.byref(self._pointer)


def _call(library: Path, symbol: str, *arguments: Any) -> int:
    try:
        function = getattr(ctypes.CDLL(str(library)), symbol)
    except (OSError, AttributeError):
        raise RuntimeError(
            f"slicer-core has no {symbol}: the tests need the build that pyproject.toml names, on Linux"
        ) from None
    return int(function(*arguments))
