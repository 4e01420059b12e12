"""Super-resolving a scan."""

from __future__ import annotations

import os

import slicer
from slicer.i18n import tr as _

from .. import measurements, profileTable, resultVolumes
from ..automaticChoice import automaticNeedsTorch
from ..cliRun import CliCall, CliRun, returnedNumber, returnedWarnings
from ..methodChoices import AUTO, superResolutionChoices
from ..modelDescription import describeModel
from ..nodes import moveVolume, newNode
from ..scans import markMap
from ..scratch import holdsData
from .estimation import finishProfile
from .task import Settings, Task, checkKind


class SuperResolutionTask(Task):
    """Super-resolve a scan into a volume node.

    The profile is that of a table node, or estimated on the way. Where asked, the result's uncertainty is mapped too.
    """

    kind = "superResolve"
    cliModule = "SuperResolve"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        outputNode: slicer.vtkMRMLScalarVolumeNode | None,
        settings: Settings,
        uncertainty: bool = False,
    ) -> None:
        super().__init__(volumeNode, settings)
        checkKind(profileNode, "vtkMRMLTableNode", _("the slice profile"))
        checkKind(outputNode, "vtkMRMLScalarVolumeNode", _("the output"))
        if outputNode is not None and outputNode is volumeNode:
            raise ValueError(_("The result cannot replace the scan itself: choose another output volume."))
        self.estimates = profileNode is None
        self.profileNode = profileNode or profileTable.profileOfScan(self.volumeNode)
        self.outputNode = outputNode
        self.residualNode = resultVolumes.residualOfResult(outputNode) if outputNode else None
        self.uncertainty = uncertainty
        self._takeModel()
        self.uncertaintyNode = resultVolumes.uncertaintyOfResult(outputNode) if outputNode else None
        if volumeNode in (self.residualNode, self.uncertaintyNode):
            raise ValueError(_("The scan belongs to the result that would be changed: choose another output volume."))

    def _takeModel(self) -> None:
        """Pass a model on by its path as text; where there is none, nothing of it."""
        model = self.settings.pop("model", None)
        if model is not None:
            self.settings["model"] = os.fspath(model)

    @property
    def needsTorch(self) -> bool:
        if "model" in self.settings:
            return True
        if self.settings.get("method", AUTO) == AUTO:
            profileNode = None if self.estimates else self.profileNode
            asked = {name: self.settings[name] for name in ("axis", "device") if name in self.settings}
            return automaticNeedsTorch(self.volumeNode, profileNode, self.uncertainty, **asked)
        return superResolutionChoices().needsTorch(self.settings["method"], self.settings.get("preset"))

    @property
    def nodes(self) -> list[slicer.vtkMRMLNode]:
        return [*super().nodes, *([self.profileNode] if self.profileNode else [])]

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        profileNode = self.profileNode if self.estimates else None
        changed = (self.outputNode, self.residualNode, self.uncertaintyNode, profileNode)
        return [node for node in changed if node]

    def check(self) -> None:
        self.checkScan()
        if "model" in self.settings:
            refusal = describeModel(self.settings["model"]).refusal
            if refusal:
                raise ValueError(refusal)
            if self.uncertainty:
                raise ValueError(_("A model cannot tell how far its result may be off: leave out the uncertainty."))
        if not self.estimates:
            profileTable.profileFromTable(self.profileNode)  # raises what is wrong with it

    def call(self) -> CliCall:
        self._result, self._residual = (self.scratch.addOutput("vtkMRMLScalarVolumeNode") for _output in range(2))
        outputs = {"outputVolume": self._result, "residualVolume": self._residual}
        inputs = {}
        if self.estimates:
            self._table = outputs["usedProfileTable"] = self.scratch.addOutput("vtkMRMLTableNode")
        else:
            inputs["profileTable"] = self.scratch.addTable(profileTable.textColumns(self.profileNode))
        if self.uncertainty:
            self._uncertainty = outputs["uncertaintyVolume"] = self.scratch.addOutput("vtkMRMLScalarVolumeNode")
        return CliCall(self.cliModule, self.parameters(**inputs, **outputs), list(outputs.values()))

    def finish(self, run: CliRun) -> slicer.vtkMRMLScalarVolumeNode:
        if not all(holdsData(node) for node in self.scratch.nodes):
            raise ValueError(_("The run gave no volume back; the application's log may tell why."))
        name = self.volumeNode.GetName()
        self.outputNode = self.outputNode or newNode("vtkMRMLScalarVolumeNode", _("{scan} super-resolved"), name)
        self.residualNode = self.residualNode or newNode("vtkMRMLScalarVolumeNode", _("{scan} residual"), name)
        moveVolume(self._result, self.outputNode)
        moveVolume(self._residual, self.residualNode)
        markMap(self.residualNode, "residual")
        if self.estimates:
            self.profileNode = finishProfile(
                self._table, self.profileNode, self.volumeNode, run, returnedWarnings(run, "profileWarnings")
            )
        for node in (self.outputNode, self.residualNode):
            resultVolumes.joinScan(node, self.volumeNode)
        resultVolumes.displayLike(self.outputNode, self.volumeNode)
        resultVolumes.displayResidual(self.residualNode, returnedNumber(run, "noise"))
        rmse = returnedNumber(run, "dataConsistencyRmse")
        nodes = (self.outputNode, self.profileNode, self.residualNode)
        resultVolumes.remember(*nodes, rmse, run.returned("choice"), returnedWarnings(run))
        self._finishUncertainty()
        measurements.record(self.outputNode, None)
        return self.outputNode

    def _finishUncertainty(self) -> None:
        """Bring the map to its node; without one, that of an earlier result goes, as it is of no volume any more."""
        if not self.uncertainty:
            if self.uncertaintyNode:
                slicer.mrmlScene.RemoveNode(self.uncertaintyNode)
            self.uncertaintyNode = None
        else:
            self.uncertaintyNode = self.uncertaintyNode or newNode(
                "vtkMRMLScalarVolumeNode", _("{scan} uncertainty"), self.volumeNode.GetName()
            )
            moveVolume(self._uncertainty, self.uncertaintyNode)
            markMap(self.uncertaintyNode, "uncertainty")
            resultVolumes.joinScan(self.uncertaintyNode, self.volumeNode)
            resultVolumes.displayUncertainty(self.uncertaintyNode)
        resultVolumes.rememberUncertainty(self.outputNode, self.uncertaintyNode)
