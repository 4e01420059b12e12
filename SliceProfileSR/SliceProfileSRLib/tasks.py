"""What the extension does to nodes, each as a task: which CLI module runs, with what, and what becomes of its results.

A CLI module writes into hidden nodes; the user's nodes are made or changed by :meth:`Task.finish` alone, so that a
cancelled or failed run leaves nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from . import measurements, profileChart, profileTable, resultVolumes
from .profileTable import ProfileFacts
from .scanDescription import ScanDescription, describeScan
from .scratch import Scratch, moveVolume
from .volumes import volumeFromNode

Settings = Mapping[str, Any]


class Task(ABC):
    """One run of a CLI module on a volume.

    Attributes:
        kind: "estimate", "superResolve" or "measure".
        volumeNode: the volume that it is about.
        settings: values by the names of the CLI module's XML; what is left out takes the XML's default.
        scratch: the hidden nodes of the run.
    """

    kind = ""
    cliModuleName = ""

    def __init__(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, settings: Settings) -> None:
        if volumeNode is None:
            raise ValueError(_("No volume is selected: select one."))
        self.volumeNode = volumeNode
        self.settings = dict(settings)
        self.scratch = Scratch()

    @property
    @abstractmethod
    def needsTorch(self) -> bool:
        """Whether the run needs PyTorch."""

    @property
    def nodes(self) -> list[slicer.vtkMRMLNode]:
        """The user's nodes that the run reads or will change."""
        return [self.volumeNode, *self.changedNodes]

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        """The user's nodes that the run will change."""
        return []

    @abstractmethod
    def check(self) -> None:
        """Refuse what cannot be used before anything is started.

        Raises:
            ValueError: telling why.
        """

    def parameters(self) -> dict[str, Any]:
        """The CLI module's parameters; makes the hidden nodes that they name."""
        return {"inputVolume": self.volumeNode.GetID(), **self.settings}

    @abstractmethod
    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> Any:
        """Make of the CLI module's outputs what the user asked for.

        Raises:
            ValueError: they are not there.
        """

    def checkScan(self) -> None:
        """Refuse what is no scan.

        Raises:
            ValueError: telling why.
        """
        problem = self.describe().problem
        if problem:
            raise ValueError(problem)
        self.takeHeader()

    def describe(self) -> ScanDescription:
        """The volume as a scan, seen with the task's settings."""
        return describeScan(
            self.volumeNode, self.settings.get("axis", "auto"), self.settings.get("acquiredResolution", "")
        )

    def takeHeader(self) -> None:
        """Pass on what the scan's header tells of the in-plane resolution, which the CLI module cannot see."""
        told = self.describe().acquiredResolution
        if told and not self.settings.get("acquiredResolution"):
            self.settings["acquiredResolution"] = told


class EstimationTask(Task):
    """Estimate the slice profile of a scan into a table node: the one given, the scan's own, or a new one."""

    kind = "estimate"
    cliModuleName = "estimatesliceprofile"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        settings: Settings,
    ) -> None:
        super().__init__(volumeNode, settings)
        self.profileNode = profileNode or profileTable.profileOfScan(self.volumeNode)

    @property
    def needsTorch(self) -> bool:
        from SuperResolveLib.estimation.registry import ESTIMATORS

        return _needsTorch(ESTIMATORS, self.settings.get("method", "auto"), self.settings.get("preset"))

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        return [self.profileNode] if self.profileNode else []

    def check(self) -> None:
        self.checkScan()

    def parameters(self) -> dict[str, Any]:
        self._estimate = self.scratch.add("vtkMRMLTableNode")
        return {**super().parameters(), "profileTable": self._estimate.GetID()}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> slicer.vtkMRMLTableNode:
        self.profileNode = _finishProfile(self._estimate, self.profileNode, self.volumeNode, cliNode)
        return self.profileNode


