"""Hands a CLI module's XML to Slicer's own C++ classes.

slicer-core contains Slicer's real parser of execution-model XML, the real node and the real logic that runs CLI
modules, but Python has no class for the ``ModuleDescription`` that they exchange. So the few C++ functions around it
are called by their symbols here, and all that follows (command line, process, progress, cancel, results) is Slicer's.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from pathlib import Path
from typing import Any

import slicer_core

_LIBRARIES = Path(slicer_core.__file__).parent
_PARSER = _LIBRARIES / "third_party.libs" / "libModuleDescriptionParser.so"
_LOGIC = _LIBRARIES / "libvtkSlicerBaseLogic.so"
_NODE = _LIBRARIES / "libMRMLCLI.so"
_SIZE = 1 << 16  # bytes: far more than a ModuleDescription needs
#: Characters and length, capacity, and a count of references that makes every copy a copy of the characters.
_STRING_HEADER = "@QQiI"


class ModuleDescription:
    """A C++ ModuleDescription, parsed from XML, of a script that an interpreter runs.

    Args:
        xml: the XML file's text.
        interpreter: the program that runs the script, Slicer's python-real.
        script: the CLI module's script.

    Raises:
        ValueError: Slicer's parser refuses the XML.
        RuntimeError: this build of slicer-core has other symbols.
    """

    def __init__(self, xml: str, interpreter: str, script: str) -> None:
        self._memory = ctypes.create_string_buffer(_SIZE)
        _call(_PARSER, "_ZN17ModuleDescriptionC1Ev", self._memory)
        parser = ctypes.create_string_buffer(_SIZE)
        parse = "_ZN23ModuleDescriptionParser5ParseERKSsR17ModuleDescription"
        if _call(_PARSER, parse, parser, _String(xml), self._memory) != 0:
            raise ValueError(f"Slicer cannot read the XML of {script}: its parser's message is on the standard error")
        for setter, value in (
            ("_ZN17ModuleDescription7SetTypeERKSs", "CommandLineModule"),
            ("_ZN17ModuleDescription11SetLocationERKSs", interpreter),
            ("_ZN17ModuleDescription9SetTargetERKSs", script),
        ):
            _call(_PARSER, setter, self._memory, _String(value))

    def give_to(self, logic: Any) -> None:
        """Make a vtkSlicerCLIModuleLogic the logic of this module, and let scenes load the module's nodes."""
        address = ctypes.c_void_p(int(logic.__this__.strip("_").split("_")[0], 16))
        setter = "_ZN23vtkSlicerCLIModuleLogic27SetDefaultModuleDescriptionERK17ModuleDescription"
        _call(_LOGIC, setter, address, self._memory)
        register = "_ZN28vtkMRMLCommandLineModuleNode25RegisterModuleDescriptionE17ModuleDescription"
        _call(_NODE, register, self._memory)


class _String:
    """A std::string as the builds of slicer-core know it: a pointer to characters that follow a header."""

    def __init__(self, text: str) -> None:
        characters = text.encode()
        header = struct.pack(_STRING_HEADER, len(characters), len(characters), -1, 0)
        self._memory = ctypes.create_string_buffer(header + characters + b"\0")
        self._pointer = ctypes.c_void_p(ctypes.addressof(self._memory) + len(header))
        self._as_parameter_ = ctypes.byref(self._pointer)


@cache
def _library(path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path))


def _call(library: Path, symbol: str, *arguments: Any) -> int:
    try:
        function = getattr(_library(library), symbol)
    except (OSError, AttributeError):
        raise RuntimeError(
            f"slicer-core has no {symbol}: the tests need the build that pyproject.toml names, on Linux"
        ) from None
    return int(function(*arguments))
