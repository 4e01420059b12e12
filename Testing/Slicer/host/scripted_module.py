"""Slicer's base classes of scripted modules, as far as the module stands on them, and its functions of translation."""

from __future__ import annotations

import logging
import unittest
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtGui import QIcon


class ScriptedLoadableModule:
    """Describes a module to the application through its parent, a qSlicerScriptedLoadableModule."""

    def __init__(self, parent: Any) -> None:
        self.parent, self.moduleName = parent, type(self).__name__
        parent.icon = QIcon(self.resourcePath(f"Icons/{self.moduleName}.png"))

    def resourcePath(self, filename: str) -> str:
        return str(Path(self.parent.path).parent / "Resources" / filename)


class ScriptedLoadableModuleWidget:
    """A module's panel, whose C++ side, the parent, is there before."""

    def __init__(self, parent: Any = None) -> None:
        self.parent, self.layout = parent, parent.layout()
        self.moduleName = type(self).__name__.removesuffix("Widget")

    def resourcePath(self, filename: str) -> str:
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Build what is for developers, of which there is nothing here."""

    def onReload(self) -> None:
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """What a module does, apart from its panel."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> slicer.vtkMRMLScriptedModuleNode:
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        return node or slicer.mrmlScene.AddNode(self.createParameterNode())

    def createParameterNode(self) -> slicer.vtkMRMLScriptedModuleNode:
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's test case."""

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        logging.info(message)

    def runTest(self) -> None:
        """Run the test, which a module defines."""


def tr(text: str) -> str:
    return text


def translate(context: str, text: str) -> str:
    return text