@dataclass(frozen=True)
class Measurement:
    """The resolution of a volume along its worst axis.

    Attributes:
        fwhm, fwhmLow, fwhmHigh: FWHM of the relative profile left in mm, and its 80 % interval.
        fwhmRatio: FWHM in in-plane voxels; 1 or less is as good as in plane.
        axis: "i", "j" or "k".
        warnings: what to know before trusting it, sentences.
    """

    fwhm: float
    fwhmLow: float
    fwhmHigh: float
    fwhmRatio: float
    axis: str
    warnings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The measurement in a line."""
        return _(
            "FWHM {width} mm along {axis} (80 % interval {low} to {high} mm), {ratio} times the in-plane voxel"
        ).format(
            width=f"{self.fwhm:.2f}",
            axis=self.axis,
            low=f"{self.fwhmLow:.2f}",
            high=f"{self.fwhmHigh:.2f}",
            ratio=f"{self.fwhmRatio:.2f}",
        )


class MeasurementTask(Task):
    """Measure the resolution left in any volume."""

    kind = "measure"
    cliModuleName = "estimatesliceprofile"
    needsTorch = False

    def check(self) -> None:
        volumeFromNode(self.volumeNode)
        self.takeHeader()

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "measure": True}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> Measurement:
        measurement = Measurement(
            *(_returned(cliNode, name) for name in ("fwhm", "fwhmLow", "fwhmHigh", "fwhmRatio")),
            axis=cliNode.GetParameterAsString("measuredAxis"),
            warnings=warningsOf(cliNode),
        )
        measurements.record(self.volumeNode, measurement)
        return measurement


class SuperResolutionTask(Task):
    """Super-resolve a scan into a volume node, with the profile in a table node or one estimated on the way; map its
    uncertainty too where asked.
    """

    kind = "superResolve"
    cliModuleName = "superresolve"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        outputNode: slicer.vtkMRMLScalarVolumeNode | None,
        settings: Settings,
        uncertainty: bool = False,
    ) -> None:
        super().__init__(volumeNode, settings)
        if outputNode is not None and outputNode is volumeNode:
            raise ValueError(_("The result cannot replace the scan itself: choose another output volume."))
        self.estimates = profileNode is None
        self.profileNode = profileNode or profileTable.profileOfScan(self.volumeNode)
        self.outputNode = outputNode
        self.residualNode = resultVolumes.residualOfResult(outputNode) if outputNode else None
        self.uncertainty = uncertainty
        self.uncertaintyNode = resultVolumes.uncertaintyOfResult(outputNode) if outputNode else None
        if volumeNode in (self.residualNode, self.uncertaintyNode):
            raise ValueError(_("The scan belongs to the result that would be changed: choose another output volume."))

    @property
    def needsTorch(self) -> bool:
        from SuperResolveLib.methods.registry import METHODS

        return _needsTorch(METHODS, self.settings.get("method", "smore"), self.settings.get("preset"))

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
        if not self.estimates:
            profileTable.profileFromTable(self.profileNode)  # raises what is wrong with it

    def parameters(self) -> dict[str, Any]:
        self._result, self._residual = (self.scratch.add("vtkMRMLScalarVolumeNode") for _output in range(2))
        if self.estimates:
            self._table = self.scratch.add("vtkMRMLTableNode")
        else:
            self._table = self.scratch.textTable(profileTable.textColumns(self.profileNode))
        return {
            **super().parameters(),
            "outputVolume": self._result.GetID(),
            "residualVolume": self._residual.GetID(),
            "usedProfileTable" if self.estimates else "profileTable": self._table.GetID(),
            **self._uncertaintyParameters(),
        }

    def _uncertaintyParameters(self) -> dict[str, Any]:
        if not self.uncertainty:
            return {}
        self._uncertainty = self.scratch.add("vtkMRMLScalarVolumeNode")
        return {"uncertaintyVolume": self._uncertainty.GetID()}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> slicer.vtkMRMLScalarVolumeNode:
        if not self.scratch.isFilled:
            raise ValueError(_("The run gave no volume back; the application's log may tell why."))
        name = self.volumeNode.GetName()
        self.outputNode = self.outputNode or newNode("vtkMRMLScalarVolumeNode", _("{scan} super-resolved"), name)
        self.residualNode = self.residualNode or newNode("vtkMRMLScalarVolumeNode", _("{scan} residual"), name)
        moveVolume(self._result, self.outputNode)
        moveVolume(self._residual, self.residualNode)
        if self.estimates:
            self.profileNode = _finishProfile(self._table, self.profileNode, self.volumeNode, cliNode)
        for node in (self.outputNode, self.residualNode):
            resultVolumes.joinScan(node, self.volumeNode)
        resultVolumes.displayLike(self.outputNode, self.volumeNode)
        resultVolumes.displayResidual(self.residualNode, _returned(cliNode, "noise"))
        rmse = _returned(cliNode, "dataConsistencyRmse")
        nodes = (self.outputNode, self.profileNode, self.residualNode)
        resultVolumes.remember(*nodes, rmse, warningsOf(cliNode))
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
            resultVolumes.joinScan(self.uncertaintyNode, self.volumeNode)
            resultVolumes.displayUncertainty(self.uncertaintyNode)
        resultVolumes.rememberUncertainty(self.outputNode, self.uncertaintyNode)


def newNode(className: str, name: str, scan: str) -> slicer.vtkMRMLNode:
    """A new node named after the scan; ``name`` holds the place {scan}."""
    return slicer.mrmlScene.AddNewNodeByClass(className, slicer.mrmlScene.GenerateUniqueName(name.format(scan=scan)))


def warningsOf(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> tuple[str, ...]:
    """What a run warned of, a sentence each."""
    return tuple(text for text in cliNode.GetParameterAsString("warnings").split(" | ") if text)


def _finishProfile(
    estimate: slicer.vtkMRMLTableNode,
    tableNode: slicer.vtkMRMLTableNode | None,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    cliNode: slicer.vtkMRMLCommandLineModuleNode,
) -> slicer.vtkMRMLTableNode:
    """Bring an estimate from where the CLI module wrote it into the scan's profile table."""
    profile = profileTable.profileFromTable(estimate)
    widths = [_returned(cliNode, name) for name in ("fwhm", "fwhmLow", "fwhmHigh")]
    if not min(widths) > 0:
        raise ValueError(_("The run told no slice thickness; the application's log may tell why."))
    warnings = " | ".join(warningsOf(cliNode))
    facts = ProfileFacts("estimated", volumeNode.GetName(), *widths, warnings, _priorShare(cliNode))
    tableNode = tableNode or newNode("vtkMRMLTableNode", _("{scan} slice profile"), volumeNode.GetName())
    profileTable.setProfile(tableNode, profile, facts)
    profileTable.joinScan(tableNode, volumeNode, "estimated")
    profileChart.redraw(tableNode)
    return tableNode


def _returned(cliNode: slicer.vtkMRMLCommandLineModuleNode, name: str) -> float:
    """A number that the CLI module returned; 0 where it returned none."""
    return float(cliNode.GetParameterAsString(name))


def _priorShare(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> float | None:
    """How much of an estimate is prior; None where its method, or the module, does not tell."""
    told = cliNode.GetParameterAsString("priorShare")
    return float(told) if told and float(told) >= 0 else None


def _needsTorch(registry: Mapping[str, Any], name: str, preset: str | None) -> bool:
    return name in registry and registry[name].runs_on_torch(preset)
