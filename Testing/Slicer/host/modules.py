"""The objects in ``slicer.modules``: Slicer's own modules, the CLI modules and the scripted module under test."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtGui import QIcon

from .module_description import ModuleDescription
from .pythonqt import native
from .widgets.mrml import qSlicerScriptedLoadableModuleWidget
from .widgets.stored import stored

#: Slicer's own modules whose logics the host runs, by name.
LOADABLE = {
    "Annotations": slicer.vtkSlicerAnnotationModuleLogic,
    "Cameras": slicer.vtkSlicerCamerasModuleLogic,
    "Colors": slicer.vtkSlicerColorLogic,
    "Markups": slicer.vtkSlicerMarkupsLogic,
    "Models": slicer.vtkSlicerModelsLogic,
    "Plots": slicer.vtkSlicerPlotsLogic,
    "Segmentations": slicer.vtkSlicerSegmentationsModuleLogic,
    "SubjectHierarchy": slicer.vtkSlicerSubjectHierarchyModuleLogic,
    "Tables": slicer.vtkSlicerTablesLogic,
    "Texts": slicer.vtkSlicerTextsLogic,
    "Transforms": slicer.vtkSlicerTransformLogic,
    "Units": slicer.vtkSlicerUnitsLogic,
    "Volumes": slicer.vtkSlicerVolumesLogic,
}


@native
class qSlicerLoadableModule(QObject):
    """One of Slicer's own modules: its logic is the real one, its panel is not there."""

    def __init__(self, name: str, logic: Any, path: str = "") -> None:
        super().__init__()
        self._name, self._logic, self._path = name, logic, path

    name = Property(str, lambda self: self._name)
    title = Property(str, lambda self: self._name)
    path = Property(str, lambda self: self._path)

    def logic(self) -> Any:
        """The module's logic."""
        return self._logic

    def widgetRepresentation(self) -> None:
        """The module's panel, which the host does not have."""
        return None


@native
class qSlicerCLIModule(QObject):
    """A command-line module: a script with its XML, run by Slicer's real logic.

    Args:
        script: the script; the XML of the same name lies beside it.
        interpreter: the Python that runs it.

    Raises:
        ValueError: a file is missing, Slicer would not take the script for a CLI module, or cannot read its XML.
    """

    def __init__(self, script: Path, interpreter: str) -> None:
        super().__init__()
        xml = script.with_suffix(".xml")
        if not script.is_file() or not xml.is_file():
            raise ValueError(f"a CLI module is a script with an XML file of the same name beside it: {script}")
        if not script.read_text(encoding="utf-8").startswith("#!"):
            raise ValueError(f"Slicer takes a .py file for a CLI module only if it starts with #!: {script}")
        self._path = str(script)
        self._description = ModuleDescription(xml.read_text(encoding="utf-8"), interpreter, self._path)
        self._logic = slicer.vtkSlicerCLIModuleLogic()
        self._description.give_to(self._logic)

    name = Property(str, lambda self: Path(self._path).stem)
    title = Property(str, lambda self: self._logic.CreateNode().GetModuleTitle())
    path = Property(str, lambda self: self._path)

    def logic(self) -> Any:
        """The module's logic, a vtkSlicerCLIModuleLogic."""
        return self._logic

    def cliModuleLogic(self) -> Any:
        """The module's logic, a vtkSlicerCLIModuleLogic."""
        return self._logic


@native
class qSlicerScriptedLoadableModule(QObject):
    """The C++ side of a scripted module, which the module's class describes itself to.

    Args:
        path: the module's script.
    """

    title = stored(str, "")
    categories = stored("QStringList", [])
    contributors = stored("QStringList", [])
    dependencies = stored("QStringList", [])
    associatedNodeTypes = stored("QStringList", [])
    helpText = stored(str, "")
    acknowledgementText = stored(str, "")
    icon = stored(QIcon, QIcon())
    hidden = stored(bool, False)
    index = stored(int, -1)
    widgetRepresentationCreationEnabled = stored(bool, True)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = str(path)
        self._widget: qSlicerScriptedLoadableModuleWidget | None = None
        self._widgets: list[qSlicerScriptedLoadableModuleWidget] = []
        self._logic = slicer.vtkSlicerScriptedLoadableModuleLogic()

    name = Property(str, lambda self: Path(self._path).stem)
    path = Property(str, lambda self: self._path)

    def logic(self) -> Any:
        """The module's C++ logic; the one that modules write is in their panel."""
        return self._logic

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        """The module's panel, built when it is first asked for."""
        if self._widget is None:
            self._widget = self.createNewWidgetRepresentation()
        return self._widget

    def createNewWidgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        """Another panel of the module."""
        widget = qSlicerScriptedLoadableModuleWidget(self)
        self._widgets.append(widget)
        widget._create()
        widget._setup()
        widget.setMRMLScene(slicer.mrmlScene)
        return widget

    def _widget_class(self) -> type:
        return getattr(sys.modules[self.name], f"{self.name}Widget")

    def _load(self) -> None:
        """Import the script and make the module's object."""
        folder = os.path.dirname(self._path)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        spec = importlib.util.spec_from_file_location(self.name, self._path)
        sys.modules[self.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[self.name])
        module = getattr(sys.modules[self.name], self.name)(self)
        setattr(slicer.modules, f"{self.name}Instance", module)
        if hasattr(module, "setup"):
            module.setup()


@native
class qSlicerModuleManager(QObject):
    """Knows the modules by name."""

    moduleAboutToBeUnloaded = Signal(str)
    moduleLoaded = Signal(str)
    moduleUnloaded = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._modules: dict[str, QObject] = {}

    def module(self, name: str) -> QObject | None:
        """The module of a name."""
        return self._modules.get(name)

    def modulesNames(self) -> list[str]:
        """The names of all modules."""
        return list(self._modules)

    def factoryManager(self) -> qSlicerModuleManager:
        """Who loads modules: here the manager itself."""
        return self

    def loadedModuleNames(self) -> list[str]:
        """The names of all modules."""
        return list(self._modules)

    def isLoaded(self, name: str) -> bool:
        """Whether there is a module of a name."""
        return name in self._modules

    def _add(self, module: Any) -> None:
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)
        setattr(slicer.moduleNames, module.name, module.name)
        self.moduleLoaded.emit(module.name)
