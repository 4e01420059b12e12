"""A small scripted module, by which the host itself is tested."""

import enum
from typing import Annotated

import qt
import slicer
import slicer.cli
import slicer.util
import vtk
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Toy(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Toy")
        parent.categories = ["Testing"]
        parent.contributors = ["Nobody"]


class Speed(enum.Enum):
    SLOW = "slow"
    FAST = "fast"

    def label(self):
        return self.value.title()


@parameterNodeWrapper
class ToyParameterNode:
    inputVolume: slicer.vtkMRMLScalarVolumeNode
    outputVolume: slicer.vtkMRMLScalarVolumeNode | None
    factor: Annotated[float, WithinRange(0, 10), Default(2.0)]
    rounds: Annotated[int, WithinRange(1, 9)] = 3
    speed: Speed = Speed.FAST
    device: Annotated[str, Choice(["auto", "cpu"])] = "auto"
    invert: bool = False
    note: str = ""


class ToyWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.calls = []

    def setup(self):
        super().setup()
        panel = slicer.util.loadUI(self.resourcePath("UI/Toy.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.logic = ToyLogic()
        self.node = None
        self.guiTag = None
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onEndImport)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.initialize()

    def initialize(self):
        self.node = ToyParameterNode(self.logic.getParameterNode())
        self.guiTag = self.node.connectGui(self.ui)

    def release(self):
        if self.node is not None:
            self.node.disconnectGui(self.guiTag)
            self.node = None

    def enter(self):
        self.calls.append("enter")
        if self.node is None:
            self.initialize()

    def exit(self):
        self.calls.append("exit")
        self.release()

    def cleanup(self):
        self.calls.append("cleanup")
        self.release()
        self.removeObservers()

    def onStartClose(self, caller, event):
        self.calls.append("startClose")
        self.release()

    def onEndClose(self, caller, event):
        self.calls.append("endClose")
        if self.parent.isEntered:
            self.initialize()

    def onEndImport(self, caller, event):
        if self.parent.isEntered:
            self.release()
            self.initialize()

    def onApply(self):
        with slicer.util.tryWithErrorDisplay("Toy failed."):
            node = self.node
            self.job = self.logic.scale(node.inputVolume, node.outputVolume, node.factor, node.rounds)
            self.ui.progressBar.setCommandLineModuleNode(self.job)
            self.addObserver(self.job, slicer.vtkMRMLCommandLineModuleNode.StatusModifiedEvent, self.onStatus)

    def onStatus(self, caller, event):
        self.ui.statusLabel.text = caller.GetStatusString()


class ToyLogic(ScriptedLoadableModuleLogic):
    def scale(self, volume, output, factor, rounds=1, wait=False):
        if volume is None:
            raise ValueError("Select a volume.")
        parameters = {"inputVolume": volume, "outputVolume": output, "factor": float(factor), "rounds": int(rounds)}
        parameters = {name: value for name, value in parameters.items() if value is not None}
        return slicer.cli.run(slicer.modules.scale, None, parameters, wait_for_completion=wait, update_display=False)


class ToyTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear(0)

    def test_Nothing(self):
        self.delayDisplay("Nothing")
        self.assertIsInstance(qt.QLabel("x"), qt.QWidget)
        self.assertTrue(vtk.vtkVersion().GetVTKVersion())
